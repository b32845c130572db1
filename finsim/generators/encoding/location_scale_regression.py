"""Penalised regression of a location and of the logarithm of a scale."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float2D

_ROUNDS = 20
# Log variances of targets of variance about 1 stay far inside this while the regression is fitted.
_LOG_LIMIT = 6.0


def with_intercept(features: Float2D) -> Float2D:
    """Return float64[n, 1 + F]: a column of ones, then the features."""
    return np.concatenate([np.ones((len(features), 1)), features], axis=1)


def regress(design: Float2D, targets: Float2D, ridges: tuple[float, float]) -> tuple[Float2D, Float2D]:
    """Return weights float64[1 + F, C] of the location, and of the log scale of what is left.

    design : float64[n, 1 + F], ones first, the rest standardised; targets : float64[n, C].
    ridges : penalties on all weights but the intercept, in observations, of location and log scale.
    Location by least squares; log variance as a gamma regression with log link by Fisher scoring
    (McCullagh & Nelder 1989, chapter 8): all its working weights are 1, so one solver serves every round.
    """
    location: Float2D = _solver(design, ridges[0]) @ targets
    squares = np.square(targets - design @ location)
    return location, 0.5 * log_variance_weights(design, squares, ridges[1])


def log_variance_weights(design: Float2D, squares: Float2D, ridge: float) -> Float2D:
    """Return weights float64[1 + F, C] of the log variance, whose draws are squares float64[n, C]."""
    solver = _solver(design, ridge)
    squares = np.maximum(squares, 1e-12)
    log_variance: Float2D = np.zeros((design.shape[1], squares.shape[1]))
    log_variance[0] = np.log(squares.mean(axis=0))
    for _ in range(_ROUNDS):
        linear = np.clip(design @ log_variance, -_LOG_LIMIT, _LOG_LIMIT)
        log_variance = solver @ (linear + np.clip(squares * np.exp(-linear) - 1.0, -1.0, 10.0))
    return log_variance


def _solver(design: Float2D, ridge: float) -> Float2D:
    """Return the matrix that turns targets into penalised least-squares weights."""
    penalty = np.full(design.shape[1], ridge + 1e-9)
    penalty[0] = 0.0
    solver: Float2D = np.asarray(np.linalg.solve(design.T @ design + np.diag(penalty), design.T))
    return solver
