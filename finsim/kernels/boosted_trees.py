"""Regression trees of a fixed depth over levels, for boosting: one grown, many summed."""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Float1D

BLOCK = 1024
"""Rows that walk side by side in `tree_sums`."""


@kernel
def grow_tree(
    levels: Array, size: int, slopes: Array, penalty: Float1D, node: Array,
    column: Array, bound: Array, value: Float1D,
) -> None:  # fmt: skip
    """Grow one tree by the gain of Newton steps; node k asks, and has the children 2 k + 1 and 2 k + 2.

    levels : int32[N, C], each in [0, size); slopes : float64[N, 2], gradient and hessian of the loss;
    penalty : float64[3], the ridge of a leaf, the least hessian in one, the least gain of a split;
    node : int64[N], overwritten;
    column, bound : int32[2^D - 1], written: levels up to the bound go left; where nothing is asked the column
    is 0 and the bound ``size``; value : float64[2^D], written, the step of each leaf. Source: Chen & Guestrin
    2016, histograms of levels.
    """
    rows, columns = levels.shape
    inner = column.shape[0]
    # What rounding leaves of an empty side is no row.
    ridge, least, gain_least = penalty[0], max(penalty[1], 1e-9), penalty[2]
    one, two = np.uint64(1), np.uint64(2)
    of_column = two * np.uint64(size)
    of_node = np.uint64(columns) * of_column
    node[:] = 0
    first = 0
    while first < inner:
        width = first + 1
        # Flat, and counted without a sign: cells [node, column, level, 2] are found by additions alone.
        table = np.zeros(width * columns * size * 2)
        for row in range(rows):
            place = np.uint64(node[row] - first) * of_node
            slope, curve = slopes[row, 0], slopes[row, 1]
            for k in range(columns):
                cell = place + two * np.uint64(levels[row, k])
                table[cell] += slope
                table[cell + one] += curve
                place += of_column
        for at in range(width):
            slope, curve = 0.0, 0.0
            begin = np.uint64(at) * of_node
            for level in range(size):
                slope += table[begin + two * np.uint64(level)]
                curve += table[begin + two * np.uint64(level) + one]
            whole = slope * slope / (curve + ridge) if curve > 0.0 else 0.0
            best = gain_least
            column[first + at] = 0
            bound[first + at] = size
            for k in range(columns):
                left_slope, left_curve = 0.0, 0.0
                for level in range(size - 1):
                    cell = begin + np.uint64(k) * of_column + two * np.uint64(level)
                    own = table[cell + one]
                    left_slope += table[cell]
                    left_curve += own
                    right_curve = curve - left_curve
                    if own == 0.0 or left_curve < least or right_curve < least:
                        continue
                    right_slope = slope - left_slope
                    gain = (
                        left_slope * left_slope / (left_curve + ridge)
                        + right_slope * right_slope / (right_curve + ridge)
                        - whole
                    )
                    if gain > best:
                        best = gain
                        column[first + at] = k
                        bound[first + at] = level
        for row in range(rows):
            mine = node[row]
            node[row] = 2 * mine + 1 + (levels[row, column[mine]] > bound[mine])
        first = 2 * first + 1
    sums = np.zeros(inner + 1)
    curves = np.zeros(inner + 1)
    for row in range(rows):
        sums[node[row] - inner] += slopes[row, 0]
        curves[node[row] - inner] += slopes[row, 1]
    for leaf in range(inner + 1):
        value[leaf] = -sums[leaf] / (curves[leaf] + ridge) if curves[leaf] > 0.0 else 0.0


@kernel
def tree_sums(levels: Array, column: Array, bound: Array, value: Array, block: Array, sums: Float1D) -> None:
    """Add the leaf values of every row in all trees of ``grow_tree`` to ``sums``.

    levels : uint8 or int32 [N, C]; column : int32[T, 2^D - 1], D <= 7; bound : as column, of the type of
    ``block``; value : float64[T, 2^D]; block : uint8 or int32 [C, BLOCK], overwritten, of a type that holds
    all levels; sums : float64[N].
    """
    trees, inner = column.shape
    rows, columns = levels.shape
    # All nodes of one depth are asked for a block of rows, and each row keeps the answer of its own node:
    # more comparisons than a walk needs, but on bytes they run side by side, 16 to 64 at once.
    own, below = np.zeros(BLOCK, np.uint8), np.zeros(BLOCK, np.uint8)
    total = np.zeros(BLOCK)
    is_asked = np.zeros(columns, np.bool_)
    for tree in range(trees):
        for node in range(inner):
            is_asked[column[tree, node]] = True
    used = np.flatnonzero(is_asked)
    for first in range(0, rows, BLOCK):
        size = min(BLOCK, rows - first)
        for k in used:
            for row in range(size):
                block[k, row] = levels[first + row, k]
        total[:] = 0.0
        for tree in range(trees):
            own[:] = 0
            begin = 0
            while begin < inner:
                below[:] = 0
                for at in range(begin + 1):
                    asked = block[np.uint32(column[tree, begin + at])]
                    most = bound[tree, begin + at]
                    mine, left = np.uint8(at), np.uint8(2 * at)
                    for row in range(BLOCK):
                        child = np.uint8(left + np.uint8(asked[row] > most))
                        below[row] |= child if own[row] == mine else np.uint8(0)
                own, below = below, own
                begin = 2 * begin + 1
            for row in range(BLOCK):
                total[row] += value[tree, np.uint32(own[row])]
        for row in range(size):
            sums[first + row] += total[row]
