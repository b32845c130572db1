"""Risk-weighted assets of loans by the internal-ratings formula of Basel."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.credit.conditional import MONTHS_PER_YEAR
from finsim.credit.text_codes import coded
from finsim.extras import Later
from finsim.notation import Array, Float1D

special = Later("scipy.special", "credit")

LEVEL = 0.999
WHOLESALE = ("corporate", "cre")
"""Classes whose capital grows with maturity; the others are retail."""
SHORTEST, LONGEST = 1.0, 5.0
_MULTIPLE = 12.5


def capital(pd: Array, lgd: Array, rho: Array, maturity: Array | None = None) -> Float1D:
    """Return the capital requirement K, a share of the exposure, of the broadcast shape of all.

    LGD Phi((Phi^-1(PD) + sqrt(rho) Phi^-1(.999)) / sqrt(1 - rho)) - PD LGD; with ``maturity`` M, in years,
    times (1 + (M - 2.5) b) / (1 - 1.5 b), b = (.11852 - .05478 ln PD)^2. Source: Basel framework CRE31.4 to
    31.6 (wholesale), CRE31.13 to 31.17 (retail, without maturity).
    """
    point = (special.ndtri(pd) + np.sqrt(rho) * special.ndtri(LEVEL)) / np.sqrt(1.0 - rho)
    found: Float1D = lgd * special.ndtr(point) - pd * lgd
    if maturity is None:
        return found
    b = (0.11852 - 0.05478 * np.log(pd)) ** 2
    return found * (1.0 + (maturity - 2.5) * b) / (1.0 - 1.5 * b)


def risk_weighted_assets(loans: pa.Table) -> Float1D:
    """Return 12.5 x K x balance of each performing loan: float64 [N], minor units.

    PD and LGD are the loan's own, through the cycle; ``balance`` and ``months_on_book`` those of the day. M
    of a level instalment is half its months to come and one, from 1 to 5 years (CRE32.46). A loan in default
    has lost what it loses and carries nothing more (CRE31.3).
    """
    kind, classes = coded(loans, "loan_class")
    left = loans["term_months"].to_numpy().astype(np.int64) - loans["months_on_book"].to_numpy()
    maturity = np.clip((left + 1) / 2.0 / MONTHS_PER_YEAR, SHORTEST, LONGEST)
    pd_, lgd, rho = (loans[name].to_numpy() for name in ("pd", "lgd", "rho"))
    wholesale = np.array([name in WHOLESALE for name in classes])[kind]
    share = np.where(wholesale, capital(pd_, lgd, rho, maturity), capital(pd_, lgd, rho))
    found: Float1D = _MULTIPLE * share * loans["balance"].to_numpy()
    return found
