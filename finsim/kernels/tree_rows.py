"""Walks through conditional trees over levels: the leaf of every row, and a level drawn from its law."""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Float1D


@kernel
def tree_leaves(levels: Array, column: Array, bound: Array, child: Array, root: Array, leaf: Array) -> None:
    """Write the leaf of every row in its tree.

    levels : int32[N, C]; column : int32[K], the column that a node asks, -1 in a leaf; bound : int32[K],
    levels up to it go left; child : int32[K], the left child (the right one follows it); root : int64[N], the
    first node of the tree of each row; leaf : int32[N], written.
    """
    for row in range(levels.shape[0]):
        # Unsigned places: no index is negative, and none is tested for it.
        node = np.uint32(root[row])
        asked = column[node]
        while asked >= 0:
            node = np.uint32(child[node] + (levels[row, np.uint32(asked)] > bound[node]))
            asked = column[node]
        leaf[row] = node


@kernel
def leaf_draws(
    leaf: Array, start: Array, size: int, shares: Float1D, uniforms: Float1D, level: Array
) -> None:
    """Write the first level whose cumulative share lies above a uniform draw.

    leaf : int32[N]; start : int64[K], where the ``size`` cumulative shares of a node begin in ``shares``;
    uniforms : float64[N] in [0, 1); level : int32[N], written. The last share counts as 1.
    """
    one = np.uint64(1)
    for row in range(leaf.shape[0]):
        begin = np.uint64(start[np.uint32(leaf[row])])
        draw = uniforms[row]
        low, left = np.uint64(0), np.uint64(size - 1)
        while left > 0:
            half = left >> one
            beyond = shares[begin + low + half] <= draw
            low = low + half + one if beyond else low
            left = left - half - one if beyond else half
        level[row] = low
