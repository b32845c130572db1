"""Correlation of normal latents behind ordered cells: polychoric, by inverting the moment of scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.extras import Later
from finsim.notation import Array, Float1D, Float2D

special = Later("scipy.special", "learn")

TERMS = 60
HIGHEST = 0.9995
LEAST_PAIRS = 10


def normal_edges(bounds: Float1D) -> Float1D:
    """Return the normal quantiles of cumulative shares that begin with 0 and end with 1."""
    inner: Any = special.ndtri(np.clip(bounds, 1e-300, 1.0))
    found = np.asarray(inner, dtype=np.float64).copy()
    found[0], found[-1] = -np.inf, np.inf
    return found


def cell_scores(bounds: Float1D) -> Float1D:
    """Return the mean of a standard normal in each cell between cumulative shares: float64[L]."""
    height = _density(normal_edges(bounds))
    return np.asarray((height[:-1] - height[1:]) / np.maximum(np.diff(bounds), 1e-12))


def hermite(bounds: Float1D, scores: Float1D, terms: int = TERMS) -> Float1D:
    """Return the coefficients 1 to ``terms`` of a step function in normed Hermite polynomials.

    Source: Abramowitz & Stegun 1964, 22.7: the integral of He_k by the density is -He_(k-1) by it.
    """
    edges = normal_edges(bounds)
    height = _density(edges)
    at = np.where(np.isfinite(edges), edges, 0.0)
    before, now = np.zeros(len(at)), np.ones(len(at))
    found = np.empty(terms)
    for k in range(1, terms + 1):
        part = height * now
        found[k - 1] = float((scores * (part[:-1] - part[1:])).sum()) / np.sqrt(k)
        before, now = now, (at * now - np.sqrt(k - 1.0) * before) / np.sqrt(k)
    return found


def score_moment(correlation: Float1D, one: Float2D, other: Float2D) -> Float1D:
    """Return E[s(X) t(Y)] of normals with a correlation, from the coefficients of s and t: float64[P].

    Source: Mehler 1866.
    """
    product = one * other
    found = np.zeros(len(product))
    for k in range(product.shape[1] - 1, -1, -1):
        found = (found + product[:, k]) * correlation
    return np.asarray(found)


def latent_correlations(scores: Float2D, seen: Array, bounds: list[Float1D]) -> Float2D:
    """Return the correlation of the latents of columns, float64[Q, Q], before any repair.

    scores : float64[N, Q], the score of the cell of each row; seen : bool[N, Q], false where a latent is
    not observed; bounds : cumulative shares of the cells of each column. The correlation is the one whose
    expected product of scores is the mean product found (Olsson 1979 gives the likelihood twin).
    """
    there = seen.astype(np.float64)
    plain = scores * there
    pairs = there.T @ there
    moments = (plain.T @ plain) / np.maximum(pairs, 1.0)
    coefficients = np.stack([hermite(one, cell_scores(one)) for one in bounds])
    first, second = np.tril_indices(len(bounds), -1)
    low, high = np.full(len(first), -HIGHEST), np.full(len(first), HIGHEST)
    goal = moments[first, second]
    for _ in range(40):
        middle = 0.5 * (low + high)
        below = score_moment(middle, coefficients[first], coefficients[second]) < goal
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found = np.eye(len(bounds))
    middle = np.where(pairs[first, second] >= LEAST_PAIRS, 0.5 * (low + high), 0.0)
    found[first, second] = found[second, first] = middle
    return found


def repaired(correlation: Float2D, share: float, least: float = 1e-4) -> Float2D:
    """Return a positive definite correlation matrix: shrunk to independence by ``share``, spectrum clipped.

    Source: Rebonato & Jaeckel 1999 (spectral), shrinkage of Ledoit & Wolf 2004 with a given weight.
    """
    shrunk = (1.0 - share) * correlation + share * np.eye(len(correlation))
    values, vectors = np.linalg.eigh(shrunk)
    whole = (vectors * np.maximum(values, least)) @ vectors.T
    scale = np.sqrt(np.diag(whole))
    return np.asarray(whole / np.outer(scale, scale))


def truncated(low: Float1D, high: Float1D, draws: Float1D) -> Float1D:
    """Return standard normals between bounds float64[n], by inversion in the nearer tail."""
    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    below, above = special.ndtr(a), special.ndtr(b)
    found = special.ndtri(np.clip(below + draws * (above - below), 1e-300, 1.0 - 1e-16))
    found = np.clip(found, a, b)
    return np.asarray(np.where(flip, -found, found))


def _density(at: Float1D) -> Float1D:
    return np.asarray(np.exp(-0.5 * np.square(at)) / np.sqrt(2 * np.pi))
