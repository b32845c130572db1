"""Bring what series have in common on paths to what they have in common in the data."""

from __future__ import annotations

import numpy as np

from finsim.generators.daily.day_encoding import DayEncoding, Memory
from finsim.generators.daily.recolouring import nearer, turn
from finsim.generators.daily.unity import UNITY_OF
from finsim.generators.encoding.marginal_correction import Correction
from finsim.kernels.markets.volatility_walk import FARTHEST
from finsim.notation import Array, Bool2D, Float2D, Float3D

_ROUNDS, _STEPS = 3, 800
_BOUND = 5.0


def coupled(
    encoding: DayEncoding,
    values: Float3D,
    observed: Bool2D,
    pool: Float2D,
    memory: Memory,
    draw: np.random.Generator,
) -> Float2D:
    """Return the ``pool`` float64[P, C] with moves, and gaps, that correlate on paths as in the data.

    Days share what is common, but each series goes its own way between calm and storm, and this takes
    correlation away that days alone do not miss: what paths lack is added to the days, round by round.
    ``memory`` of paths moves on. Source: own.
    """
    layout = encoding.state.layout
    if layout.series == 1:
        return pool
    wanted = {
        role: _correlation(encoding, values, observed, role)
        for role in ("move", "gap")
        if len(layout.where(role))
    }
    count = int(observed.sum())
    for _ in range(_ROUNDS):
        start = memory.take(np.arange(len(memory.levels)))
        chosen = draw.integers(encoding.choices(pool), size=(len(memory.levels), _STEPS))
        eras = encoding.eras.course([draw] * len(chosen), _STEPS, memory.place)
        made = encoding.walk(pool, chosen, eras, memory)
        found = pool.copy()
        for role, one in wanted.items():
            at = layout.where(role)
            own = _correlation(encoding, made, np.ones(made.shape[:2], dtype=np.bool_), role, start)
            missing = nearer(own, one, count) - own
            days = pool[:, at]
            centre, spread = days.mean(axis=0), np.maximum(days.std(axis=0), 1e-12)
            standard = (days - centre) / spread
            now = np.corrcoef(np.clip(standard, -_BOUND, _BOUND).T)
            mixed = standard @ turn(now, _as_correlation(now + missing)).T
            found[:, at] = Correction.fit(mixed, days).apply(mixed)
        pool = found
    return pool


def _correlation(
    encoding: DayEncoding, values: Float3D, observed: Bool2D, role: str, start: Memory | None = None
) -> Float2D:
    """Return float64[A, A] of moves or gaps in deviations of the month before, which count up to four."""
    state = encoding.state
    begun = [None] * len(values) if start is None else list(zip(start.variances, start.signed, strict=True))
    features = np.stack(
        [state.trace(*one, at)[0] for *one, at in zip(values, observed, begun, strict=True)]
    )
    sizes = np.sqrt(state.limits[:, 0]) * np.exp(0.5 * features[:, :-1, :, UNITY_OF])
    at = state.layout.where(role)
    rows = ((values[..., at] - state.centre[at]) / sizes)[observed]
    return np.corrcoef(np.clip(rows, -FARTHEST, FARTHEST).T)


def _as_correlation(found: Array) -> Float2D:
    """Return the nearest matrix without negative variances, with ones on its diagonal."""
    values, vectors = np.linalg.eigh(found)
    kept = (vectors * np.maximum(values, 1e-3)) @ vectors.T
    size = np.sqrt(np.diag(kept))
    return np.asarray(kept / np.outer(size, size))
