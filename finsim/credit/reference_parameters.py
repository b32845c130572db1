"""Reference values per loan class: PD, LGD, asset correlation, macro betas; purposes, classes and sectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from finsim.notation import Float1D
from finsim.records.fixed_words import GRADES as GRADES


@dataclass(frozen=True)
class LoanClass:
    """A loan class of the reference book.

    ``pd`` is 12-month and through the cycle, ``lgd`` a share of the balance, ``rho`` the asset
    correlation of the supervisory loss-rate calculation, ``betas`` the default macro link (z per unit
    of the macro move). ``secured`` classes take their LGD from a price index instead of Frye-Jacobs.
    """

    pd: float
    lgd: float
    rho: float
    secured: bool = False
    betas: Mapping[str, float] = field(default_factory=dict)


# assumption: lgd and rho of each class are round values in the range of supervisory practice (rho of
# cards and mortgage: Basel CRE31 qualifying revolving .04 and residential mortgage .15). Given these and
# the betas, pd is solved so that the nine-quarter loss rate under the 2026 severely adverse path equals
# the published one: .171 .015 .032 .088 .090 .073 (Federal Reserve, DFAST 2026 results). Secured classes take
# jobs and the price of the property in equal parts at the extremes of that path.
CLASSES: Mapping[str, LoanClass] = {
    "cards": LoanClass(
        0.0400, 0.85, 0.04, False, {"unemployment": -0.4605, "income_support": 0.4605, "payment_shock": -0.48}
    ),
    "mortgage": LoanClass(
        0.0068, 0.20, 0.15, True, {"unemployment": -0.1571, "income_support": 0.1571, "house_prices": 0.0291}
    ),
    "heloc": LoanClass(
        0.0132, 0.50, 0.15, False, {"unemployment": -0.1384, "income_support": 0.1384, "house_prices": 0.0256}
    ),
    "cre": LoanClass(
        0.0111, 0.35, 0.15, True, {"unemployment": -0.2889, "income_support": 0.2889, "cre_prices": 0.0410}
    ),
    "corporate": LoanClass(
        0.0156, 0.40, 0.15, False, {"unemployment": -0.2023, "income_support": 0.2023, "bbb_spread": -0.3551}
    ),
    "consumer": LoanClass(
        0.0233, 0.60, 0.08, False, {"unemployment": -0.3353, "income_support": 0.3353, "payment_shock": -0.35}
    ),
    # assumption: car loans default like other consumer loans and recover more; the supervisory
    # results count them as other consumer, so they have no published rate of their own.
    "auto": LoanClass(0.0233, 0.45, 0.08, False, {}),
}

# A class without betas of its own in a scenario uses those of the class it is reported with.
LINKED_LIKE: Mapping[str, str] = {"auto": "consumer"}

# assumption: purpose decides class and sector (Statlog purposes; other words go to the last line).
PURPOSES: Mapping[str, tuple[str, str]] = {
    "car (new)": ("auto", "auto"),
    "car (used)": ("auto", "auto"),
    "radio/television": ("consumer", "durables"),
    "furniture/equipment": ("consumer", "durables"),
    "domestic appliances": ("consumer", "durables"),
    "business": ("corporate", "business"),
    "education": ("consumer", "education"),
    "retraining": ("consumer", "education"),
    "repairs": ("consumer", "household"),
    "others": ("consumer", "household"),
}
UNKNOWN_PURPOSE = ("consumer", "household")

# assumption: upper PD bounds of grades A to F.
GRADE_BOUNDS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16)


def asset_correlation(loan_class: str, pd: Float1D) -> Float1D:
    """Return the Basel asset correlation of loans of one class: float64 of the shape of ``pd``.

    Source: Basel framework CRE31.5 (corporate: .12 to .24, decay 50), CRE31.14 to 31.17 (mortgage .15,
    qualifying revolving .04, other retail: .03 to .16, decay 35). Commercial property and home-equity
    lines follow the corporate and the mortgage formula.
    """
    fixed = {"mortgage": 0.15, "heloc": 0.15, "cards": 0.04}
    if loan_class in fixed:
        return np.full_like(pd, fixed[loan_class])
    low, high, decay = (0.12, 0.24, 50.0) if loan_class in ("corporate", "cre") else (0.03, 0.16, 35.0)
    weight: Float1D = np.expm1(-decay * pd) / np.expm1(-decay)
    return low * weight + high * (1.0 - weight)
