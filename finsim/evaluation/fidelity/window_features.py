"""Windows of bars -> features without scale, for the classifier that tells the two sides apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.columns import GAP, LOWER, RETURN, UPPER, VOLUME, Side
from finsim.notation import Array, Float2D, Float3D, Int1D

MOST_ASSETS = 4
HALF_YEAR = 126
TINY = 1e-12


@dataclass(frozen=True)
class Windows:
    """Features float64[n, F] of windows, their first row and group; windows of two groups share no row."""

    features: Float2D
    group: Int1D
    start: Int1D

    def take(self, chosen: Array) -> Windows:
        """Return some of the windows."""
        return Windows(self.features[chosen], self.group[chosen], self.start[chosen])


def windows(side: Side, length: int, stride: int) -> Windows:
    """Cut the columns into windows and describe each by about 20 ratios an asset.

    Groups are whole paths; with fewer than 8 paths they are half-years of each path (at least three
    windows long), and windows that cross the border of a half-year are left out.
    """
    starts = np.arange(0, side.steps - length + 1, stride)
    size = side.steps + 1 if side.many else max(HALF_YEAR, 3 * length)
    starts = starts[starts % size + length <= size]
    take = starts[:, None] + np.arange(length)
    count = side.count * len(starts)
    described = []
    assets = min(len(side.paths.assets), MOST_ASSETS)
    returns = []
    for asset in range(assets):
        cut = {name: side.column(name, asset)[:, take].reshape(count, length) for name in side.columns}
        returns.append(cut[RETURN])
        described.append(_describe(cut))
    described.append(_across(np.stack(returns, axis=2)))
    path = np.repeat(np.arange(side.count), len(starts))
    start = np.tile(starts, side.count)
    group = path * (side.steps // size + 1) + start // size
    return Windows(np.concatenate(described, axis=1), group, start)


def _describe(cut: dict[str, Float2D]) -> Float2D:
    r = cut[RETURN]
    size = np.abs(r)
    scale = size.mean(axis=1) + TINY
    half = r.shape[1] // 2
    found = [
        r.mean(axis=1) / scale,
        r.std(axis=1) / scale,
        r.max(axis=1) / scale,
        r.min(axis=1) / scale,
        np.median(size, axis=1) / scale,
        _lagged(r, r, 1),
        _lagged(size, size, 1),
        _lagged(size, size, 5),
        _lagged(r, size, 1),
        np.log((size[:, half:].mean(axis=1) + TINY) / (size[:, :half].mean(axis=1) + TINY)),
    ]
    for name in (GAP, UPPER, LOWER):
        if name in cut:
            width = np.abs(cut[name])
            found += [width.mean(axis=1) / scale, _lagged(width, size, 0)]
    if GAP in cut:
        found.append(_lagged(cut[GAP], r - cut[GAP], 0))
    if VOLUME in cut:
        change = cut[VOLUME]
        found += [change.std(axis=1), _lagged(change, change, 1), _lagged(change, size, 0)]
    return np.stack(found, axis=1)


def _across(returns: Float3D) -> Float2D:
    count = returns.shape[2]
    found = [
        _lagged(returns[:, :, i], returns[:, :, j], 0) for i in range(count) for j in range(i + 1, count)
    ]
    return np.stack(found, axis=1) if found else np.zeros((len(returns), 0))


def _lagged(left: Float2D, right: Float2D, lag: int) -> Array:
    a, b = left[:, : left.shape[1] - lag], right[:, lag:]
    a = a - a.mean(axis=1, keepdims=True)
    b = b - b.mean(axis=1, keepdims=True)
    return np.asarray((a * b).mean(axis=1) / (a.std(axis=1) * b.std(axis=1) + TINY))
