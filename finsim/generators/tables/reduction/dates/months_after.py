"""Dates a whole number of months after others, and how many."""

from __future__ import annotations

import numpy as np

from finsim.notation import DAY, Bool1D, Float1D

LEAST_WHOLE, LEAST_ROWS = 0.99, 20
"""Days between are whole months in 99 % of 20 rows at least; by chance in one of thirty (assumptions)."""
LEAST_MET, MOST_TERMS, LEAST_TOLD = 5, 60, 0.95
"""A number of months is a term where it is met 5 times, as words are; terms are few, and tell 95 % of the
rows (assumptions)."""


def months_after(days: Float1D, months: Float1D, ends: bool = False) -> Float1D:
    """Return the days since 1970 that lie so many months after others; NaN where one of both is missing.

    ``ends`` : from the last day of a month on it is the last day of a month, February 29 after 28 too.
    """
    there = np.isfinite(days) & np.isfinite(months)
    found = np.full(len(days), np.nan)
    start = days[there].astype(np.int64).astype("datetime64[D]")
    month = start.astype("datetime64[M]")
    into = (start - month.astype("datetime64[D]")).astype(np.int64)
    later = month + np.rint(months[there]).astype(np.int64)
    length = ((later + 1).astype("datetime64[D]") - later.astype("datetime64[D]")).astype(np.int64)
    found[there] = later.astype("datetime64[D]").astype(np.int64) + np.minimum(into, length - 1)
    if ends:
        last = is_month_end(days) & there
        found[last] = (later + 1).astype("datetime64[D]").astype(np.float64)[last[there]] - 1
    return found


def is_month_end(days: Float1D) -> Bool1D:
    """Return which days since 1970 are the last of their month; False where missing."""
    there = ~np.isnan(days)
    found = np.zeros(len(days), np.bool_)
    some = days[there].astype(np.int64).astype("datetime64[D]")
    found[there] = (some + DAY).astype("datetime64[M]") != some.astype("datetime64[M]")
    return found


def keep_ends(start: Float1D, end: Float1D) -> bool:
    """Tell whether dates whole months after others are ends of months after ends, more often than not."""
    months = months_between(start, end)
    there = np.isfinite(months)
    kept, plain = (
        (months_after(start[there], months[there], ends) == end[there]).sum() for ends in (True, False)
    )
    return bool(kept > plain or (kept == plain and is_month_end(start[there]).all()))


def months_between(start: Float1D, end: Float1D) -> Float1D:
    """Return how many calendar months the days ``end`` lie after ``start``, whatever day of the month."""
    there = np.isfinite(start) & np.isfinite(end)
    found = np.full(len(start), np.nan)
    last, first = (
        one[there].astype(np.int64).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        for one in (end, start)
    )
    found[there] = last - first
    return found


def are_whole(start: Float1D, end: Float1D) -> bool:
    """Tell whether days ``end`` are whole numbers of months after ``start`` where both are there."""
    months = months_between(start, end)
    there = np.isfinite(months)
    if there.sum() < LEAST_ROWS:
        return False
    return any(
        (months_after(start[there], months[there], ends) == end[there]).mean() >= LEAST_WHOLE
        for ends in (False, True)
    )


def terms_of(months: Float1D) -> tuple[int, ...]:
    """Return the few numbers of months that are met again and again, () where they are many."""
    found, counts = np.unique(months[np.isfinite(months)], return_counts=True)
    often = counts >= LEAST_MET
    told = counts[often].sum() >= LEAST_TOLD * counts.sum()
    return tuple(int(one) for one in found[often]) if told and 0 < often.sum() <= MOST_TERMS else ()


def nearest_terms(months: Float1D, terms: tuple[int, ...]) -> Float1D:
    """Return the nearest of ``terms`` for each number of months, the nearest whole one without terms."""
    if not terms:
        return np.asarray(np.rint(months))
    known = np.array(terms, dtype=np.float64)
    return np.asarray(np.where(np.isnan(months), np.nan,
                               known[np.searchsorted((known[1:] + known[:-1]) / 2, months)]))  # fmt: skip


def day_of_month(days: Float1D) -> Float1D:
    """Return the day of the month of days since 1970; NaN where missing."""
    first = month_of(days)
    there = np.isfinite(first)
    begin = np.where(there, first, 0).astype("datetime64[M]").astype("datetime64[D]").astype(np.float64)
    return np.asarray(np.where(there, np.floor(days) - begin + 1, np.nan))


def month_of(days: Float1D) -> Float1D:
    """Return the month, since 1970, of days since 1970; NaN where missing."""
    return months_between(np.zeros(len(days)), days)
