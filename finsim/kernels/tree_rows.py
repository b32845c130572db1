"""Walks through conditional trees over levels: the leaf of every row, and a level drawn from its law."""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Float1D

WALKERS = np.uint64(8)
"""Rows that walk side by side in `tree_leaves`."""


@kernel
def tree_leaves(levels: Array, nodes: Array, root: Array, leaf: Array) -> None:
    """Write the leaf of every row in its tree.

    levels : uint8 or int32 [N, C]; nodes : int32[K, 4], the column that a node asks, the levels up to which
    go left, its left child (the right one follows it); a leaf is its own left child, and nothing goes right
    (see ``asked_nodes``); root : int64[N] or [1], the first node of the tree of each row or of all; leaf :
    int32[N], written.
    """
    rows = np.uint64(levels.shape[0])
    step = np.uint64(root.shape[0] > 1)
    node = np.empty(WALKERS, np.uint32)
    # A walk waits for memory at each step, and the processor guesses its end wrong: eight rows wait together,
    # until all of them stay where they are. Unsigned places: no index is negative, and none is tested for it.
    for first in range(np.uint64(0), rows, WALKERS):
        many = min(WALKERS, rows - first)
        for k in range(many):
            node[k] = root[step * (first + k)]
        moved = np.uint32(1)
        while moved:
            moved = np.uint32(0)
            for k in range(many):
                at = node[k]
                right = levels[first + k, np.uint32(nodes[at, 0])] > nodes[at, 1]
                following = np.uint32(nodes[at, 2] + right)
                moved |= following ^ at
                node[k] = following
        for k in range(many):
            leaf[first + k] = node[k]


@kernel
def leaf_draws(
    leaf: Array, start: Array, size: int, shares: Float1D, uniforms: Float1D, level: Array
) -> None:
    """Write the first level whose cumulative share lies above a uniform draw.

    leaf : int32[N]; start : int64[K], where the ``size`` cumulative shares of a node begin in ``shares``;
    uniforms : float64[N] in [0, 1); level : uint8 or int32 [N], written. The last share counts as 1.
    """
    for row in range(leaf.shape[0]):
        begin = np.uint64(start[np.uint32(leaf[row])])
        draw = uniforms[row]
        # Shares only grow: those below are counted, many at once, which is faster than a search.
        below = 0
        for k in range(size - 1):
            below += shares[begin + np.uint64(k)] <= draw
        level[row] = below


def asked_nodes(column: Array, bound: Array, child: Array) -> Array:
    """Return trees as ``tree_leaves`` walks through them, int32[K, 4]; column -1 in a leaf."""
    nodes = np.zeros((len(column), 4), np.int32)
    is_leaf = column < 0
    nodes[:, 0] = np.where(is_leaf, 0, column)
    nodes[:, 1] = np.where(is_leaf, np.iinfo(np.int32).max, bound)
    nodes[:, 2] = np.where(is_leaf, np.arange(len(column)), child)
    return nodes
