"""The reference of a bar: a random walk that opens, turns and closes where the bar says.

Of ``WALKS`` free walks the one is taken whose open and close lie most like the bar's within its range, so
the times of the extremes and the course between them have nearly the law of a Brownian path given its bar.
Then each stretch between open, extremes and close is moved by a straight line until its ends are exact, and
what still passes an extreme is folded back at it. Source: own; the selection is approximate Bayesian.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.markets.books.day_bars import TickBar
from finsim.notation import Float1D

WALKS = 48


@dataclass(frozen=True)
class Reference:
    """The walk by step (ticks), the rate of the flow by step (mean 1), and when the extremes must be done."""

    path: Float1D
    season: Float1D
    high_by: int
    low_by: int


def smile(steps: int, depth: float) -> Float1D:
    """Return the U shape of a session's activity by step, mean 1: ``depth`` 0 is flat.

    Source: the U of trading volume within a day, Admati and Pfleiderer 1988; own form.
    """
    at = (np.arange(steps) + 0.5) / steps
    shape = 1.0 + depth * (12.0 * (at - 0.5) ** 2 - 1.0) * 0.5
    return np.asarray(shape / shape.mean())


def reference(bar: TickBar, steps: int, half: float, depth: float, random: np.random.Generator) -> Reference:
    """Return the reference of a bar over some steps; it stays ``half`` a spread inside the bar's range."""
    top, bottom = bar.high - half, bar.low + half
    if top <= bottom:
        top = bottom = 0.5 * (bar.high + bar.low)
    ends = np.clip([bar.open, bar.close], bottom, top)
    season = smile(steps, depth)
    walks = np.cumsum(random.standard_normal((WALKS, steps)) * np.sqrt(season), axis=1)
    walks -= walks[:, :1]
    path, high_at, low_at = _nearest(walks, ends, (bottom, top))
    hold = max(steps // 60, 1)
    marks = {0: ends[0], high_at: top, low_at: bottom, steps - 1: ends[1]}
    marks[0], marks[steps - 1] = ends[0], ends[1]
    knots = np.array(sorted(marks))
    wanted = np.array([marks[k] for k in knots])
    path = path + np.interp(np.arange(steps), knots, wanted - path[knots])
    path = _folded(path, bottom, top)
    high_by, low_by = min(high_at + hold, steps - 1), min(low_at + hold, steps - 1)
    path[high_at : high_by + 1], path[low_at : low_by + 1] = top, bottom
    tail = max(steps // 200, 1)
    path[-tail:] = ends[1]
    return Reference(path, season, high_by, low_by)


def _nearest(walks: Float1D, ends: Float1D, edges: tuple[float, float]) -> tuple[Float1D, int, int]:
    """Return the walk that opens and closes most like the bar in its range, in ticks, and its extremes."""
    bottom, top = edges
    highest, lowest = walks.max(axis=1), walks.min(axis=1)
    spread = np.maximum(highest - lowest, 1e-12)
    wanted = (ends - bottom) / (top - bottom) if top > bottom else np.full(2, 0.5)
    found = np.stack([-lowest, walks[:, -1] - lowest], axis=1) / spread[:, None]
    chosen = int(np.argmin(((found - wanted) ** 2).sum(axis=1)))
    walk = walks[chosen]
    scale = (top - bottom) / spread[chosen]
    steps = len(walk)
    edge = max(steps // 40, 1)
    high_at, low_at = (int(np.clip(at, edge, steps - 1 - edge)) for at in (walk.argmax(), walk.argmin()))
    if abs(high_at - low_at) <= 2 * edge:
        middle = min(max((high_at + low_at) // 2, 3 * edge), steps - 1 - 3 * edge)
        high_at, low_at = (
            (middle + 2 * edge, middle - 2 * edge)
            if walk[-1] > walk[0]
            else (middle - 2 * edge, middle + 2 * edge)
        )
    return bottom + (walk - walk.min()) * scale, high_at, low_at


def _folded(path: Float1D, bottom: float, top: float) -> Float1D:
    """Return a path reflected at both edges until it lies between them."""
    if top <= bottom:
        return np.full(len(path), bottom)
    width = top - bottom
    inside = np.mod(path - bottom, 2.0 * width)
    return bottom + np.minimum(inside, 2.0 * width - inside)
