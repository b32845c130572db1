"""Bring what series have in common on paths to what they have in common in the data."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from finsim.generators.daily.day_encoding import DayEncoding, Memory
from finsim.generators.daily.recolouring import nearer, turn
from finsim.generators.daily.unity import UNITY_OF
from finsim.generators.encoding.marginal_correction import Correction
from finsim.kernels.markets.volatility_walk import FARTHEST
from finsim.notation import Array, Bool2D, Float2D, Float3D

_ROUNDS, _STEPS, _FEWEST = 3, 800, 100
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
    roles = [role for role in ("move", "gap") if len(layout.where(role))]
    wanted = _correlations(encoding, values, observed, roles)
    for _ in range(_ROUNDS):
        start = memory.take(np.arange(len(memory.levels)))
        chosen = draw.integers(encoding.choices(pool), size=(len(memory.levels), _STEPS))
        eras = encoding.eras.course([draw] * len(chosen), _STEPS, memory.place)
        made = encoding.walk(pool, chosen, eras, memory)
        found = _correlations(encoding, made, np.ones(made.shape[:2], dtype=np.bool_), roles, start)
        pool = _moved(pool, encoding, wanted, found)
    return pool


_Correlations: TypeAlias = dict[tuple[str, int], tuple[Float2D, int]]


def _moved(pool: Float2D, encoding: DayEncoding, wanted: _Correlations, found: _Correlations) -> Float2D:
    """Return the pool with what is missing in each stretch added to its days."""
    size = len(pool) // (len(encoding.edges) + 1)
    moved = pool.copy()
    for (role, stretch), (own, made) in found.items():
        if (role, stretch) not in wanted:
            continue
        real, count = wanted[role, stretch]
        at = np.ix_(np.arange(stretch * size, (stretch + 1) * size), encoding.state.layout.where(role))
        missing = nearer(own, real, int(1.0 / (1.0 / count + 1.0 / made))) - own
        days = pool[at]
        standard = (days - days.mean(axis=0)) / np.maximum(days.std(axis=0), 1e-12)
        now = _correlation(np.clip(standard, -_BOUND, _BOUND))
        mixed = standard @ turn(now, _as_correlation(now + missing)).T
        moved[at] = Correction.fit(mixed, days).apply(mixed)
    return moved


def _correlations(
    encoding: DayEncoding, values: Float3D, observed: Bool2D, roles: list[str], start: Memory | None = None
) -> _Correlations:
    """Return float64[A, A] of moves or gaps and the number of days, by role and stretch of tension.

    In deviations of the month before, which count up to four. Stretches of too few days are left out.
    """
    state = encoding.state
    begun = [None if start is None else (start.variances[k], start.signed[k]) for k in range(len(values))]
    traced = [state.trace(one, seen, at)[0] for one, seen, at in zip(values, observed, begun, strict=True)]
    features = np.stack(traced)[:, :-1]
    sizes = np.sqrt(state.limits[:, 0]) * np.exp(0.5 * features[..., UNITY_OF])
    tense = np.searchsorted(encoding.edges, state.log_scales(features).mean(axis=-1)[observed])
    found = {}
    for role in roles:
        at = state.layout.where(role)
        rows = ((values[..., at] - state.centre[at]) / sizes)[observed]
        rows = np.clip(rows / np.maximum(rows.std(axis=0), 1e-12), -FARTHEST, FARTHEST)
        for stretch in range(len(encoding.edges) + 1):
            near = tense == stretch
            if near.sum() >= _FEWEST:
                found[role, stretch] = _correlation(rows[near]), int(near.sum())
    return found


def _correlation(rows: Float2D) -> Float2D:
    """Return the correlation float64[A, A] of rows float64[n, A]; what stands still has none."""
    centred = rows - rows.mean(axis=0)
    centred = centred / np.maximum(centred.std(axis=0), 1e-12)
    found = centred.T @ centred / len(rows)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def _as_correlation(found: Array) -> Float2D:
    """Return the nearest matrix without negative variances, with ones on its diagonal."""
    values, vectors = np.linalg.eigh(found)
    kept = (vectors * np.maximum(values, 1e-3)) @ vectors.T
    size = np.sqrt(np.diag(kept))
    return np.asarray(kept / np.outer(size, size))
