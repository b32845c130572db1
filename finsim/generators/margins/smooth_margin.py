"""What of a column of numbers is law and what is chance: smooth quantiles, values that stand out."""

from __future__ import annotations

import numpy as np

from finsim.notation import Bool1D, Float1D, Int1D

FEW_VALUES = 16
"""Up to 16 different values are classes, not numbers (assumption)."""
BESIDE, SURE = 3, 4.0
"""A value stands out if met 4 standard errors more often than 3 values on either side (assumption)."""
DRAWN = 200.0
"""Rows that the rounding of the whole column counts in each part of it (assumption)."""
MOST_POINTS = 4_096


def smooth_quantiles(ordered: Float1D, count: int) -> Float1D:
    """Return quantiles of ordered cells at ``count`` equal steps of probability, each a mean of cells near it.

    Cells are weighted as far as the rank of the quantile is unsure; the ends are the lowest and highest cell.
    Source: Harrell & Davis 1982, with normal weights.
    """
    size = len(ordered)
    points = np.quantile(ordered, np.linspace(0.0, 1.0, min(size, MOST_POINTS)))
    place = np.linspace(0.0, 1.0, len(points))
    share = np.linspace(0.0, 1.0, count)
    found = np.empty(count)
    for index, at in enumerate(share):
        wide = np.sqrt(at * (1.0 - at) / (size + 1.0))
        if wide <= 0.0:
            found[index] = points[0] if at <= 0.5 else points[-1]
            continue
        low, high = np.searchsorted(place, [at - 4.0 * wide, at + 4.0 * wide])
        near = slice(min(low, len(points) - 1), max(high, low + 1))
        weight = np.exp(-0.5 * ((place[near] - at) / wide) ** 2)
        found[index] = np.average(points[near], weights=weight) if weight.sum() > 0.0 else points[near][0]
    return np.maximum.accumulate(found)


def stands_out(values: Float1D, counts: Int1D, step: float) -> Bool1D:
    """Return which of ordered different values are met more often than those beside them, bool[K].

    All are where there are few of them, or no grid.
    """
    if len(values) <= FEW_VALUES:
        return np.ones(len(values), np.bool_)
    if step <= 0.0:
        return np.ones(len(values), np.bool_)
    total = np.concatenate([[0], np.cumsum(counts)])
    low = np.searchsorted(values, values - (BESIDE + 0.5) * step)
    high = np.searchsorted(values, values + (BESIDE + 0.5) * step)
    first = np.maximum(np.round((values - values[0]) / step), 0.0)
    last = np.maximum(np.round((values[-1] - values) / step), 0.0)
    places = np.minimum(first, BESIDE) + np.minimum(last, BESIDE)
    beside = (total[high] - total[low] - counts) / np.maximum(places, 1.0)
    return np.asarray(counts > beside + SURE * np.sqrt(beside + 1.0))
