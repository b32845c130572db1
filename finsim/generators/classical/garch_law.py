"""The law of one series of returns: GJR-GARCH with t innovations, by maximum likelihood."""

from __future__ import annotations

import numpy as np

from finsim.extras import Later
from finsim.kernels.markets.garch_walk import filtered
from finsim.notation import Bool1D, Float1D

special = Later("scipy.special", "markets")
optimize = Later("scipy.optimize", "markets")

LARGEST = 50.0
"""assumption: no variance is above 50 times its mean; the recursion explodes from there."""

# At .995 a shock halves in 138 steps; above it ten years of paths do not settle.
_MOST = 0.995
# alpha, gamma / 2, beta and what is left, before a softmax; log(nu - 2.1). assumption: usual daily values.
_BEGIN = np.array([np.log(0.04 / 0.02), np.log(0.04 / 0.02), np.log(0.9 / 0.02), np.log(4.0)])
_LEAST_MEAN_SQUARE = 1e-18


def garch_law(returns: Float1D, begins: Bool1D) -> Float1D:
    """Return float64[4] of returns float64[T] of mean square 1: alpha, gamma, beta, share of losses.

    ``begins`` are the first steps of sequences. Source: Glosten, Jagannathan & Runkle 1993; t innovations
    as in Bollerslev 1987.
    """
    squares = returns**2
    total = float(squares.sum())
    if total < _LEAST_MEAN_SQUARE * len(returns):
        return np.array([0.0, 0.0, 0.0, 0.5])
    losses = float(squares[returns < 0.0].sum() / total)
    variances = np.empty_like(returns)

    def loss(free: Float1D) -> float:
        law, nu = _law(free, losses)
        filtered(returns, begins, law, LARGEST, variances)
        # log density of a t variable of variance 1, up to a constant in the data
        scaled = 1.0 + squares / ((nu - 2.0) * variances)
        parts = 0.5 * np.log(variances) + 0.5 * (nu + 1.0) * np.log(scaled)
        const = special.gammaln(0.5 * (nu + 1.0)) - special.gammaln(0.5 * nu) - 0.5 * np.log(nu - 2.0)
        return float(parts.mean() - const)

    found = optimize.minimize(loss, _BEGIN, method="Nelder-Mead", options={"maxiter": 600, "xatol": 1e-3})
    return _law(found.x, losses)[0]


def _law(free: Float1D, losses: float) -> tuple[Float1D, float]:
    """Return the law and the degrees of freedom that free numbers float64[4] stand for."""
    raised = np.exp(np.clip(free[:3], -20.0, 20.0))
    alpha, half, beta = _MOST * raised / (1.0 + raised.sum())
    # The share of losses, not one half, makes gamma's part of the persistence.
    gamma = half / max(losses, 0.05)
    return np.array([alpha, gamma, beta, losses]), 2.1 + float(np.exp(np.clip(free[3], -5.0, 5.0)))
