"""The few factors that take one number of a row to another: tips, percentages, equal numbers."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float1D

MOST, MOST_TRIED = 12, 40
LEAST, LEAST_SHARE = 10, 0.002
"""Rows, and share of those looked at, that have a factor (assumptions)."""
_EXACT, _COARSE = 2e-4, 2e-3
"""By how much the last digit moves a ratio in rows from which factors are read, with 4 and 3 decimals."""
_ENOUGH = 50
LEAST_DIFFERENT, MOST_OF_ONE = 5, 0.5
"""Numbers that a factor takes to others, and the share of one of them: any is a multiple of one number."""


def factors_of(target: Float1D, source: Float1D, decimals: int) -> tuple[float, ...]:
    """Return factors float, the most frequent first, that take numbers to others up to rounding; () for none.

    target, source float64[n], rounded to ``decimals``. Ratios are read from rows whose last digit hardly
    moves them, and counted to four decimals; a factor is kept for rows that no more frequent one explains.
    """
    last = 10.0**-decimals
    there = ~np.isnan(target) & ~np.isnan(source) & (target != 0) & (source != 0)
    rows, places = np.flatnonzero(there), 4
    moves = 0.5 * last / np.abs(source[rows])
    if (moves <= _EXACT).sum() >= _ENOUGH:
        rows = rows[moves <= _EXACT]
    else:
        rows, places = rows[moves <= _COARSE], 3
    if len(rows) < _ENOUGH:
        return ()
    ratio = np.round(target[rows] / source[rows], places) + 0.0
    values, counts = np.unique(ratio, return_counts=True)
    least = max(LEAST, LEAST_SHARE * len(rows))
    tried = [float(values[k]) for k in np.argsort(-counts, kind="stable")[:MOST_TRIED] if counts[k] >= least]
    found: list[float] = []
    left = rows
    for factor in tried:
        if factor == 0:
            continue
        room = last * (0.51 if factor == 1.0 else 1.01)
        fits = np.abs(np.round(source[left] * factor, decimals) - target[left]) <= room
        if fits.sum() >= least and len(found) < MOST and _are_many(source[left[fits]]):
            found.append(factor)
            left = left[~fits]
    return tuple(found)


def _are_many(values: Float1D) -> bool:
    """Tell whether there are several numbers, and none of them is most of all."""
    counts = np.unique(np.abs(values), return_counts=True)[1]
    return len(counts) >= LEAST_DIFFERENT and int(counts.max()) <= MOST_OF_ONE * len(values)
