"""The weights of a mixture of a few parts."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Float1D, Float2D

MOST_ROWS, STEPS, HALVINGS = 200_000, 25, 20
LEAST, CLOSE, RIDGE = 1e-12, 1e-6, 1e-9


def mixture_weights(parts: Float2D, may: Array) -> Float1D:
    """Return the weights of the parts that may have some, by maximum likelihood.

    parts float64[n, K] : the chance of what was seen by each part; may [K] above 0 where a part may have
    some. Their logarithm is concave in the weights, so Newton steps find the best ones, where EM would stay
    near its start: of a rare word few rows tell. The mean of -log plus the sum of the weights is least where
    they add up to one. Source: Kim, Carbonetto, Stephens and Anitescu 2020 (mix-SQP).
    """
    used = np.flatnonzero(may)
    chosen = np.maximum(parts[:: max(1, len(parts) // MOST_ROWS), used], LEAST)
    own = np.full(len(used), 1.0 / len(used))
    for _ in range(STEPS if len(chosen) else 0):
        before, own = own, _better(chosen, own)
        if np.abs(own - before).max() < CLOSE:
            break
    weights = np.zeros(len(may))
    weights[used] = own / own.sum()
    return weights


def _better(parts: Float2D, weights: Float1D) -> Float1D:
    """Return weights at least as good: a Newton step among those not below 0, halved where it fails."""
    chance = parts @ weights
    over = parts / chance[:, None]
    slope = 1.0 - over.mean(axis=0)
    bend = over.T @ over / len(parts) + RIDGE * np.eye(len(weights))
    wanted = _least(bend, bend @ weights - slope)
    loss, length = -np.log(chance).mean() + weights.sum(), 1.0
    for _ in range(HALVINGS):
        tried = weights + length * (wanted - weights)
        inside = parts @ tried
        if (inside > 0).all() and -np.log(inside).mean() + tried.sum() <= loss:
            return np.asarray(tried)
        length /= 2.0
    return weights


def _least(bend: Float2D, pull: Float1D) -> Float1D:
    """Return the x >= 0 that makes x @ bend @ x / 2 - pull @ x least: all sets of parts above 0 are tried."""
    size = len(pull)
    masks = (np.arange(1, 2**size)[:, None] >> np.arange(size) & 1).astype(np.float64)
    inner = bend * masks[:, :, None] * masks[:, None, :] + np.eye(size) * (1.0 - masks)[:, None, :]
    tried = np.linalg.solve(inner, (pull * masks)[:, :, None])[:, :, 0] * masks
    value = 0.5 * np.einsum("ij,jk,ik->i", tried, bend, tried) - tried @ pull
    return np.asarray(tried[np.where((tried >= 0).all(axis=1), value, np.inf).argmin()])
