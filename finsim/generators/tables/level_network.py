"""Draws from a network of conditional trees, and the chance of rows under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from finsim.generators.tables.even_uniforms import EvenUniforms
from finsim.generators.tables.level_trees import LevelTree
from finsim.kernels.tree_rows import asked_nodes, leaf_draws, tree_leaves
from finsim.notation import Array, Float1D

_BYTES = 256


@dataclass(frozen=True)
class LevelNetwork:
    """Trees in the order in which their columns are drawn, one after the other in flat arrays.

    order : columns; root [C, T] the first node of each tree of a column, whose law is their mean; size [C]
    its levels; start [K] where the cumulative shares of a leaf begin in ``shares``.
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
    def of(cls, order: list[int], groves: list[list[LevelTree]]) -> Self:
        """Return the network of the trees of columns, both in drawing order."""
        most = max(len(grove) for grove in groves)
        trees = [tree for grove in groves for tree in grove]
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
        ends = np.cumsum([len(grove) for grove in groves])
        first = [root[end - len(grove) : end] for grove, end in zip(groves, ends.tolist(), strict=True)]
        return cls(
            tuple(order),
            np.array([(mine * most)[:most] for mine in first], np.int64),
            np.array([grove[0].shares.shape[1] for grove in groves], np.int64),
            np.concatenate([tree.column for tree in trees]),
            np.concatenate([tree.bound for tree in trees]),
            np.concatenate(child),
            np.concatenate(start),
            np.concatenate([tree.shares.ravel() for tree in trees]),
        )

    @cached_property
    def nodes(self) -> Array:
        """The trees as kernels walk through them."""
        return asked_nodes(self.column, self.bound, self.child)

    @property
    def compact(self) -> type[np.uint8 | np.int32]:
        """The smaller type that holds all levels."""
        return np.uint8 if self.size.max(initial=0) <= _BYTES else np.int32

    def draw(
        self, count: int, given: Mapping[int, int], rng: np.random.Generator, even: bool = True
    ) -> Array:
        """Return levels [count, C], column by column in their compact type; ``given`` have their level.

        Rows are drawn anew by the chance of each given level, so they follow the law given all of them;
        a row may then share the levels of its first columns with others. ``even``: see ``EvenUniforms``.
        """
        draws = EvenUniforms(len(self.column), rng, even)
        levels = np.zeros((len(self.order), count), self.compact).T
        for index, column in enumerate(self.order):
            if column not in given:
                self._drawn(index, levels, draws)
                continue
            chance = self._chances(index, levels, np.full(count, given[column]))
            levels[:, column] = given[column]
            if chance.max() > chance.min():
                levels = rows_of(levels, chosen(chance, count, rng))
        return rows_of(levels, rng.permutation(count)) if given else levels

    def redrawn(
        self, levels: Array, columns: tuple[int, ...], rng: np.random.Generator, even: bool = True
    ) -> Array:
        """Return rows with ``columns``, after which no others stand, drawn anew given those before them."""
        draws = EvenUniforms(len(self.column), rng, even)
        found = np.array(levels, dtype=self.compact, order="F")
        for index, column in enumerate(self.order):
            if column in columns:
                self._drawn(index, found, draws)
        return found

    def _drawn(self, index: int, levels: Array, draws: EvenUniforms) -> None:
        """Draw a column of levels, stored column by column, given those before it."""
        leaf = self._leaves(self._roots(index, len(levels), draws.rng), levels)
        own = levels[:, self.order[index]]
        leaf_draws(leaf, self.start, int(self.size[index]), self.shares, draws.of(leaf), own)

    def _roots(self, index: int, count: int, rng: np.random.Generator) -> Array:
        """Return the first node of a tree of a column for each row, drawn where it has several, or of all."""
        trees = self.root.shape[1]
        return np.asarray(self.root[index][rng.integers(0, trees, count)] if trees > 1 else self.root[index])

    def log_chances(self, levels: Array, left_out: tuple[int, ...] = ()) -> Float1D:
        """Return the log probability of rows of levels int32[N, C], float64[N] in nats.

        Without that of the columns ``left_out``, after which no others stand.
        """
        found = np.zeros(len(levels))
        for index, column in enumerate(self.order):
            if column in left_out:
                continue
            found += np.log(np.maximum(self._chances(index, levels, levels[:, column]), 1e-12))
        return found

    def _leaves(self, root: Array, levels: Array) -> Array:
        leaf = np.empty(len(levels), np.int32)
        tree_leaves(levels, self.nodes, root, leaf)
        return leaf

    def _chances(self, index: int, levels: Array, level: Array) -> Float1D:
        """Return the probability of a level of a column in every row: the mean over its trees."""
        found = np.zeros(len(levels))
        for root in self.root[index]:
            at = self.start[self._leaves(np.array([root]), levels)] + level
            found += self.shares[at] - np.where(level > 0, self.shares[at - (level > 0)], 0.0)
        return np.asarray(found / self.root.shape[1])

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


def rows_of(levels: Array, rows: Array) -> Array:
    """Return rows of levels [N, C] that are stored column by column, stored in the same way."""
    return np.take(levels.T, rows, axis=1).T


def chosen(chance: Float1D, count: int, rng: np.random.Generator) -> Array:
    """Return ``count`` rows drawn by their chance, as evenly as can be. Source: Kitagawa 1996, systematic."""
    total = np.cumsum(chance)
    ladder = (np.arange(count) + rng.random()) / count * total[-1]
    return np.asarray(np.minimum(np.searchsorted(total, ladder, side="right"), len(chance) - 1))
