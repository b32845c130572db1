"""What a bank expects of a loan in the years to come, from what it knows at a month end."""

from __future__ import annotations

import numpy as np

from finsim.credit.conditional import MONTHS_PER_YEAR
from finsim.credit.factors import left_of_month, left_of_year
from finsim.credit.months.monthly_risk import MonthlyRisk
from finsim.credit.months.quality import MEMORY, quality_variance
from finsim.credit.settings import Settings
from finsim.extras import Later
from finsim.notation import Float2D

special = Later("scipy.special", "credit")

_MONTHS = np.arange(1, MONTHS_PER_YEAR + 1)


def known_point(risk: MonthlyRisk, year: int, settings: Settings, *, cycle: bool = True) -> Float2D:
    """Return Phi^-1 of the PD of the year that begins ``year`` years after each month end: float64 [T, n].

    Known are the factor eta of the last twelve months, the scenario's z of the month and the borrower's
    quality y. What is left of them in year k follows the law of the factor itself: c z, c the mean of
    ``left_of_month`` over the months of that year, b eta, b ``left_of_year`` of k + 1, and q^(k+1/2) y, q the
    memory of quality. So the point is
    (Phi^-1(PD) - sqrt(rho) (c z + b eta) - sqrt(w (1 - rho)) q^(k+1/2) y) / s, s^2 = 1 less the variance of
    what is known of eta and y. Without ``cycle`` y alone is known: through the cycle.
    Source: own, from the conditional law of an AR(1) factor.
    """
    known, own = risk.known, settings.quality_drift * (1.0 - risk.rho)
    kept = MEMORY ** (year + 0.5)
    moved = np.sqrt(own) * kept * known.quality
    seen = kept * kept * own * quality_variance(np.arange(1, len(risk.z) + 1))[:, None]
    if cycle:
        now = left_of_month(MONTHS_PER_YEAR * year + _MONTHS, settings).mean()
        later = left_of_year(np.array(year + 1), settings)
        moved = moved + np.sqrt(risk.rho) * (now * known.scenario + later * known.factor)
        seen = seen + risk.rho * (later * later * known.variance)[:, None]
    found: Float2D = (special.ndtri(risk.pd) - moved) / np.sqrt(1.0 - seen)
    return found
