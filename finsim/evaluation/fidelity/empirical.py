"""Distribution functions of one column on a common grid, with their resamples; shared by KS and W1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import Side
from finsim.evaluation.resampling import Resamples
from finsim.notation import Float1D, Float2D, Int2D

GRID = 4096
OWN_GRID = 512


@dataclass(frozen=True)
class Curves:
    """Distribution functions at ``grid`` float64[G]: points [G], draws [B, G]."""

    grid: Float1D
    real: Float1D
    real_draws: Float2D
    twin_draws: Float2D
    synthetic: Float1D
    synthetic_draws: Float2D
    holdout: Float1D | None


def curves(case: PathCase, column: str, asset: int) -> Curves:
    """Return the distribution functions of one column of both sides.

    The grid holds every real value (4,096 quantiles if there are more) and 512 synthetic quantiles,
    extremes included; between two real values the real curve is flat.
    """
    real, own = case.real.column(column, asset), case.synthetic.column(column, asset)
    grid = np.union1d(_knots(real, GRID), _knots(own, OWN_GRID))
    draws = case.resamples
    left, right = _bins(real, grid), _bins(own, grid)
    base, other = _counts(left, len(grid)), _counts(right, len(grid))
    own_draws = _resampled(right, other, draws.own, draws.own_paths)
    twins = _resampled(left, base, draws.real, draws.real_paths)
    acting = _acting(left, base, draws, twins.shape)
    spare = None if case.holdout is None else _one(case.holdout, column, asset, grid)
    return Curves(
        grid,
        _cumulative(base.sum(axis=0)),
        _cumulative(twins),
        _cumulative(acting),
        _cumulative(other.sum(axis=0)),
        _cumulative(own_draws),
        spare,
    )


def _knots(values: Float2D, most: int) -> Float1D:
    flat = np.unique(values)
    if len(flat) <= most:
        return flat
    return np.asarray(np.unique(np.quantile(values, np.linspace(0, 1, most), method="lower")))


def _bins(values: Float2D, grid: Float1D) -> Int2D:
    return np.searchsorted(grid, values, side="left")


def _counts(bins: Int2D, size: int) -> Float2D:
    return np.stack([np.bincount(row, minlength=size) for row in bins]).astype(np.float64)


def _resampled(bins: Int2D, counts: Float2D, indices: Int2D, by_path: bool) -> Float2D:
    size = counts.shape[1]
    if by_path:
        weights = np.stack([np.bincount(row, minlength=len(counts)) for row in indices])
        return np.asarray(weights @ counts)
    return np.asarray(np.sum([_counts(row[indices], size) for row in bins], axis=0))


def _acting(bins: Int2D, counts: Float2D, draws: Resamples, shape: tuple[int, ...]) -> Float2D:
    if draws.twin is None:
        return np.asarray(np.broadcast_to(counts.sum(axis=0), shape))
    if draws.real_paths:
        return _resampled(bins, counts, draws.twin, True)
    parts = [_resampled(bins, counts, draws.twin[:, k], False) for k in range(draws.twin.shape[1])]
    return np.asarray(np.sum(parts, axis=0))


def _one(side: Side, column: str, asset: int, grid: Float1D) -> Float1D:
    bins = np.minimum(_bins(side.column(column, asset), grid), len(grid) - 1)
    return _cumulative(_counts(bins, len(grid)).sum(axis=0))


def _cumulative(counts: Float2D) -> Float2D:
    total = np.cumsum(counts, axis=-1)
    return np.asarray(total / total[..., -1:])


def mixed(case: PathCase, asset: int, column: str, grid: Float1D) -> Float1D | None:
    """Return the curve of a useless twin: cells of all columns and assets mixed; None with one column."""
    cells = [values[:, :, k].ravel() for values in case.real.columns.values() for k, _ in case.assets()]
    if len(cells) < 2:
        return None
    pool = np.sort(np.concatenate(cells))
    return np.searchsorted(pool, grid, side="right") / len(pool)
