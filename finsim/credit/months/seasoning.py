"""The age of a loan as a multiplier of its hazard, with mean 1 over its term."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from finsim.credit.settings import Settings
from finsim.notation import Float1D, Float2D

# Charge-offs over loans at risk by year on book, 2,101 small-business loans in California 1987-2014: knots
# at the middle of each year. Source: U.S. Small Business Administration, as published with Li, Mickel and
# Taylor (2018), "Should this loan be approved or denied?", Journal of Statistics Education 26(1).
CURVES: Mapping[str, tuple[tuple[float, float], ...]] = {
    "none": ((6.0, 1.0),),
    "small_business": (
        (6.0, 0.005), (18.0, 0.057), (30.0, 0.109), (42.0, 0.075), (54.0, 0.066), (66.0, 0.042),
        (78.0, 0.024), (90.0, 0.028),
    ),
}  # fmt: skip


def curve(name: str, months: int) -> Float1D:
    """Return the raw curve at months on book 1, 2, ...: float64 [months], straight between its knots."""
    knots = np.array(CURVES[name])
    found: Float1D = np.interp(np.arange(1, months + 1) - 0.5, knots[:, 0], knots[:, 1])
    return found


def multipliers(book: pa.Table, months: int, settings: Settings) -> Float2D:
    """Return the multiplier of each month and loan: float64 [months, n], 1 throughout without a curve.

    The mean over the term of a loan is 1, so that its PD stays what it says, over its whole life.
    """
    if settings.seasoning == "none":
        return np.ones((months, book.num_rows))
    age = book["months_on_book"].to_numpy().astype(np.int64)
    term = np.maximum(book["term_months"].to_numpy().astype(np.int64), 1)
    longest = int(max((age + months).max(initial=1), term.max(initial=1)))
    raw = curve(settings.seasoning, longest)
    total = np.cumsum(raw)
    mean = total[term - 1] / term
    at = age + np.arange(months)[:, None]
    found: Float2D = raw[np.minimum(at, longest - 1)] / mean
    return found


def of_first_year(pd: Float1D, book: pa.Table, settings: Settings) -> Float1D:
    """Return the PD of the next twelve months of each loan at its age: float64 [n], or just ``pd``."""
    if settings.seasoning == "none":
        return pd
    mean = multipliers(book, 12, settings).mean(axis=0)
    found: Float1D = -np.expm1(np.log1p(-pd) * mean)
    return np.maximum(found, 1e-12)


def estimated(months_on_book: Float1D, defaulted: Float1D, years: int) -> tuple[tuple[float, float], ...]:
    """Return the knots of a curve from a tape: age at the end of each loan in months, and who defaulted.

    Hazard of a year = defaults in it over loans at risk at its start (life table). Years without a loan at
    risk are left out. Source: actuarial estimator, Cutler and Ederer 1958, without withdrawals.
    """
    knots = []
    for year in range(years):
        at_risk = float((months_on_book > 12.0 * year).sum())
        hit = (months_on_book > 12.0 * year) & (months_on_book <= 12.0 * (year + 1)) & (defaulted > 0.0)
        if at_risk > 0.0:
            knots.append((12.0 * year + 6.0, float(hit.sum()) / at_risk))
    return tuple(knots)
