"""Twenty-four simple strategies: momentum and mean reversion, across assets and in time.

The family of FinBench v1 (sablier-it/finbench, BENCHMARK.md, section 5): lookbacks of 3, 5, 10 and 20 days;
reversion in time at z-scores of 0.5, 1 and 1.5.
"""

from __future__ import annotations

import numpy as np

from finsim.notation import Float2D, Float3D

LOOKBACKS = (3, 5, 10, 20)
THRESHOLDS = (0.5, 1.0, 1.5)
YEAR = 252
_TINY = 1e-12


def names(assets: int) -> tuple[str, ...]:
    """Return the names of the strategies; one asset has none across assets."""
    listed = []
    for lookback in LOOKBACKS:
        if assets > 1:
            listed += [f"momentum across assets {lookback}", f"reversion across assets {lookback}"]
        listed.append(f"momentum {lookback}")
        listed += [f"reversion {lookback} at {threshold:g}" for threshold in THRESHOLDS]
    return tuple(listed)


def profits(returns: Float3D) -> Float3D:
    """Return the profit of each day and strategy: float64[N, T, S], NaN before the first position.

    ``returns`` float64[N, T, A] of one step. Positions of day t are from returns up to t and earn that of
    t + 1. Across assets the upper half by past return is held against the lower half.
    """
    count, steps, assets = returns.shape
    made = np.full((count, steps, len(names(assets))), np.nan)
    total = np.cumsum(returns, axis=1)
    place = 0
    for lookback in LOOKBACKS:
        first = lookback
        if steps <= first + 1:
            place += (2 if assets > 1 else 0) + 1 + len(THRESHOLDS)
            continue
        past = total[:, first:-1] - total[:, : steps - 1 - first]
        ahead = returns[:, first + 1 :]
        if assets > 1:
            rank = np.argsort(np.argsort(past, axis=2), axis=2)
            held = np.where(rank >= assets // 2, 1.0, -1.0) / (assets // 2)
            made[:, first + 1 :, place] = _earned(held, ahead) * assets
            made[:, first + 1 :, place + 1] = -made[:, first + 1 :, place]
            place += 2
        made[:, first + 1 :, place] = _earned(np.sign(past), ahead)
        place += 1
        score = _scores(returns, lookback)
        for threshold in THRESHOLDS:
            held = (score < -threshold).astype(np.float64) - (score > threshold)
            made[:, first + 1 :, place] = _earned(held, ahead)
            place += 1
    return made


def _earned(held: Float3D, ahead: Float3D) -> Float2D:
    """Return the mean profit over assets; a dot product, since a mean over so short an axis is slow."""
    return np.asarray(np.einsum("nta,nta->nt", held, ahead) / held.shape[2])


def _scores(returns: Float3D, lookback: int) -> Float3D:
    """Return z-scores of days lookback..T-2 against ``lookback`` days before: [N, T - 1 - lookback, A]."""
    ahead = returns.shape[1] - 1 - lookback
    mean, square = np.zeros((2, len(returns), ahead, returns.shape[2]))
    windows = [returns[:, start : start + ahead] for start in range(lookback)]
    for day in windows:
        mean += day / lookback
    for day in windows:
        square += (day - mean) ** 2 / lookback
    return np.asarray((returns[:, lookback:-1] - mean) / (np.sqrt(square) + 1e-9))


def sharpe_ratios(profit: Float3D) -> Float2D:
    """Return the annual Sharpe ratio of each path and strategy, float64[N, S]; 0 without a position."""
    has = np.isfinite(profit)
    size = np.maximum(has.sum(axis=1), 1)
    filled = np.where(has, profit, 0.0)
    mean = filled.sum(axis=1) / size
    square = np.einsum("nts,nts->ns", filled, filled) / size
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    return np.asarray(mean / (spread + _TINY) * np.sqrt(YEAR))
