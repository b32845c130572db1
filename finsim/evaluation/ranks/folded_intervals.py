"""95 % intervals of distances, which are folded at zero: noise alone makes them larger than they are."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.resampling import Distance
from finsim.notation import Float1D, Float2D

TAIL = 0.025
RAY_TAIL = 0.0125
"""Level of the upper end along a ray: the ray holds the noise of the point that it goes through, so that too
little of the law lies beyond 2.5 %. Kolmogorov distances held 131 of 144 true values with 2.5 %."""
SHARES = np.array([0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0])
MOST = 100


def inside(draws: int, below: float = TAIL) -> tuple[float, float]:
    """Return the levels at which so many draws have 2.5 % (or ``below``) of their law beyond each end.

    The quantile at p of B draws lies on average where (p (B - 1) + 1) / (B + 1) of the law are below.
    """
    low, high = (max((share * (draws + 1) - 1.0) / max(draws - 1, 1), 0.0) for share in (below, TAIL))
    return low, 1.0 - high


def folded_interval(draws: Float2D, target: Float1D, distance: Distance) -> tuple[float, float]:
    """Return the interval of |difference| of one statistic: float64[B, 1] draws against [1].

    The interval of the signed difference is folded: one that holds zero begins at zero.
    """
    apart = np.sign(draws - target)[:, 0] * distance(draws, np.broadcast_to(target, draws.shape))
    low, high = np.nanquantile(apart, inside(len(apart)))
    if low <= 0.0 <= high:
        return 0.0, float(max(-low, high))
    return float(min(abs(low), abs(high))), float(max(abs(low), abs(high)))


def shrunk_interval(
    point: Float1D, noise: Float2D, target: Float1D, distance: Distance
) -> tuple[float, float]:
    """Return the interval of the distance of [J] statistics from ``target`` under ``noise`` float64[B, J].

    The true difference is taken as a multiple of the one seen. A multiple is kept while the distance that
    it and the noise give agrees with the one seen (inversion of a test along a ray; own). A resample
    around the point itself would count the noise twice and miss a true distance near zero.
    """
    apart, noise = point - target, noise[:MOST]
    value = float(distance(point[None], target[None])[0])
    reference = np.broadcast_to(target, noise.shape)
    ends = inside(len(noise), RAY_TAIL)
    sizes, lows, highs = [], [], []
    for share in SHARES:
        sizes.append(float(distance((target + share * apart)[None], target[None])[0]))
        low, high = np.nanquantile(distance(target + share * apart + noise, reference), ends)
        lows.append(float(low))
        highs.append(float(high))
    rising = np.maximum.accumulate
    low = float(np.interp(value, rising(highs), sizes))
    high = float(np.interp(value, rising(lows), sizes))
    return min(low, value), max(high, value)
