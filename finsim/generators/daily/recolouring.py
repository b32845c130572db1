"""Give made days the covariance of real ones, as far as these are believed."""

from __future__ import annotations

import numpy as np

from finsim.generators.daily.day_encoding import DayEncoding
from finsim.notation import Float2D

# A component counts for at most 5 deviations in a covariance, see ``recoloured``.
_BOUND, _BELIEF = 5.0, 10.0


def recoloured(days: Float2D, components: Float2D, encoding: DayEncoding, told: Float2D) -> Float2D:
    """Return made days float64[P, K], each stretch with the covariance of the real days of its stretch.

    components : float64[n, K], real days, and what is ``told`` float64[n, 2] of them. Real days count as much
    as made ones where there are ``_BELIEF`` times as many as there are components. All days together get the
    covariance of all real ones first: of many series a network learns little of it.
    """
    tense, united = encoding.cells(told)
    groups, size = len(encoding.unities) + 1, encoding.choices(days)
    bounded = np.clip(components, -_BOUND, _BOUND)
    own, share = np.cov(np.clip(days, -_BOUND, _BOUND).T), len(bounded) / (len(bounded) + days.shape[1])
    centre = days.mean(axis=0)
    days = centre + (days - centre) @ turn(own, share * np.cov(bounded.T) + (1.0 - share) * own).T
    found = days.copy()
    for b in range(len(encoding.edges) + 1):
        for g in range(groups):
            rows = slice((b * groups + g) * size, (b * groups + g + 1) * size)
            own = np.clip(days[rows], -_BOUND, _BOUND)
            made, wanted = np.cov(own.T), np.cov(own.T)
            for near in (tense == b, (tense == b) & (united == g)):
                if near.sum() > 1:
                    wanted = nearer(wanted, np.cov(bounded[near].T), int(near.sum()))
            middle = days[rows].mean(axis=0)
            found[rows] = middle + (days[rows] - middle) @ turn(made, wanted).T
    return found


def nearer(made: Float2D, real: Float2D, count: int) -> Float2D:
    """Return a covariance between that of made days and that of ``count`` real ones, float64[K, K] both.

    Directions in which they differ by more than chance does are believed one by one: of a hundred series that
    is what all have in common, which few days show well. The edge of chance is that of Marchenko & Pastur
    1967; the rest as in ``recoloured``.
    """
    made, real = np.atleast_2d(made), np.atleast_2d(real)
    size = len(made)
    gaps, directions = np.linalg.eigh(real - made)
    edge = 2.0 * np.sqrt(size / count) * np.trace(made) / size
    believed = 1.0 - (edge / np.maximum(np.abs(gaps), edge)) ** 2
    weights = np.maximum(believed, count / (count + _BELIEF * size))
    values, vectors = np.linalg.eigh(made + (directions * (gaps * weights)) @ directions.T)
    return np.asarray((vectors * np.maximum(values, 1e-3 * np.trace(made) / size)) @ vectors.T)


def turn(made: Float2D, wanted: Float2D) -> Float2D:
    """Return float64[K, K] that gives rows of one covariance the other."""
    roots = []
    for one in (wanted, made):
        one = np.atleast_2d(one)
        roots.append(np.linalg.cholesky(one + 1e-9 * np.trace(one) / len(one) * np.eye(len(one))))
    return np.asarray(roots[0] @ np.linalg.inv(roots[1]))
