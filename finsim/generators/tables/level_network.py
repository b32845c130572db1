"""Draws from a network of conditional trees, and the chance of rows under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from finsim.generators.tables.level_trees import LevelTree
from finsim.kernels.tree_rows import leaf_draws, tree_leaves
from finsim.notation import Array, Float1D


@dataclass(frozen=True)
class LevelNetwork:
    """Trees in the order in which their columns are drawn, one after the other in flat arrays.

    order : columns; root [C] the first node of each tree; size [C] its levels; start [K] where the
    cumulative shares of a leaf begin in ``shares``.
    """

    order: tuple[int, ...]
    root: Array
    size: Array
    column: Array
    bound: Array
    child: Array
    start: Array
    shares: Float1D

    @classmethod
    def of(cls, order: list[int], trees: list[LevelTree]) -> Self:
        """Return the network of the trees of columns, both in drawing order."""
        root: list[int] = []
        child: list[Array] = []
        start: list[Array] = []
        begin = 0
        for tree in trees:
            nodes = sum(len(one) for one in child)
            root.append(nodes)
            child.append(tree.child + np.int32(nodes))
            start.append(begin + tree.place.astype(np.int64) * tree.shares.shape[1])
            begin += tree.shares.size
        return cls(
            tuple(order),
            np.array(root, np.int64),
            np.array([tree.shares.shape[1] for tree in trees], np.int64),
            np.concatenate([tree.column for tree in trees]),
            np.concatenate([tree.bound for tree in trees]),
            np.concatenate(child),
            np.concatenate(start),
            np.concatenate([tree.shares.ravel() for tree in trees]),
        )

    def draw(self, count: int, given: Mapping[int, int], rng: np.random.Generator) -> Array:
        """Return levels int32[count, C]; columns of ``given`` have their level.

        Rows are drawn anew by the chance of each given level, so they follow the law given all of them;
        a row may then share the levels of its first columns with others.
        """
        levels = np.zeros((count, len(self.order)), np.int32)
        found = np.empty(count, np.int32)
        for index, column in enumerate(self.order):
            leaf = self._leaves(index, levels)
            if column not in given:
                begin = self.start
                leaf_draws(leaf, begin, int(self.size[index]), self.shares, rng.random(count), found)
                levels[:, column] = found
                continue
            level = given[column]
            chance = self._chances(leaf, np.full(count, level))
            levels[:, column] = level
            if chance.max() > chance.min():
                levels = levels[_chosen(chance, rng)]
        return levels[rng.permutation(count)] if given else levels

    def log_chances(self, levels: Array) -> Float1D:
        """Return the log probability of rows of levels int32[N, C], float64[N] in nats."""
        found = np.zeros(len(levels))
        for index, column in enumerate(self.order):
            leaf = self._leaves(index, levels)
            found += np.log(np.maximum(self._chances(leaf, levels[:, column]), 1e-12))
        return found

    def _leaves(self, index: int, levels: Array) -> Array:
        leaf = np.empty(len(levels), np.int32)
        tree_leaves(levels, self.column, self.bound, self.child, int(self.root[index]), leaf)
        return leaf

    def _chances(self, leaf: Array, level: Array) -> Float1D:
        """Return the share of a level in the law of a leaf."""
        at = self.start[leaf] + level
        below = np.where(level > 0, self.shares[at - (level > 0)], 0.0)
        return np.asarray(self.shares[at] - below)

    def state(self) -> dict[str, Array]:
        """Return the arrays of the network."""
        names = ("root", "size", "column", "bound", "child", "start", "shares")
        found: dict[str, Array] = {f"tree.{name}": getattr(self, name) for name in names}
        return {**found, "tree.order": np.array(self.order, np.int64)}

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the network that ``state`` wrote."""
        names = ("root", "size", "column", "bound", "child", "start", "shares")
        return cls(tuple(arrays["tree.order"].tolist()), *(arrays[f"tree.{name}"] for name in names))


def _chosen(chance: Float1D, rng: np.random.Generator) -> Array:
    """Return rows drawn by their chance, as evenly as can be. Source: Kitagawa 1996, systematic."""
    total = np.cumsum(chance)
    ladder = (np.arange(len(chance)) + rng.random()) / len(chance) * total[-1]
    return np.asarray(np.minimum(np.searchsorted(total, ladder, side="right"), len(chance) - 1))
