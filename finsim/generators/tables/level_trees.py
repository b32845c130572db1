"""Trees that tell the law of one column's levels from the levels of other columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.kernels.trees.tree_splits import best_split
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams

RESOLUTIONS = (24, 6, 2)
"""A split may pay by a fine or by a coarse look at the column: groups of levels of about equal mass."""


@dataclass(frozen=True)
class LevelTree:
    """A conditional law as a tree: inner nodes ask one column, leaves hold cumulative shares.

    column : int32[K], the column asked, -1 in a leaf. bound : int32[K], levels up to it go left. child :
    int32[K], the left child; the right one follows. shares : float64[leaves, L] cumulative; place : int32[K],
    the row of a leaf in ``shares``. Source: tree-structured conditional tables (Friedman & Goldszmidt 1996).
    """

    column: Array
    bound: Array
    child: Array
    place: Array
    shares: Float2D


@dataclass(frozen=True)
class Growth:
    """How trees grow: fewest rows in a leaf, weight of the BIC penalty, weight of the parent's law, trees."""

    least: int
    penalty: float
    smoothing: float
    trees: int = 1


class TreeGrower:
    """Grows the tree of one target column from the levels of all columns, int32[N, C]."""

    def __init__(self, levels: Array, counts: list[int], growth: Growth) -> None:
        self.levels = np.ascontiguousarray(levels, dtype=np.int32)
        self.counts, self.growth = counts, growth
        self._sizes = np.array(counts, dtype=np.int64)
        # Counts are whole numbers up to the rows: a table is much faster than their logarithms.
        whole = np.arange(len(levels) + 1, dtype=np.float64)
        self._xlogx = whole * np.log(np.maximum(whole, 1.0))

    def grove(self, target: int, parents: list[int], streams: Streams) -> list[LevelTree]:
        """Return the trees of a target column that may ask ``parents``; their mean is its law.

        One tree grows on all rows, several each on rows drawn with replacement (bagging: Breiman 1996).
        """
        if self.growth.trees == 1 or not parents:
            return [self._grow(target, parents, np.arange(len(self.levels)))]
        found = []
        for number in range(self.growth.trees):
            rng = streams.at("tree", target, number)
            rows = np.sort(rng.integers(0, len(self.levels), len(self.levels)))
            found.append(self._grow(target, parents, rows))
        return found

    def _grow(self, target: int, parents: list[int], drawn: Int1D) -> LevelTree:
        size = self.counts[target]
        mine = self.levels[:, target]
        root = np.bincount(mine, minlength=size) / len(mine)
        groupings = level_groups(root)
        groups, folds = groupings[0][mine].astype(np.int64), _folds(groupings)
        asked = np.array(parents, dtype=np.int64)
        waiting: list[tuple[int, Int1D, Float1D]] = [(0, drawn, root)]
        nodes: list[list[int]] = [[-1, 0, 0, 0]]
        shares: list[Float1D] = []
        alpha = self.growth.smoothing * max(size - 1, 1)
        while waiting:
            node, rows, above = waiting.pop()
            counts = np.bincount(mine[rows], minlength=size)
            law = (counts + alpha * above) / (len(rows) + alpha)
            found = self._split(rows, groups[rows], folds, asked)
            if found is None:
                nodes[node][3] = len(shares)
                shares.append(np.cumsum(law))
                continue
            by, most = found
            left = self.levels[rows, by] <= most
            nodes[node][:3] = [by, most, len(nodes)]
            waiting += [(len(nodes), rows[left], law), (len(nodes) + 1, rows[~left], law)]
            nodes += [[-1, 0, 0, 0], [-1, 0, 0, 0]]
        table = np.array(nodes, dtype=np.int32)
        column, bound, child, start = (np.ascontiguousarray(table[:, k]) for k in range(4))
        return LevelTree(column, bound, child, start, np.array(shares))

    def _split(self, rows: Int1D, groups: Int1D, folds: Array, parents: Int1D) -> tuple[int, int] | None:
        """Return the column and bound that pay most beyond their penalty, None where none does."""
        if len(rows) < 2 * self.growth.least:
            return None
        limits = np.array([self.growth.least, self.growth.penalty], dtype=np.float64)
        by, most = best_split(self.levels, rows, groups, folds, self._sizes, parents, self._xlogx, limits)
        return None if by < 0 else (int(by), int(most))


def _folds(groupings: list[Int1D]) -> Array:
    """Return int64[F, G], the group of each fine group at every resolution."""
    maps = [np.arange(int(groupings[0].max()) + 1)]
    for fold in groupings[1:]:
        maps.append(fold[maps[-1]])
    return np.array(maps, dtype=np.int64)


def level_groups(shares: Float1D) -> list[Int1D]:
    """Return groupings of levels: the first maps levels to groups, each further one maps groups to fewer.

    The missing level is a group of its own; present ones have about equal mass.
    """
    found = []
    size = len(shares)
    present = np.maximum(shares[1:], 0.0)
    for parts in RESOLUTIONS:
        middle = np.cumsum(present) - 0.5 * present
        total = max(float(present.sum()), 1e-300)
        if size - 1 <= parts:
            groups = np.arange(size)
        else:
            cut = np.minimum((middle / total * parts).astype(np.int64), parts - 1)
            groups = np.concatenate([[0], 1 + np.unique(cut, return_inverse=True)[1]])
        found.append(groups.astype(np.int64))
        present = np.bincount(groups, weights=np.concatenate([[0.0], present]))[1:]
        size = len(present) + 1
    return found
