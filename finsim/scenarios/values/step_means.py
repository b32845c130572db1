"""Courses of numbers that belong to a whole step: averages and flows, kept exactly when read by the month."""

from __future__ import annotations

from typing import Literal

import numpy as np

from finsim.notation import Float1D

Timing = Literal["point", "average", "flow"]
"""What a number of a path is: the value at the end of its step, its mean over it, or a rate within it."""


def cell_means(
    values: Float1D, edges: Float1D, starts: Float1D, ends: Float1D, timing: Timing = "average"
) -> Float1D:
    """Return the mean over each span [starts, ends] of a course whose step means are ``values``: float64[M].

    ``values`` [n] belong to the steps between ``edges`` [n + 1]; before them the course is 0, behind them it
    holds the last value. A flow is constant within its step. An average is straight within its step, with the
    smaller of the slopes to its neighbours and none where the path turns (minmod): means are kept exactly
    and no month lies beyond the extremes of the path. Source: Van Leer 1979, piecewise linear
    reconstruction with Roe's minmod limiter.
    """
    width = np.diff(edges)
    slope = _slopes(values) / width if timing == "average" else np.zeros(len(values))
    step = np.searchsorted(edges[1:], ends, side="left").clip(max=len(values) - 1)
    middle = (edges[:-1] + edges[1:]) / 2.0
    inside = (starts >= edges[step] - 1e-9) & (ends <= edges[step + 1] + 1e-9)
    within = values[step] + slope[step] * ((starts + ends) / 2.0 - middle[step])
    size = np.where(ends > starts, ends - starts, 1.0)
    across = (_integral(values, slope, edges, ends) - _integral(values, slope, edges, starts)) / size
    behind = starts >= edges[-1] - 1e-9
    found: Float1D = np.where(inside, within, np.where(behind, values[-1], across))
    found[ends <= edges[0] + 1e-9] = 0.0
    return found


def _slopes(values: Float1D) -> Float1D:
    """Return the rise of each step over its own length: minmod of the ways from and to its neighbours."""
    before = np.diff(np.r_[0.0, values])
    behind = np.diff(np.r_[values, values[-1]])
    same = np.sign(before) * np.sign(behind) > 0.0  # a product of the ways could be beyond all floats
    return np.where(same, np.sign(before) * np.minimum(np.abs(before), np.abs(behind)), 0.0)


def _integral(values: Float1D, slope: Float1D, edges: Float1D, at: Float1D) -> Float1D:
    """Return the integral of the course from the first edge on: float64 of the shape of ``at``."""
    width = np.diff(edges)
    total = np.r_[0.0, np.cumsum(values * width)]
    step = np.searchsorted(edges[1:], at, side="left").clip(max=len(values) - 1)
    done = np.clip(at - edges[step], 0.0, width[step])
    found: Float1D = total[step] + values[step] * done + slope[step] * done * (done - width[step]) / 2.0
    found += values[-1] * np.maximum(at - edges[-1], 0.0)
    return found
