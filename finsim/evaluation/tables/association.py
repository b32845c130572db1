"""Columns as blocks of one matrix, and how strongly and in which direction every pair of them is tied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.tables.column_cells import level_cells
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.notation import Array, Float1D, Float2D, Int1D

LEVELS, SHARE = 12, 0.01
BINS = 5


@dataclass(frozen=True)
class Blocks:
    """Both sides as float32[n, K]: standardised ranks of numbers, one indicator a level of categories.

    Column j owns starts[j] : starts[j] + sizes[j]; ``scale`` float64[K] makes blocks comparable: the roots of
    real shares of levels, and 1. Rows with a missing number have its mean.
    """

    names: tuple[str, ...]
    starts: Int1D
    sizes: Int1D
    real: Array
    own: Array
    scale: Float1D

    def norms(self, squares: Float2D) -> Float2D:
        """Return the root of the sums of squares of all blocks, 1 for a full tie: float64[C, C]."""
        sums = np.add.reduceat(np.add.reduceat(squares, self.starts, axis=0), self.starts, axis=1)
        room = np.minimum.outer(self.sizes, self.sizes) - 1.0
        room = np.where((self.sizes[:, None] == 1) | (self.sizes[None] == 1), 1.0, np.maximum(room, 1.0))
        return np.asarray(np.sqrt(sums / room))


def blocks_of(columns: tuple[ColumnPair, ...]) -> Blocks:
    """Return the blocks of some columns; rare levels are pooled."""
    parts: list[tuple[Array, Array, Float1D]] = []
    for column in columns:
        if column.is_category:
            parts.append(_indicators(column))
        else:
            parts.append((_ranks(column.real), _ranks(column.own), np.ones(1)))
    sizes = np.array([part[0].shape[1] for part in parts], dtype=np.int64)
    real, own = (np.concatenate([part[side] for part in parts], axis=1) for side in (0, 1))
    scale = np.concatenate([part[2] for part in parts])
    names = tuple(column.name for column in columns)
    return Blocks(names, (np.cumsum(sizes) - sizes).astype(np.int64), sizes, real, own, scale)


def _ranks(side: Float1D) -> Array:
    """Return standardised mid-ranks: float32[n, 1], 0 where missing."""
    present = ~np.isnan(side)
    found = np.zeros((len(side), 1), dtype=np.float32)
    known, place, counts = np.unique(side[present], return_inverse=True, return_counts=True)
    if len(known) > 1:
        middle = np.cumsum(counts) - 0.5 * (counts + 1.0)
        ranks = middle[place]
        found[present, 0] = (ranks - ranks.mean()) / ranks.std()
    return found


def _indicators(column: ColumnPair) -> tuple[Array, Array, Float1D]:
    """Return one indicator a level (missing is a level of its own) and the root of its real share."""
    cells = level_cells(column, SHARE, LEVELS)
    size = cells.size + 1
    codes = [np.where(side < 0, size - 1, side) for side in (cells.real, cells.own)]
    sides = [np.eye(size, dtype=np.float32)[side] for side in codes]
    used = np.asarray(sides[0].any(axis=0) | sides[1].any(axis=0))
    share = sides[0].mean(axis=0)[used].astype(np.float64)
    return sides[0][:, used], sides[1][:, used], np.sqrt(np.maximum(share, SHARE))


def covariances(side: Array, scale: Float1D, weights: Float1D | None = None) -> Float2D:
    """Return the scaled covariances of all columns of one side, float64[K, K]: correlations for numbers."""
    if weights is None:
        total, moments, mean = float(len(side)), side.T @ side, side.sum(axis=0)
    else:
        weight = weights.astype(np.float32)
        total = float(weights.sum())
        weighted = side * weight[:, None]
        moments, mean = side.T @ weighted, weighted.sum(axis=0)
    mean = np.asarray(mean, dtype=np.float64) / total
    found = np.asarray(moments, dtype=np.float64) / total - np.outer(mean, mean)
    return np.asarray(found / np.outer(scale, scale))


def associations(joint: Float2D, sizes: list[int], rows: float) -> Array:
    """Return Cramér's V, bias-corrected, of all pairs from the joint counts float64[K, K] of indicators.

    Source: Bergsma 2013.
    """
    starts = (np.cumsum(sizes) - np.array(sizes)).tolist()
    shares = joint / rows
    margin = np.diag(shares)
    chance = np.outer(margin, margin)
    with np.errstate(divide="ignore", invalid="ignore"):
        cells = np.where(chance > 0, (shares - chance) ** 2 / chance, 0.0)
    square = np.add.reduceat(np.add.reduceat(cells, starts, axis=0), starts, axis=1)
    levels = np.add.reduceat((margin > 0).astype(np.float64), starts)
    free = np.outer(levels - 1, levels - 1)
    shrunk = levels - (levels - 1) ** 2 / (rows - 1)
    room = np.minimum.outer(shrunk, shrunk) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(room > 0, np.sqrt(np.maximum(square - free / (rows - 1), 0.0) / room), 0.0)
    return np.asarray(found[np.triu_indices(len(sizes), 1)])


def indicators(codes: list[Int1D], sizes: list[int]) -> Float2D:
    """Return one indicator column a category of every column: float64[n, K]."""
    blocks = [np.eye(size)[part] for part, size in zip(codes, sizes, strict=True)]
    return np.concatenate(blocks, axis=1)


def tie(left: ColumnPair, right: ColumnPair, side: str) -> float:
    """Return the association of two columns on one side (``real`` or ``own``), as the field writes it.

    Spearman's rho of numbers (signed), Cramér's V (bias-corrected) of categories, the correlation ratio of
    ranks in between.
    """
    one, two = (getattr(column, side) for column in (left, right))
    if not left.is_category and not right.is_category:
        return float(np.mean(_ranks(one)[:, 0] * _ranks(two)[:, 0]))
    if left.is_category and right.is_category:
        codes = [getattr(level_cells(column, SHARE, LEVELS), side) + 1 for column in (left, right)]
        sizes = [int(code.max()) + 1 for code in codes]
        joint = indicators(codes, sizes)
        return float(associations(joint.T @ joint, sizes, len(joint))[0])
    group, numbers = (left, two) if left.is_category else (right, one)
    ranks = _ranks(numbers)[:, 0].astype(np.float64)
    cells = getattr(level_cells(group, SHARE, LEVELS), side) + 1
    counts = np.bincount(cells)
    means = np.bincount(cells, ranks) / np.maximum(counts, 1)
    total = float(ranks.var())
    return float(np.sqrt((counts * means**2).sum() / len(ranks) / total)) if total > 0 else 0.0
