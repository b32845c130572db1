"""Times in other columns of a row, such as its booking day: how long behind the payment they are."""

from __future__ import annotations

import numpy as np

from finsim.notation import Int1D
from finsim.records.mixed_table import MISSING_TIME, MixedColumn


def waits(column: MixedColumn, times: Int1D) -> Int1D:
    """Return nanoseconds int64[n] from the payment, its time cut to the step of the column, to its cells.

    A column of days counts from the day of the payment: booked on the next day is one day, at any hour.
    0 where a cell is missing.
    """
    return np.where(column.missing(), 0, column.values - cut(times, column.step))


def is_wait(column: MixedColumn, times: Int1D) -> bool:
    """Tell whether the waits behind payments are no more spread than the cells themselves, in nats.

    A day that all rows have is one both ways where all are paid on one day: new ones are booked on theirs.
    """
    there = ~column.missing()
    behind, cells = waits(column, times)[there], column.values[there]
    return bool(there.any()) and spread(behind) <= spread(cells) + 1e-9


def spread(values: Int1D) -> float:
    """Return the entropy of values in nats."""
    counts = np.unique(values, return_counts=True)[1]
    shares = counts / max(counts.sum(), 1)
    return -float((shares * np.log(shares)).sum())


def times_after(times: Int1D, wait: Int1D, step: float) -> Int1D:
    """Return cells int64[n] so long after payments, on the step of the column; a missing wait has no cell."""
    grid = max(int(step), 1)
    there = wait != MISSING_TIME
    found = cut(times, step) + np.round(np.where(there, wait, 0) / grid).astype(np.int64) * grid
    return np.where(there, found, MISSING_TIME)


def cut(times: Int1D, step: float) -> Int1D:
    """Return times int64[n] cut to a step of nanoseconds; as they are where there is none."""
    return times // int(step) * int(step) if step >= 1 else times
