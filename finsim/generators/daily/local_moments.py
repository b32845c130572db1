"""Means and scales of the days around each month of a history, and how much of them is chance."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Float1D, Float2D

DAYS = 21
"""assumption: a stretch is a month."""
# assumption: a stretch is told by the days around it, weighed by a triangle of so many days to each side.
_REACH = 100
# Days whose dependence on each other makes a mean less sure; a score counts for at most so many deviations.
_LAGS, _LARGEST = 10, 4.0
_LEAST = 0.05


def local_means(rows: Float2D) -> tuple[Float2D, Float1D]:
    """Return the mean around each stretch, float64[E, C], of rows float64[n, C], and its variance by chance.

    The variance float64[C] is that of a weighted mean of days that depend on each other as those do from
    which the local means are taken off (Newey & West 1987).
    """
    count, squares = -(-len(rows) // DAYS), []
    means = np.empty((count, rows.shape[1]))
    for stretch in range(count):
        centre = min((stretch + 0.5) * DAYS, float(len(rows)))
        first, last = max(int(centre) - _REACH, 0), min(int(centre) + _REACH + 1, len(rows))
        weights = np.maximum(1.0 - np.abs(np.arange(first, last) + 0.5 - centre) / _REACH, 0.0)
        weights /= weights.sum()
        means[stretch] = weights @ rows[first:last]
        squares.append((weights**2).sum())
    left = rows - repeated(means, len(rows))
    power = (left**2).mean(axis=0)
    total = power.copy()
    for lag in range(1, min(_LAGS, len(rows) - 1) + 1):
        total += 2.0 * (1.0 - lag / (_LAGS + 1)) * (left[lag:] * left[:-lag]).mean(axis=0)
    return means, np.maximum(total, 0.2 * power) * np.mean(squares)


def local_scales(rows: Float2D) -> tuple[Float2D, Float1D]:
    """Return half the log of the mean square around each stretch, and its variance by chance, as above."""
    power = np.maximum((rows**2).mean(axis=0), 1e-18)
    means, noise = local_means(np.minimum(rows**2 / power, _LARGEST**2))
    return 0.5 * np.log(np.maximum(means, _LEAST)), 0.25 * noise / np.maximum(means.mean(axis=0), _LEAST) ** 2


def repeated(stretches: Array, days: int) -> Float2D:
    """Return what belongs to each of so many days, float64[days, C], of stretches float64[E, C]."""
    return np.repeat(stretches, DAYS, axis=0)[:days]


def sure(found: Float2D, noise: Float1D) -> Float1D:
    """Return the root of the share of the variance of float64[E, C] that chance does not explain, float64[C].

    What is kept of each then varies as what is behind it does: shares themselves, as in James & Stein 1961,
    would be nearer to each, and vary too little.
    """
    share = np.maximum(1.0 - noise / np.maximum(found.var(axis=0), 1e-18), 0.0)
    return np.asarray(np.sqrt(share))
