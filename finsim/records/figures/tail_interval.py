"""The 95 % interval of a mean beyond a quantile (ES), from few draws beyond it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from finsim.notation import Array, Float1D
from finsim.randomness import Streams

FEW = 200
"""Most draws beyond the quantile for which the sampled law is used; with more the mean is normal."""
_WIDER, _MOST = 20, 400  # the tail is fitted to 20 times as many draws, at most 400 and a fifth of all
_SHAPES = (-1.0, 0.6)  # a shape of -1 is a uniform tail; near 1 a sample tells nothing of its mean
_SAMPLES = 3_000
_TAIL = 0.025


def tail_mean_interval(ordered: Float1D, level: float, mean: float) -> tuple[float, float]:
    """Return the ends of the 95 % interval of ``mean``, the mean of M losses beyond their ``level``.

    ``ordered`` are the losses in ascending order; K = M (1 - level) of them lie beyond, at most ``FEW``. A
    parametric bootstrap-t: a generalised Pareto tail is fitted to the highest 20 K losses, and the law of
    (mean - true mean) / scale is sampled from that tail, each sample fitted anew. The scale is the geometric
    mean of the excess over the quantile as seen and as fitted. Source: Efron and Tibshirani 1993, ch. 12;
    Pareto tail, Pickands 1975; order statistics of exponentials, Renyi 1953; the scale is own.
    """
    count = len(ordered)
    beyond = max(round(count * (1.0 - level)), 1)
    wide = min(max(min(_WIDER * beyond, count // 5, _MOST), 2 * beyond), count - 1)
    start, top = float(ordered[count - wide - 1]), ordered[count - wide :]
    seen = mean - float(ordered[count - beyond - 1])
    if not seen > 0.0:
        return mean, mean
    shape, size = _fitted(top - start)
    low, high = _law(beyond, wide, round(float(shape), 2))
    scale = float(_scale(np.array(seen), shape, size, wide / beyond))
    return mean - high * scale, mean - low * scale


def _fitted(excesses: Array) -> tuple[Array, Array]:
    """Return shape and scale of generalised Pareto laws of ``excesses`` [..., N], ascending.

    By probability-weighted moments; source: Hosking and Wallis 1987. The shape is kept within -1 and .6.
    """
    count = excesses.shape[-1]
    mean = excesses.mean(axis=-1)
    weighted = (excesses * (1.0 - (np.arange(1, count + 1) - 0.35) / count)).mean(axis=-1)
    room = mean - 2.0 * weighted
    shape = np.clip(np.where(room > 0.0, 2.0 - mean / np.where(room > 0.0, room, 1.0), 0.0), *_SHAPES)
    return shape, mean * (1.0 - shape)


def _scale(seen: Array, shape: Array, size: Array, ratio: float) -> Array:
    """Return the geometric mean of the excess ``seen`` and of the fitted one, ``ratio`` times rarer."""
    found: Array = np.sqrt(seen * size * ratio**shape / (1.0 - shape))
    return found


@lru_cache(maxsize=256)
def _law(beyond: int, wide: int, shape: float) -> tuple[float, float]:
    """Return the 2.5 and 97.5 % points of (mean - true mean) / scale under a Pareto tail of scale 1."""
    # The same numbers for everybody: an interval is a function of its losses alone.
    rng = Streams(0).at("tail interval", beyond, wide)
    start = -np.log(rng.gamma(wide + 1.0, size=_SAMPLES) / wide)
    above = np.sort(rng.exponential(size=(_SAMPLES, wide)), axis=1)
    values, first = _pareto(start[:, None] + above, shape), _pareto(start, shape)
    quantile = values[:, wide - beyond - 1] if wide > beyond else first
    mean = values[:, wide - beyond :].mean(axis=1)
    depth = np.log(wide / beyond)
    true = float(_pareto(depth, shape)) + float(np.exp(shape * depth)) / (1.0 - shape)
    scale = _scale(mean - quantile, *_fitted(values - first[:, None]), wide / beyond)
    low, high = np.quantile((mean - true) / scale, [_TAIL, 1.0 - _TAIL])
    return float(low), float(high)


def _pareto(depth: Array, shape: float) -> Array:
    """Return the generalised Pareto values at exponential ``depth``, of scale 1."""
    safe = shape if abs(shape) > 1e-9 else 1e-9
    found: Array = np.expm1(safe * depth) / safe
    return found
