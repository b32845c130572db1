"""Openings that no trade can have been near: far from the close before, and given back whole by the next."""

from __future__ import annotations

import numpy as np

from finsim.generators.channel_layout import Layout
from finsim.notation import Array, Bool1D, Bool2D, Float1D, Float3D

# assumption: neighbours are the days of about three months. A gap is beyond belief from twelve of their mean
# absolute returns on, as a move without a known opening is that is taken for a split (markets.reading), and
# where no more than a quarter of it is left at the close.
_REACH, _BEYOND, _LEFT = 33, 12.0, 0.25


def lost_openings(gaps: Float1D, moves: Float1D) -> Bool1D:
    """Return which days of one series open where nothing else of the day, or of days around it, is.

    gaps, moves : float64[n], log returns from the close before to the open, and from there to the close. On
    such a day both are larger than ``_BEYOND`` mean absolute returns of the days around it, and they cancel.
    Source: own; outliers told by their neighbours as in Brownlees & Gallo 2006.
    """
    sizes = np.abs(gaps + moves)
    total = np.concatenate([[0.0], np.cumsum(sizes)])
    day = np.arange(len(sizes))
    first, last = np.maximum(day - _REACH, 0), np.minimum(day + _REACH + 1, len(sizes))
    usual = (total[last] - total[first] - sizes) / np.maximum(last - first - 1, 1)
    far = np.minimum(np.abs(gaps), np.abs(moves)) > _BEYOND * usual
    found: Bool1D = far & (usual > 0.0) & (gaps * moves < 0.0) & (sizes <= _LEFT * np.abs(gaps))
    return found


def with_openings_mended(values: Float3D, observed: Bool2D, layout: Layout) -> Array:
    """Return values float64[N, T, C] in which days with a lost opening open at the close before.

    Returns stay as they are. Learned as it is, one such day makes gaps and moves as large on paths, but
    on days of their own: the network draws them apart, and returns become many times too large.
    """
    gaps, moves = layout.where("gap"), layout.where("move")
    if not len(gaps):
        return values
    found = values.copy()
    for one, seen in zip(found, observed, strict=True):
        rows = np.flatnonzero(seen)
        for gap, move in zip(gaps, moves, strict=True):
            lost = rows[lost_openings(one[rows, gap], one[rows, move])]
            one[lost, move] += one[lost, gap]
            one[lost, gap] = 0.0
    return found
