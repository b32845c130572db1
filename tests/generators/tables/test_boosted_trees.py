"""Boosted trees over levels against plain twins and known log odds."""

import numpy as np
import pytest
from naive import boosted_trees as naive

from finsim.errors import FitError
from finsim.generators.tables.boosting.level_booster import Boosting, LevelOdds
from finsim.kernels.boosted_trees import BLOCK, grow_tree


@pytest.mark.parametrize("depth", [1, 3, 5])
@pytest.mark.parametrize("rows", [0, 1, 7, 300])
@pytest.mark.parametrize("penalty", [(1.0, 0.5, 1e-9), (0.0, 0.0, 1e-9), (5.0, 20.0, 0.1)])
def test_a_tree_is_that_of_its_twin(streams, rows, depth, penalty):
    rng = streams.at("rows")
    levels = rng.integers(0, 5, (rows, 3)).astype(np.int32)
    levels[:, 1] = 2
    gradient, hessian = np.round(rng.normal(size=rows), 2), np.round(rng.random(rows) + 0.1, 2)
    inner = 2**depth - 1
    column, bound = np.full(inner, -7, np.int32), np.full(inner, -7, np.int32)
    value, node = np.full(inner + 1, np.nan), np.full(rows, -7, np.int64)
    slopes = np.stack([gradient, hessian], axis=1)
    grow_tree(levels, 6, slopes, np.array(penalty), node, column, bound, value)
    twin = naive.grow_tree(levels, 6, gradient, hessian, penalty, depth)
    assert np.array_equal(column, twin[0])
    assert np.array_equal(bound, twin[1])
    assert np.allclose(value, twin[2])
    trees = (np.stack([column] * 2), np.stack([bound] * 2), np.stack([value] * 2))
    sums = LevelOdds(0.0, *trees).of(levels)
    assert np.allclose(sums, naive.tree_sums(levels, *trees))
    assert np.allclose(sums, 2 * value[node - inner])


@pytest.mark.parametrize("most", [3, 255, 256, 70_000])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_sums_are_those_of_the_twin_in_bytes_and_beyond(streams, most, depth):
    rng = streams.at("levels", most)
    levels = rng.integers(0, most + 1, (BLOCK + 40, 4)).astype(np.int32)
    levels[0] = most
    shape = (6, 2**depth - 1)
    bound = rng.integers(0, most + 1, shape).astype(np.int32)
    bound[0] = most + 1  # asks nothing
    trees = (rng.integers(0, 4, shape).astype(np.int32), bound, rng.normal(size=(6, 2**depth)))
    assert np.allclose(LevelOdds(0.5, *trees).of(levels), 0.5 + naive.tree_sums(levels, *trees))


def test_trees_that_the_kernel_cannot_answer_are_refused():
    with pytest.raises(FitError, match="depth 6"):
        Boosting(depth=6)
    tree = LevelOdds(0.0, np.full((1, 3), 2, np.int32), np.zeros((1, 3), np.int32), np.arange(4.0)[None])
    assert np.array_equal(tree.of(np.array([[0, 0, 1]], np.int32)), [3.0])
    with pytest.raises(FitError, match="a column that the rows do not have"):
        tree.of(np.zeros((5, 2), np.int32))
    state = tree.state("t")
    assert np.array_equal(LevelOdds.from_state("t", state).value, tree.value)
    deep = {name: np.zeros((1, 63 + (name == "t.value"))) for name in state} | {"t.offset": np.zeros(1)}
    for edit in ({"t.value": np.zeros((1, 3))}, {"t.column": np.full((1, 3), -1)}, deep):
        with pytest.raises(FitError, match="do not fit together"):
            LevelOdds.from_state("t", state | edit)
