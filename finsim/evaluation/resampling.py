"""Resamples of both sides: whole paths where there are many, long blocks of days where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from finsim.notation import Float1D, Float2D, Float3D, Int2D, Int3D

Statistic = Callable[[Float2D], Float2D]
"""Series float64[n, T] -> statistics float64[n, J]."""
Distance = Callable[[Float2D, Float2D], Float1D]
"""Two stacks of statistics float64[b, J] -> distances float64[b]."""
ROWS_AT_ONCE = 4_000_000


def stationary_indices(rng: np.random.Generator, length: int, out: int, block: float, draws: int) -> Int2D:
    """Return time indices of ``draws`` stationary-bootstrap series: int64[draws, out] in 0..length-1.

    Blocks have geometric length with mean ``block`` and wrap around the end of the series.
    Source: Politis and Romano 1994.
    """
    fresh = rng.random((draws, out)) < 1.0 / block
    fresh[:, 0] = True
    starts = rng.integers(0, length, (draws, out))
    steps = np.arange(out)
    begun = np.maximum.accumulate(np.where(fresh, steps, 0), axis=1)
    return (np.take_along_axis(starts, begun, axis=1) + steps - begun) % length


@dataclass(frozen=True)
class Resamples:
    """Index draws shared by all metrics, so that columns of one day stay together.

    ``own``: of the synthetic side, int64[B, N] paths or int64[B, T] days.
    ``real``: twins of the real side, int64[B, N] paths or int64[B, T] days.
    ``twin``: real data in the role of the synthetic side: int64[B, N'] paths, int64[B, N', T'] days, or
    None when the synthetic side has many paths and one real one (its mean over paths is then the
    real value itself, free of noise).
    """

    own: Int2D
    own_paths: bool
    real: Int2D
    real_paths: bool
    twin: Int2D | Int3D | None


def draw_resamples(
    rng: np.random.Generator,
    real: tuple[int, int],
    synthetic: tuple[int, int],
    settings: tuple[int, int],
    many: int,
) -> Resamples:
    """Draw all indices; ``real`` and ``synthetic`` are (paths, rows), ``settings`` is (draws, block)."""
    (draws, block), (count, rows), (other, steps) = settings, real, synthetic
    own_paths, real_paths = other >= many, count >= many
    own = (
        rng.integers(0, other, (draws, other))
        if own_paths
        else stationary_indices(rng, steps, steps, min(block, steps / 4), draws)
    )
    if real_paths:
        twins = rng.integers(0, count, (draws, count))
        return Resamples(own, own_paths, twins, True, rng.integers(0, count, (draws, other)))
    size = min(block, rows / 4)
    twins = stationary_indices(rng, rows, rows, size, draws)
    if own_paths:
        return Resamples(own, True, twins, False, None)
    acting, rest = contiguous_splits(rng, rows, steps, draws)
    return Resamples(own, False, rest, False, np.repeat(acting[:, None], other, axis=1))


def contiguous_splits(rng: np.random.Generator, rows: int, out: int, draws: int) -> tuple[Int2D, Int2D]:
    """Return days of a random contiguous part and of the rest of a series: int64[draws, out], [draws, rows].

    The part has ``out`` days, at most half of the series. Both are repeated to fill their length, so that
    they stand for a path of ``out`` and of ``rows`` days.
    """
    size = min(out, rows // 2)
    starts = rng.integers(0, rows - size + 1, draws)
    part = starts[:, None] + np.arange(out) % size
    rest = starts[:, None] + size + np.arange(rows) % (rows - size)
    return part, rest % rows


@dataclass(frozen=True)
class Estimates:
    """Statistics of both sides and their draws: point [J], draws [B, J].

    ``paths`` [M, J] are those of each synthetic path, where the real one is ranked among them.
    """

    real: Float1D
    real_draws: Float2D
    twin_draws: Float2D
    synthetic: Float1D
    synthetic_draws: Float2D
    paths: Float2D | None = None


def path_estimates(real: Float2D, synthetic: Float2D, blocks: int, draws: Resamples) -> Estimates:
    """Return the estimates of statistics [R, J] of real and [N blocks, J] of synthetic paths.

    The draws resample whole synthetic paths, each with its ``blocks`` parts.
    """
    point = real.mean(axis=0)
    whole = synthetic.reshape(-1, blocks, synthetic.shape[1])
    known = np.asarray(np.isfinite(whole).all(axis=2), dtype=np.float64)
    total = np.where(known[..., None] > 0, whole, 0.0).sum(axis=1)
    number = np.asarray(known.sum(axis=1))
    weights = np.stack([np.bincount(row, minlength=len(whole)) for row in draws.own]).astype(np.float64)
    means = (weights @ total) / (weights @ number[:, None])
    middle = np.asarray(total.sum(axis=0) / number.sum())
    return Estimates(point, point[None], point[None], middle, means, synthetic)


def mean_estimates(found: list[Estimates]) -> Estimates:
    """Return the mean of estimates that share their resamples, such as those of several assets."""

    def mean(name: str) -> Float2D:
        return np.asarray(np.mean([getattr(one, name) for one in found], axis=0))

    return Estimates(
        mean("real"),
        mean("real_draws"),
        mean("twin_draws"),
        mean("synthetic"),
        mean("synthetic_draws"),
        None if found[0].paths is None else mean("paths"),
    )


def series_estimates(real: Float2D, synthetic: Float2D, statistic: Statistic, draws: Resamples) -> Estimates:
    """Estimate a statistic of whole series, averaged over the paths of a side."""
    left, right = statistic(real), statistic(synthetic)
    own = right[draws.own].mean(axis=1) if draws.own_paths else _mean_over(synthetic, statistic, draws.own)
    if draws.real_paths:
        twins = left[draws.real].mean(axis=1)
        acting = left[draws.twin].mean(axis=1)
    else:
        twins = _mean_over(real, statistic, draws.real)
        acting = np.broadcast_to(left.mean(axis=0), twins.shape)
        if draws.twin is not None:
            parts = [_mean_over(real, statistic, draws.twin[:, k]) for k in range(draws.twin.shape[1])]
            acting = np.mean(parts, axis=0)
    return Estimates(left.mean(axis=0), twins, acting, right.mean(axis=0), own)


def _mean_over(series: Float2D, statistic: Statistic, indices: Int2D) -> Float2D:
    return np.asarray(np.mean([statistic(row[indices]) for row in series], axis=0))


def moment_estimates(
    real: Float2D,
    synthetic: Float2D,
    features: Callable[[Float2D], Float3D],
    statistic: Statistic,
    draws: Resamples,
) -> Estimates:
    """Estimate a function of means of row features, averaged over the paths of a side.

    ``features`` maps [n, T, ...] to float64[n, T', F]; a row may hold lagged products, so resampling rows
    is the blocks-of-blocks bootstrap and keeps dependence inside a row (Künsch 1989).
    """
    left, right = path_means(real, features), path_means(synthetic, features)
    base, other = statistic(left), statistic(right)
    if draws.own_paths:
        own = other[draws.own].mean(axis=1)
    else:
        own = _weighted(synthetic, features, statistic, draws.own)
    if draws.real_paths:
        twins, acting = base[draws.real].mean(axis=1), base[draws.twin].mean(axis=1)
    else:
        twins = _weighted(real, features, statistic, draws.real)
        acting = np.broadcast_to(base.mean(axis=0), twins.shape)
        if draws.twin is not None:
            parts = [
                _weighted(real, features, statistic, draws.twin[:, k]) for k in range(draws.twin.shape[1])
            ]
            acting = np.mean(parts, axis=0)
    return Estimates(base.mean(axis=0), twins, acting, other.mean(axis=0), own)


def path_means(values: Float2D, features: Callable[[Float2D], Float3D]) -> Float2D:
    """Return the means over rows of ``features``, a chunk of paths at a time: [n, T, ...] -> [n, F]."""
    width = features(values[:1]).shape[-1]
    chunk = max(1, ROWS_AT_ONCE // (values.shape[1] * width))
    means = [features(values[k : k + chunk]).mean(axis=1) for k in range(0, len(values), chunk)]
    return np.concatenate(means)


def _weighted(
    values: Float2D, features: Callable[[Float2D], Float3D], statistic: Statistic, indices: Int2D
) -> Float2D:
    total = []
    for k in range(len(values)):
        rows = features(values[k : k + 1])[0]
        total.append(statistic(day_weights(indices, len(rows)) @ rows))
    return np.asarray(np.mean(total, axis=0))


def day_weights(indices: Int2D, length: int) -> Float2D:
    """Return how often each of the first ``length`` days was drawn, rows summing to 1: float64[B, length]."""
    draws = len(indices)
    offsets = np.arange(draws)[:, None] * length
    flat = (offsets + indices)[indices < length]
    counts = np.bincount(flat, minlength=draws * length).reshape(draws, length).astype(np.float64)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))
