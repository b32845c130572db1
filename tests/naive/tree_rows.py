"""Plain twins of the walks through conditional trees."""

import numpy as np


def tree_leaves(levels, column, bound, child, root):
    found = []
    for row in levels:
        node = root
        while column[node] >= 0:
            node = child[node] + int(row[column[node]] > bound[node])
        found.append(node)
    return np.array(found, dtype=np.int32)


def leaf_draws(leaf, start, size, shares, uniforms):
    found = []
    for node, draw in zip(leaf, uniforms, strict=True):
        mine = [*shares[start[node] : start[node] + size - 1], np.inf]
        found.append(next(k for k, share in enumerate(mine) if share > draw))
    return np.array(found, dtype=np.int32)
