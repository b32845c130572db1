"""Tune the memory of the state until made paths cluster as long, and are as large, as real ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.daily.channel_laws import levels_at_rest
from finsim.generators.daily.day_encoding import DayEncoding, Memory
from finsim.generators.daily.volatility_state import VolatilityState
from finsim.notation import Bool2D, Float1D, Float2D, Float3D, Int2D

NEAR, FAR = (1, 5), (21, 60)
"""First and last lag of the autocorrelations that short and long memory are tuned on."""
BURN_IN = 2500
"""Steps after which a path has forgotten where it began: the state reverts within years."""
_ROUNDS, _STEPS = 16, 2500
# Rounds before the gains move: a level far off says nothing about memory.
_LEVEL_ROUNDS = 4
# At .985 a shock of volatility halves in 46 steps; above it a path may leave the data for years.
_LARGEST_PERSISTENCE = 0.985
_GAINS = (0.3, 1.8)
# assumption: of absolute returns the largest 0.5 % count as the 99.5 % quantile: one crash misleads. Of the
# data both are taken, as they are and bounded, and their mean is wanted.
_WINSOR = 0.995
# Powers of the ratio of wanted to found autocorrelation; far lags answer to a gain more strongly.
_POWERS = (0.3, 0.15)
# Powers of an excess of spread: short memory gives way first.
_YIELDS = (0.6, 0.2)


def tuned(
    encoding: DayEncoding,
    values: Float3D,
    observed: Bool2D,
    pool: Float2D,
    paths: int,
    draw: np.random.Generator,
) -> tuple[DayEncoding, Memory]:
    """Return the encoding with its state tuned on sequences float64[N, T, C], and the memory of ``paths``.

    Per series, gains on the weights of short and of long horizons bring the autocorrelation of absolute
    returns at lags 1 to 5 and 21 to 60 of paths out of a ``pool`` of innovations to that of the data, and
    an offset keeps the mean log variance. The round that comes nearest is kept.
    Source: simulated method of moments, Duffie & Singleton 1993; the moments are own.
    """
    state, memory = encoding.state, at_rest(encoding, paths)
    chosen = draw.integers(encoding.choices(pool), size=(paths, BURN_IN))
    encoding.walk(pool, chosen, encoding.eras.course([draw] * paths, BURN_IN, memory.place), memory)
    longest = int(observed.sum(axis=1).max())
    if longest <= 2 * FAR[1]:
        return encoding, memory
    wanted = _wanted(state, values, observed)
    short, long = state.persistence()
    gains, offset = np.ones((2, state.layout.series)), np.zeros(state.layout.series)
    nearest, kept = np.full(state.layout.series, np.inf), (gains, offset)
    chosen = draw.integers(encoding.choices(pool), size=(paths, min(longest, _STEPS)))
    eras = encoding.eras.course([draw] * paths, chosen.shape[1], memory.place)
    for index in range(_ROUNDS):
        found = _found(
            replace(encoding, state=state.tuned(gains[0], gains[1], offset)), pool, chosen, eras, memory
        )
        drift = found.level - wanted.level
        excess = np.maximum(found.spread / np.maximum(wanted.spread, 1e-9), 1e-9)
        miss = np.abs(np.log(_ratio(found, wanted))).mean(axis=0)
        miss += 2.0 * np.abs(drift) + 2.0 * np.maximum(np.log(excess), 0.0)
        better = (miss < nearest) & (index >= _LEVEL_ROUNDS)
        nearest = np.where(better, miss, nearest)
        kept = (np.where(better, gains, kept[0]), np.where(better, offset, kept[1]))
        left = np.maximum(1.0 - gains[0] * short - gains[1] * long, 0.02)
        offset = offset - (0.8 if index < _LEVEL_ROUNDS else 0.5) * left * drift
        if index >= _LEVEL_ROUNDS:
            gains = _stepped(gains, _ratio(found, wanted), excess, (short, long))
            # Series of one market whose memories differ drift apart, and lose what is common to them.
            gains = np.sqrt(gains * np.exp(np.log(gains).mean(axis=1, keepdims=True)))
    return replace(encoding, state=state.tuned(kept[0][0], kept[0][1], kept[1])), memory


@dataclass(frozen=True)
class _Moments:
    """Autocorrelations float64[2, A] at near and far lags, mean log variance and deviation of log scales."""

    clustering: Float2D
    level: Float1D
    spread: Float1D


def _wanted(state: VolatilityState, values: Float3D, observed: Bool2D) -> _Moments:
    """Return the moments of the sequences; those too short for the far lags have no say in clustering."""
    rows = [state.returns(one[seen]).T for one, seen in zip(values, observed, strict=True)]
    scales = state.log_scales(state.trace_all(values, observed)[0][:, :-1])
    long = [row for row in rows if row.shape[1] > 2 * FAR[1]]
    return _Moments(
        0.5 * (_clustering(long) + _clustering(long, 1.0)),
        np.log(state.variances(values[observed])).mean(axis=0),
        scales[observed].std(axis=0),
    )


def _found(encoding: DayEncoding, pool: Float2D, chosen: Int2D, eras: Int2D, memory: Memory) -> _Moments:
    """Return the moments of paths that go on from a memory, which moves on."""
    state, start = encoding.state, memory.take(np.arange(len(chosen)))
    made = encoding.walk(pool, chosen, eras, memory)
    seen = np.ones(made.shape[1], dtype=np.bool_)
    traced = [
        state.trace(path, seen, (variances, signed))[0]
        for path, variances, signed in zip(made, start.variances, start.signed, strict=True)
    ]
    return _Moments(
        _clustering(list(np.moveaxis(state.returns(made), 2, 1))),
        np.log(state.variances(made)).mean(axis=(0, 1)),
        state.log_scales(np.stack(traced)).std(axis=(0, 1)),
    )


def _ratio(found: _Moments, wanted: _Moments) -> Float2D:
    """Return wanted over found autocorrelations; those below .01 say nothing."""
    ratio: Float2D = np.maximum(wanted.clustering, 0.01) / np.maximum(found.clustering, 0.01)
    return ratio


def at_rest(encoding: DayEncoding, paths: int) -> Memory:
    """Return the memory of paths that begin at mean variance."""
    variances, signed = encoding.state.resting()
    levels = levels_at_rest(len(encoding.laws.weights))
    variances, signed, levels = (np.repeat(one[None], paths, axis=0) for one in (variances, signed, levels))
    unity, place = np.full(paths, encoding.unity.mean[0]), np.zeros(paths, dtype=np.int64)
    return Memory(variances, signed, levels, unity, place, np.zeros((paths, encoding.state.layout.series, 2)))


def _stepped(gains: Float2D, ratio: Float2D, excess: Float1D, answers: tuple[Float1D, Float1D]) -> Float2D:
    """Return gains that answer to what is missing, within bounds and below the largest persistence."""
    # A state that is too wide stands at its bounds, where it clusters less: larger gains would not help.
    wanted = np.where(excess > 1.0, np.minimum(ratio, 1.0), ratio)
    moved = gains * np.clip(wanted, 0.6, 1.6) ** np.array(_POWERS)[:, None]
    moved = np.clip(moved * np.maximum(excess, 1.0) ** -np.array(_YIELDS)[:, None], *_GAINS)
    # A memory that pulls the wrong way is left as it was fitted.
    moved = np.where(np.stack(answers) > 0.02, moved, 1.0)
    total = (moved * np.stack(answers)).sum(axis=0)
    return np.asarray(moved * np.minimum(1.0, _LARGEST_PERSISTENCE / np.maximum(total, 1e-9)))


def _clustering(returns: list[Float2D], winsor: float = _WINSOR) -> Float2D:
    """Return float64[2, A]: mean autocorrelation of absolute returns at near and at far lags."""
    found = []
    for one in returns:
        sizes = np.abs(one)
        sizes = np.minimum(sizes, np.quantile(sizes, winsor, axis=1, keepdims=True))
        sizes = sizes - sizes.mean(axis=1, keepdims=True)
        variance = np.maximum((sizes**2).mean(axis=1), 1e-300)
        lags = [
            np.mean([(sizes[:, k:] * sizes[:, :-k]).mean(axis=1) for k in range(first, last + 1)], axis=0)
            for first, last in (NEAR, FAR)
        ]
        found.append(np.stack(lags) / variance)
    return np.asarray(np.mean(found, axis=0))
