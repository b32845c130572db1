"""How far dates lie from those beside them: differences of dates stay in the range that was seen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from finsim.notation import Bool1D, Float1D

LEAST_ROWS = 10
"""Rows with both dates from which a range of days between them is kept (assumption)."""
Range = tuple[str, float, float]
"""A date by its column, the fewest and the most days after it; "" for 1970."""


def ranges_to(mine: Float1D, source: str, placed: Mapping[str, Float1D]) -> tuple[Range, ...]:
    """Return the ranges of the days of a date after its source, after 1970, and after others of many rows."""
    rest = {name: one for name, one in placed.items() if name != source}
    found = []
    for name, other in {source: placed[source], "": np.zeros(len(mine)), **rest}.items():
        between = (mine - other)[np.isfinite(mine) & np.isfinite(other)]
        if len(between) >= (LEAST_ROWS if name in rest else 1):
            found.append((name, float(between.min()), float(between.max())))
    return tuple(found)


def shuffled_out(mine: Float1D, other: Float1D) -> float:
    """Return the share of pairs of dates of all rows that are out of the range of days between."""
    between, known = mine - other, np.sort(other)
    first = np.searchsorted(known, mine - between.max(), side="left")
    last = np.searchsorted(known, mine - between.min(), side="right")
    return float(1.0 - (last - first).mean() / len(known))


def spans(ranges: tuple[Range, ...], days: Mapping[str, Float1D], rows: int) -> tuple[Float1D, Float1D]:
    """Return the first and last day that all ranges leave, float64[rows] each.

    A range that leaves none beside those before it does not count; nor one to a date that is missing.
    """
    low, high = np.full(rows, -np.inf), np.full(rows, np.inf)
    for name, least, most in ranges:
        other = days[name] if name else np.zeros(rows)
        first, last = np.fmax(low, other + least), np.fmin(high, other + most)
        fits = first <= last
        low, high = np.where(fits, first, low), np.where(fits, last, high)
    return low, high


def within(days: Float1D, low: Float1D, high: Float1D) -> Float1D:
    """Return days beyond a span inside it, as far on as they were beyond it, so that no edge is met often."""
    rows = np.flatnonzero(is_beyond(days, low, high))
    first, found = low[rows], days.copy()
    found[rows] = first + np.mod(days[rows] - first, high[rows] - first + 1.0)
    return found


def is_beyond(days: Float1D, low: Float1D, high: Float1D) -> Bool1D:
    """Return which days are outside of their span; False where missing."""
    return np.asarray((days < low) | (days > high))
