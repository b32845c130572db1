"""Trees that tell the law of one column's levels from the levels of other columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Float1D, Float2D, Int1D

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
    """How trees grow: fewest rows in a leaf, weight of the BIC penalty, weight of the parent's law."""

    least: int
    penalty: float
    smoothing: float


class TreeGrower:
    """Grows the tree of one target column from the levels of all columns, int32[N, C]."""

    def __init__(self, levels: Array, counts: list[int], growth: Growth) -> None:
        self.levels, self.counts, self.growth = levels, counts, growth

    def grow(self, target: int, parents: list[int]) -> LevelTree:
        """Return the tree of a target column that may ask ``parents``."""
        size = self.counts[target]
        mine = self.levels[:, target]
        root = np.bincount(mine, minlength=size) / len(mine)
        groupings = level_groups(root)
        waiting: list[tuple[int, Int1D, Float1D]] = [(0, np.arange(len(mine)), root)]
        nodes: list[list[int]] = [[-1, 0, 0, 0]]
        shares: list[Float1D] = []
        alpha = self.growth.smoothing * max(size - 1, 1)
        while waiting:
            node, rows, above = waiting.pop()
            counts = np.bincount(mine[rows], minlength=size)
            law = (counts + alpha * above) / (len(rows) + alpha)
            found = self._split(rows, mine, groupings, parents)
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

    def _split(
        self, rows: Int1D, mine: Array, groupings: list[Int1D], parents: list[int]
    ) -> tuple[int, int] | None:
        """Return the column and bound that pay most beyond their penalty, None where none does."""
        if len(rows) < 2 * self.growth.least:
            return None
        best, found = 0.0, None
        groups = groupings[0][mine[rows]]
        fine = int(groupings[0].max()) + 1
        tested = np.log(max(len(parents), 1))
        for column in parents:
            size = self.counts[column]
            if size < 2:
                continue
            table = np.bincount(self.levels[rows, column] * fine + groups, minlength=size * fine)
            table = table.reshape(size, fine)
            used = np.flatnonzero(table.any(axis=1))
            if len(used) < 2:
                continue
            gain = self._gains(table[used], groupings, len(rows)) - tested - np.log(len(used) - 1)
            at = int(gain.argmax())
            if gain[at] > best:
                best, found = float(gain[at]), (column, int(used[at]))
        return found

    def _gains(self, table: Array, groupings: list[Int1D], rows: int) -> Float1D:
        """Return what a cut after each level of a table [L, G] gains beyond the penalty, float64[L - 1]."""
        left = np.cumsum(table, axis=0)
        total = left[-1]
        best = np.full(len(table) - 1, -np.inf)
        below = left[:-1].sum(axis=1)
        for index in range(len(groupings)):
            if index:
                fold = groupings[index]
                left = _folded(left, fold)
                total = left[-1]
            apart = (total > 0).sum() - 1
            if apart < 1:
                continue
            right = total - left[:-1]
            gain = (
                _xlogx(left[:-1]).sum(axis=1) - _xlogx(below)
                + _xlogx(right).sum(axis=1) - _xlogx(rows - below)
                - (_xlogx(total).sum() - _xlogx(np.array(rows)))
            )  # fmt: skip
            best = np.maximum(best, gain - self.growth.penalty * 0.5 * apart * np.log(rows))
        least = self.growth.least
        return np.where((below >= least) & (rows - below >= least), best, -np.inf)


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


def _folded(table: Array, groups: Int1D) -> Array:
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return np.asarray(np.add.reduceat(table, starts, axis=1))


def _xlogx(counts: Array) -> Array:
    return np.asarray(counts * np.log(np.maximum(counts, 1)))
