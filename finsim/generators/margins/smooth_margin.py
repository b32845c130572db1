"""What of a column of numbers is law and what is chance: smooth quantiles, values that stand out."""

from __future__ import annotations

import numpy as np

from finsim.notation import Bool1D, Float1D, Int1D

FEW_VALUES = 16
"""Up to 16 different values are classes, not numbers (assumption)."""
BESIDE, SURE = 3, 4.0
"""A value stands out if met 4 standard errors more often than 3 values on either side (assumption)."""
DENSE, UNEVEN = 4.0, 2.0
"""A grid is dense with a value for each 4 places, and uneven where counts vary by twice their chance."""
LUMP, RARE = 5, 1.5
"""Without a dense grid values met fewer than 5 times are smooth if such are met 1.5 times at most."""
DRAWN = 200.0
"""Rows that the rounding of the whole column counts in each part of it (assumption)."""
MOST_POINTS = 4_096
SURE_COUNT = 60
"""A value met 60 times has a share that is known well enough to keep (assumption)."""


def spread_ties(ordered: Float1D, step: float) -> Float1D:
    """Return ordered cells of a grid with equal ones spread evenly over their place of the grid.

    Quantiles of the tied cells would give the lowest and highest value half their share.
    """
    if step <= 0.0:
        return ordered
    _, first, counts = np.unique(ordered, return_index=True, return_counts=True)
    place = np.arange(len(ordered)) - np.repeat(first, counts)
    return np.asarray(ordered + step * ((place + 0.5) / np.repeat(counts, counts) - 0.5))


def smooth_quantiles(ordered: Float1D, count: int) -> Float1D:
    """Return quantiles of ordered cells at ``count`` equal steps of probability, means of cells near them.

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


def smooth_part(values: Float1D, counts: Int1D, step: float) -> Bool1D:
    """Return which of ordered different values may belong to a smooth law, bool[K].

    None where there are few of them, or where they are met unevenly (percentages of small numbers, say);
    else those that do not stand out from the values beside them on the grid ``step``.
    """
    none, every = np.zeros(len(values), np.bool_), np.ones(len(values), np.bool_)
    if len(values) <= FEW_VALUES:
        return none
    if step <= 0.0 or (values[-1] - values[0]) / step > DENSE * len(values):
        rare = counts < LUMP
        return rare if counts[rare].sum() < RARE * rare.sum() else none
    place = np.round((values - values[0]) / step).astype(np.int64)
    grid = np.bincount(place, weights=counts, minlength=int(place[-1]) + 1)
    window = np.ones(2 * BESIDE + 1)
    window[BESIDE] = 0.0
    near = np.convolve(np.ones(len(grid)), window, mode="same")
    beside = np.convolve(grid, window, mode="same") / near
    stands = grid > beside + SURE * np.sqrt(beside + 1.0)
    calm = np.where(stands, np.nan, grid)
    mean = np.convolve(np.nan_to_num(calm), window, mode="same")
    mean = mean / np.maximum(np.convolve(~stands, window, mode="same"), 1.0)
    spread = np.nansum((calm - mean) ** 2) / max(float((mean * (1.0 + 1.0 / near))[~stands].sum()), 1e-300)
    return every & ~stands[place] if spread < UNEVEN else none
