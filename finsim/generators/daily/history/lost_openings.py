"""A day whose opening is lost is learned as if it had opened at the close before."""

from __future__ import annotations

import numpy as np

from finsim.generators.channel_layout import Layout
from finsim.kernels.markets.lost_openings import lost_openings
from finsim.notation import Bool2D, Float3D


def with_openings_mended(values: Float3D, observed: Bool2D, layout: Layout) -> Float3D:
    """Return values float64[N, T, C] in which days with a lost opening open at the close before.

    Returns and shadows stay as they are. Learned as it is, one such day makes gaps and moves as large on
    paths, but on days of their own: there returns are many times too large. Source: own.
    """
    found = values.copy()
    for one, seen in zip(found, observed, strict=True):
        rows = np.flatnonzero(seen)
        for gap, move in zip(layout.where("gap"), layout.where("move"), strict=False):
            lost = rows[lost_openings(one[rows, gap], one[rows, move])]
            one[lost, move] += one[lost, gap]
            one[lost, gap] = 0.0
    return found
