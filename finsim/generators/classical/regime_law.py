"""Regimes of different volatility behind one series, by expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.kernels.markets.regime_walk import smoothed
from finsim.notation import Array, Bool1D, Float1D, Float2D

_ROUNDS, _CLOSE = 500, 1e-8
# No regime is calmer than a thousandth of the mean variance: one quiet day would be a regime of its own.
_LEAST = 1e-3
# assumption: where the search begins, regimes last 20 steps.
_STAY = 0.95


@dataclass(frozen=True)
class RegimeLaw:
    """Variances float64[K], increasing; moves float64[K, K]; probabilities float64[T, K] of each step."""

    variances: Float1D
    moves: Float2D
    probabilities: Float2D
    log_likelihood: float


def regime_law(returns: Float1D, begins: Bool1D, regimes: int) -> RegimeLaw:
    """Return the law of returns float64[T] of mean 0 whose variance switches between ``regimes``.

    ``begins`` are first steps of sequences; these have the long-run probabilities of the moves.
    Source: Hamilton 1989; the steps of the search as in Dempster, Laird & Rubin 1977.
    """
    squares = returns**2
    mean = max(float(squares.mean()), 1e-300)
    variances = mean * np.geomspace(0.25, 4.0, regimes) if regimes > 1 else np.array([mean])
    moves = np.full((regimes, regimes), (1.0 - _STAY) / max(regimes - 1, 1))
    np.fill_diagonal(moves, _STAY if regimes > 1 else 1.0)
    found, before = np.empty((len(returns), regimes)), -np.inf
    for _ in range(_ROUNDS):
        logs = -0.5 * (squares[:, None] / variances + np.log(2.0 * np.pi * variances))
        highest = logs.max(axis=1)
        counts = np.zeros_like(moves)
        densities = np.exp(logs - highest[:, None])
        likelihood = smoothed(densities, begins, long_run(moves), moves, found, counts)
        total = float((np.log(likelihood) + highest).sum())
        if total - before < _CLOSE * abs(total):
            break
        before = total
        weights = np.maximum(found.sum(axis=0), 1e-300)
        variances = np.maximum((found * squares[:, None]).sum(axis=0) / weights, _LEAST * mean)
        moves = (counts + 1e-6) / (counts + 1e-6).sum(axis=1, keepdims=True)
    order = np.argsort(variances, kind="stable")
    return RegimeLaw(variances[order], moves[np.ix_(order, order)], found[:, order], total)


def long_run(moves: Float2D) -> Float1D:
    """Return the long-run probabilities float64[K] of moves float64[K, K]."""
    count = len(moves)
    system = np.vstack([moves.T - np.eye(count), np.ones(count)])
    target: Array = np.append(np.zeros(count), 1.0)
    found = np.maximum(np.linalg.lstsq(system, target, rcond=None)[0], 1e-12)
    return np.asarray(found / found.sum())
