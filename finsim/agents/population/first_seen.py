"""Which accounts of a table are new in it: whose first row is later than their rows let expect (own)."""

from __future__ import annotations

import numpy as np

from finsim.notation import Bool1D, Int1D

OLD_DAYS = 3_650
"""Age of an account that was there before the table begins (assumption)."""
_CHANCE = 0.01
"""A first row so late is that improbable for an account that was there all the time (assumption)."""


def is_new(first: Int1D, rows: Int1D, days: int) -> Bool1D:
    """Return which accounts were opened within a period of ``days``: bool[A].

    ``first`` int64[A] is the day of the first row, from 0; beyond the period for none. ``rows`` int64[A]. Of
    an account with n rows that come at any time, the first is behind a share s of the days with the chance
    (1 - s)^n: few rows say little, and their account is taken to be old.
    """
    left = np.clip(1.0 - first / max(days, 1), 0.0, 1.0)
    new: Bool1D = (left**rows < _CHANCE) & (first > 0) & (first < days)
    return new
