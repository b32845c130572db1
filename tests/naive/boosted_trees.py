"""Plain twins of boosted trees over levels."""

import numpy as np


def grow_tree(levels, size, gradient, hessian, penalty, depth):
    ridge, least, gain_least = penalty[0], max(penalty[1], 1e-9), penalty[2]
    inner = 2**depth - 1
    column, bound = [0] * inner, [size] * inner
    rows = {0: np.arange(len(levels))}
    for node in range(inner):
        mine = rows[node]
        best = gain_least
        for k in range(levels.shape[1]):
            for level in sorted(set(levels[mine, k].tolist())):
                if level >= size - 1 or hessian[mine[levels[mine, k] == level]].sum() == 0:
                    continue
                left, right = mine[levels[mine, k] <= level], mine[levels[mine, k] > level]
                parts = [(gradient[one].sum(), hessian[one].sum()) for one in (left, right, mine)]
                if parts[0][1] < least or parts[2][1] - parts[0][1] < least:
                    continue
                scores = [slope**2 / (curve + ridge) if curve > 0 else 0.0 for slope, curve in parts]
                gain = scores[0] + scores[1] - scores[2]
                if gain > best + 1e-12:
                    best, column[node], bound[node] = gain, k, level
        goes = levels[mine, column[node]] > bound[node]
        rows[2 * node + 1], rows[2 * node + 2] = mine[~goes], mine[goes]
    value = []
    for leaf in range(inner, 2 * inner + 1):
        slope, curve = gradient[rows[leaf]].sum(), hessian[rows[leaf]].sum()
        value.append(-slope / (curve + ridge) if curve > 0 else 0.0)
    return np.array(column, np.int32), np.array(bound, np.int32), np.array(value)


def tree_sums(levels, column, bound, value):
    found = []
    for row in levels:
        total = 0.0
        for asked, cut, leaves in zip(column, bound, value, strict=True):
            node = 0
            while node < len(asked):
                node = 2 * node + 1 + int(row[asked[node]] > cut[node])
            total += leaves[node - len(asked)]
        found.append(total)
    return np.array(found)
