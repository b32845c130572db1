"""Associations between columns of levels: an order for words, and an order of columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from finsim.generators.tables.column_levels import ColumnLevels
from finsim.generators.tables.level_trees import level_groups
from finsim.notation import Array, Float2D, Int1D
from finsim.records.mixed_table import WORD, MixedTable


def grouped(levels: Array, counts: list[int]) -> tuple[Array, list[int]]:
    """Return the levels of all columns in at most 24 present groups each, and how many groups there are."""
    found = np.empty_like(levels)
    sizes = []
    for index, size in enumerate(counts):
        groups = level_groups(np.bincount(levels[:, index], minlength=size) / max(len(levels), 1))[0]
        found[:, index] = groups[levels[:, index]]
        sizes.append(int(groups.max()) + 1)
    return found, sizes


def word_order(levels: Array, column: int, count: int, groups: Array, sizes: list[int]) -> Int1D:
    """Return the present levels of a word column by their first score against all other columns.

    Source: correspondence analysis (Greenacre 1984), the first axis of the stacked tables.
    """
    if count <= 3:
        return np.arange(1, count)
    blocks = [
        np.bincount(levels[:, column] * size + groups[:, other], minlength=count * size).reshape(count, size)
        for other, size in enumerate(sizes)
        if other != column
    ]
    if not blocks:
        return np.arange(1, count)
    table = np.concatenate(blocks, axis=1)[1:].astype(np.float64)
    table = table[:, table.sum(axis=0) > 0]
    if not table.size or not table.any():
        return np.arange(1, count)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    scaled = (table - expected) / np.sqrt(np.maximum(expected, 1e-300))
    _, vectors = np.linalg.eigh(scaled.T @ scaled)
    axis = scaled @ vectors[:, -1] / np.sqrt(np.maximum(table.sum(axis=1), 1.0))
    # The sign of an eigenvector is free: the commonest level is taken to lie above 0.
    if axis[int(table.sum(axis=1).argmax())] < 0:
        axis = -axis
    return np.asarray(1 + np.argsort(axis, kind="stable"))


def information(groups: Array, sizes: list[int]) -> Float2D:
    """Return the mutual information of every pair of columns in nats, less its bias, float64[C, C].

    Source: bias of Miller 1955.
    """
    rows, columns = groups.shape
    found = np.zeros((columns, columns))
    for one in range(columns):
        for other in range(one):
            table = np.bincount(
                groups[:, one] * sizes[other] + groups[:, other], minlength=sizes[one] * sizes[other]
            )
            share = table.reshape(sizes[one], sizes[other]) / rows
            expected = share.sum(axis=1, keepdims=True) * share.sum(axis=0)
            used = share > 0
            bias = (
                ((expected > 0).any(axis=1).sum() - 1) * ((expected > 0).any(axis=0).sum() - 1) / (2 * rows)
            )
            mutual = float((share[used] * np.log(share[used] / expected[used])).sum()) - bias
            found[one, other] = found[other, one] = max(mutual, 0.0)
    return found


def column_order(mutual: Float2D, first: list[int]) -> list[int]:
    """Return columns so that each is tied as much as can be to one before it; ``first`` stand first.

    Source: Chow & Liu 1968, grown from the column with most ties (Prim's order).
    """
    order = list(first)
    rest = [index for index in range(len(mutual)) if index not in order]
    while rest:
        tie = mutual.sum(axis=1) if not order else mutual[:, order].max(axis=1)
        best = max(rest, key=lambda index: (tie[index], -index))
        order.append(best)
        rest.remove(best)
    return order


def ordered_levels(
    data: MixedTable, columns: Mapping[str, ColumnLevels]
) -> tuple[dict[str, ColumnLevels], Array]:
    """Return the columns with their words in order of association, and all levels int32[N, C]."""
    levels = np.stack([one.levels(data[name]) for name, one in columns.items()], axis=1)
    groups, sizes = grouped(levels, [one.count for one in columns.values()])
    found = {}
    turned = levels.copy()
    for index, (name, one) in enumerate(columns.items()):
        found[name] = one
        if one.facts.kind == WORD and one.count > 3:
            found[name] = one.in_order(word_order(levels, index, one.count, groups, sizes))
            turned[:, index] = found[name].levels(data[name])
    return found, np.ascontiguousarray(turned)
