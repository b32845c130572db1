"""Few dates that a later one seems to tell: loans of some quarters, and what happens days after."""

from __future__ import annotations

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.generators.tables.reduction.dates.find_gaps import comes_after
from finsim.generators.tables.reduction.followers import Follower
from finsim.records.mixed_table import TIME, MixedTable

LEAST_SPREAD, LEAST_FILLED = 2.0, 0.25
"""Later dates are twice as many as the few, and a quarter of the days they could be (assumptions): days like
any, no calendar of their own."""
MOST_OF_STEP = 0.9
"""The days between vary by 90 % of the days from one of the few dates to the next (assumption): else the few
are parts of the calendar, such as quarters of dates."""


def is_told_by_days(table: MixedTable, one: Follower) -> bool:
    """Tell whether a date that follows a later one is better learned first, and the later by days after it.

    As a function of the later one, drawn on any day, it would lie out of the range of days between; where
    this is narrower than the steps of the few, it tells the function too.
    """
    few, late = (
        as_numbers(table[name]) if table[name].kind == TIME else None for name in (one.target, one.source)
    )
    if few is None or late is None or not comes_after(late, few):
        return False
    there = np.isfinite(late)
    between = (late - few)[there]
    low, high = between.min(), between.max()
    starts, ends = np.unique(few[there]), np.unique(late[there])
    could = min(len(between), len(starts) * (high - low + 1))
    if low < 0 or len(ends) < max(LEAST_SPREAD * len(starts), LEAST_FILLED * could):
        return False
    return bool(len(starts) > 1 and high - low + 1 <= MOST_OF_STEP * np.median(np.diff(starts)))
