"""Keep levels of volumes and spreads on paths as near to home as those of the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.daily.channel_laws import HORIZONS
from finsim.generators.daily.day_encoding import DayEncoding, Memory
from finsim.generators.daily.eras import changes
from finsim.notation import Array, Bool2D, Float1D, Float2D, Float3D

_ROUNDS, _STEPS, _BURN_IN = 4, 1500, 500
# assumption: the weight of half a year falls by at most .8, in each round by four times as much as levels
# are too wide (in logarithms).
_ANSWER, _MOST, _HALF_YEAR = 4.0, 0.8, 3 + len(HORIZONS) - 1


def levels_at_home(
    encoding: DayEncoding,
    values: Float3D,
    observed: Bool2D,
    pool: Float2D,
    memory: Memory,
    draw: np.random.Generator,
) -> DayEncoding:
    """Return the encoding whose volumes and spreads answer to their own half-year so that none strays.

    What turns back within years, as volumes without their trend do, a regression on one history sees too
    weakly: paths then reach farther from their mean than the data, for the same changes from day to day, and
    the final law would shrink these. Levels that stray less than the data are left as they are. Source: own
    (simulated method of moments; the moment is the ratio of the deviations of levels and of changes).
    """
    others = encoding.state.layout.where("other")
    if not len(others) or not encoding.eras.several:
        return encoding
    paths = len(memory.levels)
    wanted = _reach(values[..., others], observed)
    weights, lowered, nearest, kept = encoding.laws.weights, np.zeros(len(others)), np.inf, encoding
    chosen = draw.integers(encoding.choices(pool), size=(paths, _BURN_IN + _STEPS))
    start = memory.take(np.arange(paths))
    eras = encoding.eras.course([draw] * paths, chosen.shape[1], start.place)
    seen = np.ones((paths, _STEPS), dtype=np.bool_)
    for _ in range(_ROUNDS):
        tried = weights.copy()
        tried[others, 0, _HALF_YEAR] -= lowered
        now = replace(encoding, laws=replace(encoding.laws, weights=tried))
        made = now.walk(pool, chosen, eras, memory.take(np.arange(paths)))[:, _BURN_IN:, others]
        excess = np.log(_reach(made, seen) / wanted)
        miss = float(np.maximum(excess, -lowered).clip(0.0).sum() + np.abs(excess[lowered > 0.0]).sum())
        if miss < nearest:
            nearest, kept = miss, now
        lowered = np.clip(lowered + _ANSWER * excess, 0.0, _MOST)
    return kept


def _reach(values: Array, observed: Bool2D) -> Float1D:
    """Return the deviation of levels over that of their changes, float64[C], of values float64[N, T, C]."""
    moved = changes(values, observed)[observed]
    return np.asarray(values[observed].std(axis=0) / np.maximum(moved.std(axis=0), 1e-12))
