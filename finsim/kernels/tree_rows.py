"""Walks through conditional trees over levels: the leaf of every row, and a level drawn from its law."""

from __future__ import annotations

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
        node = root[row]
        while column[node] >= 0:
            go = child[node]
            node = go if levels[row, column[node]] <= bound[node] else go + 1
        leaf[row] = node


@kernel
def leaf_draws(
    leaf: Array, start: Array, size: int, shares: Float1D, uniforms: Float1D, level: Array
) -> None:
    """Write the first level whose cumulative share lies above a uniform draw.

    leaf : int32[N]; start : int64[K], where the ``size`` cumulative shares of a node begin in ``shares``;
    uniforms : float64[N] in [0, 1); level : int32[N], written. The last share counts as 1.
    """
    for row in range(leaf.shape[0]):
        begin = start[leaf[row]]
        low, high = 0, size - 1
        while low < high:
            middle = (low + high) // 2
            if shares[begin + middle] > uniforms[row]:
                high = middle
            else:
                low = middle + 1
        level[row] = low
