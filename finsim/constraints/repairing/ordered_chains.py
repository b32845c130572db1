"""Chains ``x1 <= x2 <= .. <= xn`` with gaps: the nearest ascending values in closed form.

Weighted L1 isotonic regression by its min-max formula, with weighted medians (Robertson and Wright 1980,
Algorithms in order restricted statistical inference, section 2). Where a median is an interval, the value
next to that of the first column is taken, so that first columns move least.
"""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Float1D, Float2D, Float3D, Int1D

_EVEN = 1e-12


def chain_of(a: Float3D) -> Int1D | None:
    """Return the columns from the lowest to the highest when the half-spaces of all rows are one chain.

    ``a`` [k, p, q]: each half-space must be ``c * (low - high) <= ..``, with the same pair in all rows.
    """
    p, q = a.shape[1:]
    signs = np.sign(a[0])
    if p != q - 1 or not (np.sign(a) == signs).all():
        return None
    if not ((signs > 0).sum(axis=1) == 1).all() or not ((signs < 0).sum(axis=1) == 1).all():
        return None
    if np.any(a.sum(axis=2)):
        return None
    low, high = signs.argmax(axis=1), signs.argmin(axis=1)
    after = dict(zip(low.tolist(), high.tolist(), strict=True))
    starts = set(range(q)) - set(high.tolist())
    if len(after) != p or len(starts) != 1:
        return None
    path = [starts.pop()]
    while path[-1] in after and len(path) <= q:
        path.append(after[path[-1]])
    return np.array(path) if len(path) == q else None


def ascending(a: Float3D, slack: Float2D, weights: Float1D, path: Int1D) -> Float2D:
    """Return the least moves of columns that form the chain ``path``, [k, q]."""
    q = a.shape[2]
    rank = np.argsort(np.argmax(np.sign(a[0])[:, path], axis=1))
    gaps = slack[:, rank] / a.max(axis=2)[:, rank]
    targets = np.concatenate((np.zeros((len(a), 1)), np.cumsum(gaps, axis=1)), axis=1)
    best = np.full((len(a), q), -np.inf)
    for start in range(q):
        lowest = np.full(len(a), np.inf)
        reached = np.empty((len(a), q))
        for end in range(q - 1, start - 1, -1):
            lowest = np.minimum(lowest, _median(targets, weights[path], path, start, end))
            reached[:, end] = lowest
        best[:, start:] = np.maximum(best[:, start:], reached[:, start:])
    moves = np.empty_like(best)
    moves[:, path] = best - targets
    return moves


def _median(targets: Float2D, weights: Float1D, path: Int1D, start: int, end: int) -> Array:
    """Return the weighted median of columns start to end, next to the value of the first-listed column."""
    part = targets[:, start : end + 1]
    order = np.argsort(part, axis=1, kind="stable")
    values = np.take_along_axis(part, order, axis=1)
    total = np.cumsum(weights[start : end + 1][order], axis=1)
    half = total[:, -1:] / 2
    low = np.argmax(total >= half * (1 - _EVEN), axis=1)[:, None]
    high = np.argmax(total > half * (1 + _EVEN), axis=1)[:, None]
    first = part[:, int(np.argmin(path[start : end + 1]))]
    found: Array = np.clip(
        first, np.take_along_axis(values, low, 1)[:, 0], np.take_along_axis(values, high, 1)[:, 0]
    )
    return found
