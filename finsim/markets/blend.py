"""Correlation stress: linear maps that take innovations from a correlation R to (1 - k) R + k 11'."""

from __future__ import annotations

import numpy as np

from finsim.errors import ScenarioError
from finsim.notation import Float1D, Float2D, Float3D


def blended(correlation: Float2D, blend: Float1D) -> Float3D:
    """Return (1 - k) R + k 11' for each k of ``blend``: float64[T, A, A], positive definite for k < 1."""
    weight = blend[:, None, None]
    mixed: Float3D = (1 - weight) * correlation + weight * np.ones_like(correlation)
    return mixed


def blend_maps(correlation: Float2D, blend: Float1D) -> Float3D:
    """Return for each k a matrix M with M R M' = (1 - k) R + k 11': float64[T, A, A].

    Of all such maps M is the symmetric one, which moves the innovations least and treats all assets
    alike, whatever their order: with R = L L', M = L'^-1 (L' R_k L)^1/2 L^-1. It is exactly the identity
    where k = 0. Source: Gaussian optimal transport, Olkin and Pukelsheim 1982.
    Raises ScenarioError for k outside [0, 1).
    """
    if not bool(np.all((blend >= 0) & (blend < 1))):
        session = int(np.flatnonzero(~((blend >= 0) & (blend < 1)))[0])
        raise ScenarioError(
            f"corr_blend is {blend[session]:.6g} in session {session}",
            expected="a number from 0 to below 1",
            remedy="1 would make the correlation matrix singular; write at most 0.99",
        )
    values, where = np.unique(blend, return_inverse=True)
    factor = np.linalg.cholesky(correlation)
    inverse = np.linalg.inv(factor)
    squares, vectors = np.linalg.eigh(factor.T @ blended(correlation, values) @ factor)
    roots = (vectors * np.sqrt(np.maximum(squares, 0.0))[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    maps: Float3D = inverse.T @ roots @ inverse
    maps[values == 0] = np.eye(len(correlation))
    return maps[where]
