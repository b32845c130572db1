"""Walks through conditional trees against their plain twins."""

import numpy as np
import pytest
from naive import tree_rows as naive

from finsim.kernels.tree_rows import asked_nodes, leaf_draws, tree_leaves

# Node 0 asks column 1, its right child asks column 0; node 5 is a tree of one leaf.
COLUMN = np.array([1, -1, 0, -1, -1, -1], np.int32)
BOUND = np.array([2, 0, 0, 0, 0, 0], np.int32)
CHILD = np.array([1, 0, 3, 0, 0, 0], np.int32)


@pytest.mark.parametrize("kind", [np.int32, np.uint8])
@pytest.mark.parametrize("rows", [0, 1, 8, 203])
@pytest.mark.parametrize("roots", [[0], [5], [0, 2, 5]])
def test_leaves(streams, rows, roots, kind):
    levels = np.asfortranarray(streams.at("levels").integers(0, 5, (rows, 2)).astype(kind))
    nodes = asked_nodes(COLUMN, BOUND, CHILD)
    drawn = streams.at("roots").choice(roots, rows).astype(np.int64)
    for root in (drawn, np.array(roots[:1])):  # one for each row, or for all
        leaf = np.full(rows, -9, np.int32)
        tree_leaves(levels, nodes, root, leaf)
        each = np.broadcast_to(root, rows)
        assert np.array_equal(leaf, naive.tree_leaves(levels, COLUMN, BOUND, CHILD, each))


@pytest.mark.parametrize(
    "shares", [[1.0], [0.0, 1.0], [0.0, 0.0, 0.4, 0.4, 1.0], [0.2, 0.5, 0.999999], [1.0, 1.0, 1.0]]
)
def test_draws(streams, shares):
    size = len(shares)
    flat = np.array([*shares, *shares[:-1], 1.0])
    start = np.array([0, size], np.int64)
    draws = np.concatenate([[0.0, 1.0 - 1e-16, *shares], streams.at("draws").random(300)])
    leaf = (np.arange(len(draws)) % 2).astype(np.int32)
    level = np.full(len(draws), -9, np.int32)
    leaf_draws(leaf, start, size, flat, draws, level)
    assert np.array_equal(level, naive.leaf_draws(leaf, start, size, flat, draws))
    assert ((level >= 0) & (level < size)).all()
