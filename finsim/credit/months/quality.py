"""The credit quality of each borrower: how it drifts after the jump-off day, beside the common factors."""

from __future__ import annotations

import numpy as np

from finsim.credit.conditional import MONTHS_PER_YEAR
from finsim.credit.months.uniforms import Draws
from finsim.credit.settings import Settings
from finsim.notation import Array, Float2D

MEMORY = 0.84
"""Share of a borrower's quality that is left a year later; source: as ``Settings.quality_drift``."""


def quality_paths(draws: Draws, months: int, settings: Settings) -> Float2D:
    """Return the quality y of each borrower at month ends after the jump-off: float64 [T, n], 0 on that day.

    An AR(1) in months that starts at 0, because the PD of the book is what is known then; its variance after
    t months is ``quality_variance``. Loans of one obligor share it. Nothing is drawn without a drift.
    """
    if settings.quality_drift == 0.0:
        return np.zeros((months, len(draws.row)))
    keep = MEMORY ** (1.0 / MONTHS_PER_YEAR)
    paths = np.sqrt(1.0 - keep * keep) * draws.normals_of_obligors("quality", months)
    for month in range(1, months):
        paths[month] += keep * paths[month - 1]
    found: Float2D = paths
    return found


def quality_variance(month: Array) -> Array:
    """Return the variance of y, ``month`` months after the jump-off."""
    found: Array = -np.expm1(2.0 * np.log(MEMORY) * month / MONTHS_PER_YEAR)
    return found


def moved_by_quality(point: Float2D, quality: Float2D, settings: Settings) -> Float2D:
    """Return the default points [T, n] of borrowers of a quality in months 1, 2, ..., from those of all.

    Phi^-1 of the PD becomes (a - sqrt(w) y) / sqrt(1 - w v), v the variance of y: the mean PD over borrowers
    is Phi(a) to the digit, so default rates of a book keep their law. Source: Vasicek 2002, with a part of
    a borrower's own risk known.
    """
    drift = settings.quality_drift
    spread = np.sqrt(1.0 - drift * quality_variance(np.arange(1, len(point) + 1)))[:, None]
    found: Float2D = (point - np.sqrt(drift) * quality) / spread
    return found
