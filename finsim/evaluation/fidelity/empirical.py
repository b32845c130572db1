"""Distribution functions of one column on a common grid, with their resamples; shared by KS and W1."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import Side
from finsim.evaluation.resampling import Estimates, Resamples, path_estimates
from finsim.notation import Float1D, Float2D, Int2D

GRID = 4096
OWN_GRID = 512


@dataclass(frozen=True)
class Curves:
    """Distribution functions at ``grid`` float64[G], and their integrals between its points.

    ``found`` holds both as statistics [2 G]: the function at each point and the area under it up to the
    point from the one before. Both are means over paths, so that those of pooled paths are exact.
    """

    grid: Float1D
    found: Estimates
    holdout: Float1D | None

    def functions(self) -> Curves:
        """Return the distribution functions alone: statistics [G]."""
        return self._part(slice(None, len(self.grid)))

    def areas(self) -> Curves:
        """Return the areas alone: statistics [G]."""
        return self._part(slice(len(self.grid), None))

    def _part(self, chosen: slice) -> Curves:
        names = ("real", "real_draws", "twin_draws", "synthetic", "synthetic_draws")
        parts = {name: getattr(self.found, name)[..., chosen] for name in names}
        paths = None if self.found.paths is None else self.found.paths[:, chosen]
        spare = None if self.holdout is None else self.holdout[chosen]
        return replace(self, found=Estimates(**parts, paths=paths), holdout=spare)


def curves(case: PathCase, column: str, asset: int) -> Curves:
    """Return the distribution functions of one column of both sides.

    The grid holds every real value (4,096 quantiles if there are more) and 512 synthetic quantiles,
    extremes included; between two real values the real curve is flat.
    """
    real, own = case.reference.column(column, asset), case.compared.column(column, asset)
    grid = np.union1d(_knots(real, GRID), _knots(own, OWN_GRID))
    spare = None if case.holdout is None else _one(case.holdout, column, asset, grid)
    if case.cut is not None and case.cut.ranked:
        left, right = (curve(masses(bins_of(values, grid), values, grid), grid) for values in (real, own))
        return Curves(grid, path_estimates(left, right, case.cut.blocks, case.resamples), spare)
    return Curves(grid, _resampled_curves(case.resamples, real, own, grid), spare)


def _resampled_curves(draws: Resamples, real: Float2D, own: Float2D, grid: Float1D) -> Estimates:
    left, right = _Binned(real, grid), _Binned(own, grid)
    twins = left.resampled(draws.real, draws.real_paths)
    acting = _acting(left, draws, len(twins))
    return Estimates(
        curve(left.masses.sum(axis=0), grid),
        curve(twins, grid),
        curve(acting, grid),
        curve(right.masses.sum(axis=0), grid),
        curve(right.resampled(draws.own, draws.own_paths), grid),
    )


def _knots(values: Float2D, most: int) -> Float1D:
    flat = np.unique(values)
    if len(flat) <= most:
        return flat
    return np.asarray(np.unique(np.quantile(values, np.linspace(0, 1, most), method="lower")))


def bins_of(values: Float2D, grid: Float1D) -> Int2D:
    """Return the first point of the grid at or above each value (the last one beyond the grid)."""
    return np.minimum(np.searchsorted(grid, values, side="left"), len(grid) - 1)


def masses(bins: Int2D, values: Float2D, grid: Float1D) -> Float2D:
    """Return per row the number of values in each bin, and the sum of their distances from its upper end."""
    size = len(grid)
    flat = (bins + np.arange(len(bins))[:, None] * size).ravel()
    counts = np.bincount(flat, minlength=len(bins) * size)
    apart = np.bincount(flat, weights=(grid[bins] - values).ravel(), minlength=len(bins) * size)
    shape = (len(bins), size)
    return np.concatenate([counts.reshape(shape), apart.reshape(shape)], axis=1)


class _Binned:
    """The values of one side in the bins of a grid: ``masses`` float64[paths, 2 G] of whole paths."""

    def __init__(self, values: Float2D, grid: Float1D) -> None:
        self.values, self.grid, self.bins = values, grid, bins_of(values, grid)
        self.masses = masses(self.bins, values, grid)

    def resampled(self, indices: Int2D, by_path: bool) -> Float2D:
        """Return the masses of resampled paths, or of resampled days: float64[B, 2 G]."""
        if by_path:
            weights = np.stack([np.bincount(row, minlength=len(self.masses)) for row in indices])
            return np.asarray(weights @ self.masses)
        rows = zip(self.bins, self.values, strict=True)
        return np.asarray(
            np.sum([masses(bins[indices], row[indices], self.grid) for bins, row in rows], axis=0)
        )


def _acting(left: _Binned, draws: Resamples, count: int) -> Float2D:
    if draws.twin is None:
        total = left.masses.sum(axis=0)
        return np.asarray(np.broadcast_to(total, (count, len(total))))
    if draws.real_paths:
        return left.resampled(draws.twin, True)
    parts = [left.resampled(draws.twin[:, k], False) for k in range(draws.twin.shape[1])]
    return np.asarray(np.sum(parts, axis=0))


def _one(side: Side, column: str, asset: int, grid: Float1D) -> Float1D:
    values = side.column(column, asset)
    return curve(masses(bins_of(values, grid), values, grid).sum(axis=0), grid)


def curve(masses: Float2D, grid: Float1D) -> Float2D:
    """Return the function at the points of the grid and its integrals between them: [..., 2 G]."""
    counts, apart = masses[..., : len(grid)], masses[..., len(grid) :]
    total = np.cumsum(counts, axis=-1)
    number = total[..., -1:]
    below = np.concatenate([np.zeros_like(number), total[..., :-1]], axis=-1)
    areas = below * np.diff(grid, prepend=grid[0]) + apart
    return np.concatenate([total, areas], axis=-1) / number


def mixed(case: PathCase, asset: int, column: str, grid: Float1D) -> Float1D | None:
    """Return the curve of a useless twin: cells of all columns and assets mixed; None with one column."""
    cells = [values[:, :, k].ravel() for values in case.real.columns.values() for k, _ in case.assets()]
    if len(cells) < 2:
        return None
    pool = np.concatenate(cells)[None]
    return curve(masses(bins_of(pool, grid), pool, grid)[0], grid)
