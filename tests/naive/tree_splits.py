"""Plain twin of the best question of a conditional tree."""

import numpy as np


def _xlogx(counts):
    counts = np.asarray(counts, dtype=float)
    return float((counts * np.log(np.maximum(counts, 1.0))).sum())


def best_split(levels, rows, groups, folds, parents, least, penalty):
    """Return (gain, column, bound) of every cut that may be made, best first."""
    found = []
    for column in parents:
        mine = levels[rows, column]
        used = np.unique(mine)
        for bound in used[:-1]:
            left = mine <= bound
            if min(left.sum(), (~left).sum()) < least:
                continue
            for fold in folds:
                label = fold[groups]
                kinds = np.unique(label)
                if len(kinds) < 2:
                    continue

                def fit(part, label=label, kinds=kinds):
                    return _xlogx([(label[part] == kind).sum() for kind in kinds]) - _xlogx(part.sum())

                gain = fit(left) + fit(~left) - fit(np.ones(len(rows), dtype=bool))
                gain -= penalty * 0.5 * (len(kinds) - 1) * np.log(len(rows))
                gain -= np.log(len(parents)) + np.log(len(used) - 1)
                found.append((gain, column, bound))
    return sorted(found, reverse=True)
