"""The Minnesota prior as rows of data: each series a random walk or noise, distant lags and others near 0."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float1D, Float2D

WIDE = 1e-3  # weight of the row that says next to nothing about constants


def prior_rows(
    values: Float2D, persistence: Float1D, lags: int, tightness: float, together: float
) -> tuple[Float2D, Float2D]:
    """Return regressors [rows, lags x k + 1] and targets [rows, k] that hold the prior.

    ``persistence`` [k] is 1 for a random walk and 0 for noise; ``tightness`` the s.d. of the own first lag,
    over the lag for later ones; ``together`` the s.d. of the beliefs that the sum of the lags of a persistent
    series is one and that all series start in a steady state. Source: Litterman 1986 as artificial rows,
    Banbura, Giannone and Reichlin 2010; sums of coefficients Doan, Litterman and Sims 1984, common start Sims
    1993, as in Giannone, Lenza and Primiceri 2015.
    """
    k = values.shape[1]
    width = lags * k + 1
    scale = own_scales(values, lags)
    start = values[:lags].mean(axis=0)
    left, right = [], []
    for lag in range(1, lags + 1):
        rows = np.zeros((k, width))
        rows[:, (lag - 1) * k : lag * k] = np.diag(scale * lag / tightness)
        left.append(rows)
        right.append(np.diag(persistence * scale / tightness) if lag == 1 else np.zeros((k, k)))
    left.append(np.zeros((k, width)))
    right.append(np.diag(scale))
    sums = np.zeros((k, width))
    sums[:, :-1] = np.tile(np.diag(persistence * start / together), lags)
    left.append(sums)
    right.append(np.diag(persistence * start / together))
    common = np.zeros((2, width))
    common[0, :-1], common[0, -1], common[1, -1] = np.tile(start, lags) / together, 1.0 / together, WIDE
    left.append(common)
    right.append(np.vstack([start / together, np.zeros(k)]))
    return np.vstack(left), np.vstack(right)


def own_scales(values: Float2D, lags: int) -> Float1D:
    """Return how large surprises of each series are, given its own past alone: float64 [k].

    1.4826 x the median absolute surprise, so that single quarters such as 2020 do not set the scale.
    """
    found = np.empty(values.shape[1])
    for j in range(len(found)):
        past = lagged(values[:, j : j + 1], lags)
        target = values[lags:, j]
        surprise = target - past @ np.linalg.lstsq(past, target, rcond=None)[0]
        found[j] = 1.4826 * np.median(np.abs(surprise - np.median(surprise)))
    return np.maximum(found, 1e-9)


def lagged(values: Float2D, lags: int) -> Float2D:
    """Return the regressors of an autoregression: the last rows side by side, newest first, and 1."""
    length = len(values)
    parts = [values[lags - lag : length - lag] for lag in range(1, lags + 1)]
    found: Float2D = np.column_stack([*parts, np.ones(length - lags)])
    return found
