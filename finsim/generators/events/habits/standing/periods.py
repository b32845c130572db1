"""Periods of standing payments: one, two and four weeks, months to years, and the day of each that is due.

A day is a number of days since 1970-01-01. A phase says which day of a period is due: the day of the month
less 1 (the last one where a month is shorter), for quarters to years 31 more for each month; of weeks, which
count from 1970 on, the day; of months counted from the end, how many days before the last one.
"""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Float1D, Int1D

MONTH, QUARTER, WEEK, FORTNIGHT, MONTH_END, HALF, YEAR, FOUR_WEEKS = range(8)
TRIES = (MONTH, QUARTER, WEEK, FORTNIGHT, FOUR_WEEKS, HALF, YEAR)
WEEKS = (WEEK, FORTNIGHT, FOUR_WEEKS)
"""Periods that groups are tried by; months from the end are told apart later (``month_ends.py``)."""
TRIED = len(TRIES)
MONTHS_OF = {QUARTER: 3, HALF: 6, YEAR: 12}
PHASES = (31, 93, 7, 14, 31, 186, 372, 28)
LENGTHS = (365.2425 / 12, 365.2425 / 4, 7.0, 14.0, 365.2425 / 12, 365.2425 / 2, 365.2425, 28.0)
LEAST = (3, 3, 6, 5, 3, 3, 3, 5)
"""Payments that make a series at least (assumptions)."""
MOST_SHIFT = (4, 4, 1, 1, 4, 4, 4, 1)
"""Days that a payment may be before or behind the day that is due: weekends, holidays (assumptions)."""
MOST_PHASES, SHIFTS = 372, 9


def due(period: int, phase: Array, index: Array) -> Array:
    """Return the days due int64[...] of a kind of period, at phases and numbers of periods since 1970."""
    if period in WEEKS:
        return np.asarray(index * PHASES[period] + phase)
    month = MONTHS_OF[period] * index + phase // 31 if period in MONTHS_OF else index
    first, end = month_start(month), month_start(month + 1)
    if period == MONTH_END:
        return np.asarray(np.maximum(end - 1 - phase, first))
    return np.asarray(np.minimum(first + phase % 31, end - 1))


def month_start(month: Array) -> Array:
    """Return the first day int64[...] of months since January 1970."""
    return np.asarray(month).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def index_of(period: int, day: Array) -> Array:
    """Return the number of the period int64[...] that days lie in."""
    if period in WEEKS:
        return np.asarray(day // PHASES[period])
    month = np.asarray(day).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(month // MONTHS_OF.get(period, 1))


def nearest(period: int, phase: Array, day: Array) -> tuple[Array, Array]:
    """Return the period whose due day is nearest to each day, and how many days behind it the day lies."""
    middle = index_of(period, day)
    index = middle + 0 * phase
    shift = day - due(period, phase, index)
    for step in (-1, 1):
        other = day - due(period, phase, middle + step)
        nearer = np.abs(other) < np.abs(shift)
        index, shift = np.where(nearer, middle + step, index), np.where(nearer, other, shift)
    return index, shift


def periods_between(period: int, first: int, end: int) -> Int1D:
    """Return the numbers of all periods that may be due from day ``first`` to before ``end``."""
    low, high = (int(index_of(period, np.array([one]))[0]) for one in (first - 7, end + 7))
    return np.arange(low, high + 1)


def periods_of(period: int, days: Int1D) -> int:
    """Return how many periods lie between the first and the last of some days, both with them."""
    low, high = index_of(period, np.array([days.min(), days.max()]))
    return int(high - low) + 1


def window_chance(period: int, days: Int1D) -> Float1D:
    """Return float64[SHIFTS], the largest share of days that lie within so many days of one phase.

    It tells how easily payments of a ledger look regular: where all is booked on one day, all do.
    """
    low = int(days.min()) if len(days) else 0
    many = np.bincount(days - low)
    day = low + np.flatnonzero(many)
    if period in WEEKS:
        phase, size = day % PHASES[period], PHASES[period]
    else:
        phase, size = day - month_start(index_of(MONTH, day)), 31
    share = np.bincount(phase, many[day - low], size) / max(len(days), 1)
    share = share / MONTHS_OF.get(period, 1)
    found = np.ones(SHIFTS)
    for wide in range(min(SHIFTS, size // 2)):
        window = np.stack([np.roll(share, step) for step in range(-wide, wide + 1)])
        found[wide] = min(float(window.sum(axis=0).max()), 1.0)
    return found
