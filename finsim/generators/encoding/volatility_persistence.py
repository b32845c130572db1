"""Tune volatility persistence so that simulated clustering lasts as long as in the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.encoding.location_scale_dynamics import Dynamics
from finsim.notation import Float1D, Float2D, Float3D

_GAINS = (1.0, 1.05, 1.1, 1.15)
_LAGS = (1, 2, 3, 5, 10, 20, 40)
_LEVELLING, _MEASURING = 4, 4
# Mean distance of the log scales from the real ones at which a gain counts as unstable.
_DRIFT = 0.1


def tuned(dynamics: Dynamics, scores: Float3D, innovations: Float3D, averages: Float2D) -> Dynamics:
    """Return the dynamics with the gain on log scales under which simulated series cluster as ``scores``.

    A penalised one-step regression understates persistence, and clustering dies out too early. The
    weights of the past are raised by up to 15 %, as long as the level stays, until the
    autocorrelation of absolute values, averaged over lags 1 to 40 and channels, is nearest to that of
    the data; intercepts keep the mean log scale where it is in the data.
    scores : float64[N, T, C]; innovations : float64[P, n, C], simulated ones; averages : float64[P, F],
    memories to start from. Source: simulated method of moments, Duffie & Singleton 1993; the moments
    are own.
    """
    if min(scores.shape[1], innovations.shape[1]) <= 2 * max(_LAGS):
        return dynamics
    level = dynamics.ahead(dynamics.memory.trace(scores)[:, :-1])[1].mean(axis=(0, 1))
    wanted = _clustering(scores)
    best, best_gap = dynamics, np.inf
    candidate, gain = dynamics, 1.0
    for next_gain in _GAINS:
        candidate, gain = _with_gain(candidate, next_gain / gain), next_gain
        candidate, clustering, drift = _simulated(candidate, innovations, averages, level)
        if drift < _DRIFT and abs(clustering - wanted) < best_gap:
            best, best_gap = candidate, abs(clustering - wanted)
    return best


def _simulated(
    dynamics: Dynamics, innovations: Float3D, averages: Float2D, level: Float1D
) -> tuple[Dynamics, float, float]:
    """Return the dynamics with intercepts moved towards the level, its clustering and mean drift."""
    for _ in range(_LEVELLING):
        series, after = dynamics.series(innovations, averages)
        log_scale = dynamics.log_scale.copy()
        # A quarter: an intercept moves the long-run level by several times itself.
        log_scale[0] -= 0.25 * _drift(dynamics, series, averages, level)
        dynamics, averages = replace(dynamics, log_scale=log_scale), after
    start, pieces = averages, []
    for index in range(_MEASURING):
        series, averages = dynamics.series(np.roll(innovations, index, axis=0), averages)
        pieces.append(series)
    # Joined, since a sample autocorrelation is biased in short samples.
    joined = np.concatenate(pieces, axis=1)
    distance = float(np.abs(_drift(dynamics, joined, start, level)).mean())
    return dynamics, _clustering(joined), distance


def _drift(dynamics: Dynamics, series: Float3D, averages: Float2D, level: Float1D) -> Float1D:
    """Return how far the mean log scale of the later half of a series is from the level."""
    known = dynamics.memory.trace(series, averages.mean(axis=0))[:, series.shape[1] // 2 : -1]
    drift: Float1D = dynamics.ahead(known)[1].mean(axis=(0, 1)) - level
    return drift


def _with_gain(dynamics: Dynamics, gain: float) -> Dynamics:
    """Return the dynamics with the past's weights on the log scale multiplied."""
    log_scale = dynamics.log_scale.copy()
    log_scale[1:] *= gain
    return replace(dynamics, log_scale=log_scale)


def _clustering(values: Float3D) -> float:
    """Return the autocorrelation of absolute values, averaged over sequences, lags and channels."""
    sizes = np.abs(values)
    centred = sizes - sizes.mean(axis=1, keepdims=True)
    variance = np.maximum((centred**2).mean(axis=(0, 1)), 1e-12)
    found = [(centred[:, lag:] * centred[:, :-lag]).mean(axis=(0, 1)) / variance for lag in _LAGS]
    return float(np.mean(found))
