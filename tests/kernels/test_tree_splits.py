"""The best question of a conditional tree against its plain twin."""

import numpy as np
import pytest
from naive import tree_splits as naive

from finsim.kernels.trees.tree_splits import best_split

FOLDS = np.array([[0, 1, 2, 3, 4, 5], [0, 1, 1, 2, 2, 2], [0, 1, 1, 1, 1, 1]], np.int64)


def asked(levels, rows, groups, sizes, parents, least, penalty):
    whole = np.arange(len(levels) + 1, dtype=np.float64)
    return best_split(
        levels, rows, groups, FOLDS, np.array(sizes, np.int64), np.array(parents, np.int64),
        whole * np.log(np.maximum(whole, 1.0)), np.array([least, penalty]),
    )  # fmt: skip


@pytest.mark.parametrize("case", range(12))
def test_the_best_cut(streams, case):
    rng = streams.at("case", case)
    count, sizes = int(rng.integers(2, 120)), [1, 2, 7, 30]
    levels = np.column_stack([rng.integers(0, size, count) for size in sizes]).astype(np.int32)
    rows = np.sort(rng.permutation(count)[: rng.integers(2, count + 1)]).astype(np.int64)
    told = (levels[rows, 2] + levels[rows, 3] // 9 + rng.integers(0, 2 + case % 3, len(rows))) % 6
    groups = told.astype(np.int64)
    least, penalty = int(rng.integers(1, 8)), float(rng.choice([0.0, 0.4, 1.0]))
    parents = [[0, 1, 2, 3], [3, 1], [2], []][case % 4]
    found = asked(levels, rows, groups, sizes, parents, least, penalty)
    wanted = naive.best_split(levels, rows, groups, FOLDS, parents, least, penalty)
    if not wanted or wanted[0][0] <= 0.0:
        assert found == (-1, -1)
        return
    best = [cut for cut in wanted if cut[0] > wanted[0][0] - 1e-9]
    assert found in [cut[1:] for cut in best]


def test_some_cases_are_cut_and_some_are_not(streams):
    """A column that tells the target is asked; one that tells nothing is not."""
    rng = streams.at("known")
    levels = np.column_stack([rng.integers(0, 4, 400), rng.integers(0, 9, 400)]).astype(np.int32)
    rows, groups = np.arange(400), (levels[:, 1] > 4).astype(np.int64)
    assert asked(levels, rows, groups, [4, 9], [0, 1], 5, 1.0) == (1, 4)
    assert asked(levels, rows, groups, [4, 9], [0], 5, 1.0) == (-1, -1)
    assert asked(levels, rows, np.zeros(400, np.int64), [4, 9], [0, 1], 5, 1.0) == (-1, -1)
