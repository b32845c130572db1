"""The best question of a conditional tree: which column, and up to which level."""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Float1D, Int1D


@kernel
def best_split(
    levels: Array, rows: Int1D, groups: Int1D, folds: Array, sizes: Int1D, parents: Int1D,
    xlogx: Float1D, limits: Float1D,
) -> tuple[int, int]:  # fmt: skip
    """Return the column and bound whose gain of log-likelihood is largest beyond its penalty; -1, -1 if none.

    levels : int32[N, C]; rows : int64[R] of a node; groups : int64[R], the fine group of the target level of
    each; folds : int64[F, G], fine group -> group at a resolution; sizes : int64[C], levels of each column;
    parents : int64[P], the columns that may be asked; xlogx : float64[N + 1], n log n; limits :
    float64[2], least rows on either side and weight of the BIC penalty. A cut pays (groups - 1) / 2 log R
    times the penalty, and log P and the log of the number of cuts of its column for being the best of many.
    """
    by, most = -1, -1
    least, penalty = limits[0], limits[1]
    count = rows.shape[0]
    fine = folds.shape[1]
    best = 0.0
    tested = np.log(max(parents.shape[0], 1))
    whole = np.zeros((folds.shape[0], fine), np.int64)
    for row in range(count):
        for fold in range(folds.shape[0]):
            whole[fold, folds[fold, groups[row]]] += 1
    entropy = np.zeros(folds.shape[0])
    apart = np.zeros(folds.shape[0], np.int64)
    for fold in range(folds.shape[0]):
        for group in range(fine):
            entropy[fold] += xlogx[whole[fold, group]]
            apart[fold] += whole[fold, group] > 0
    left = np.zeros((folds.shape[0], fine), np.int64)
    for parent in range(parents.shape[0]):
        column = parents[parent]
        table = np.zeros((sizes[column], fine), np.int64)
        present = np.zeros(sizes[column], np.int64)
        for row in range(count):
            level = levels[rows[row], column]
            table[level, groups[row]] += 1
            present[level] += 1
        used, last = 0, -1
        for level in range(sizes[column]):
            if present[level] > 0:
                used += 1
                last = level
        if used < 2:
            continue
        choosing = tested + np.log(used - 1)
        left[:] = 0
        below = 0
        for level in range(last):
            if present[level] == 0:
                continue
            below += present[level]
            for group in range(fine):
                if table[level, group] > 0:
                    for fold in range(folds.shape[0]):
                        left[fold, folds[fold, group]] += table[level, group]
            if below < least or count - below < least:
                continue
            sides = xlogx[below] + xlogx[count - below]
            for fold in range(folds.shape[0]):
                if apart[fold] < 2:
                    continue
                parts = 0.0
                for group in range(fine):
                    parts += xlogx[left[fold, group]] + xlogx[whole[fold, group] - left[fold, group]]
                gain = parts - sides - (entropy[fold] - xlogx[count])
                gain -= penalty * 0.5 * (apart[fold] - 1) * np.log(count)
                gain -= choosing
                if gain > best:
                    best = gain
                    by, most = column, level
    return by, most
