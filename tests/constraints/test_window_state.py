"""Windows of a compiled run: the same values wherever blocks are cut, for all functions of one width."""

import math
import operator
from itertools import pairwise

import naive.sequences as naive
import numpy as np
import pytest

from finsim.constraints.compiled.window_state import WindowCount, WindowFold, WindowStarts
from finsim.constraints.tables.nullable_vectors import Vec

WIDTH = 10
KINDS = {"sum_in": (operator.add, 0), "max_in": (max, -math.inf), "min_in": (min, math.inf)}


def rows(groups):
    rng = np.random.default_rng(groups)
    group = np.sort(rng.integers(0, groups, 300))
    time = rng.integers(-60, 60, 300)
    return group, time[np.lexsort((time, group))], rng.normal(size=300) * 10.0 ** rng.integers(-8, 8, 300)


def read(steps, group, blocks, *columns):
    """What each step makes of the rows, block after block."""
    same = np.append(False, group[1:] == group[:-1])
    found = [[] for _ in steps]
    for begin, end in pairwise(blocks):
        part = same[begin:end].copy()
        for out, step in zip(found, steps, strict=True):
            out.append(step.read(part, [Vec(one[begin:end]) for one in columns]))
    return found


def values(parts):
    return np.concatenate([np.asarray(part.values) for part in parts]).tolist()


@pytest.mark.parametrize(
    "blocks", [[0, 300], [0, 1, 2, 7, 8, 250, 300], list(range(301)), list(range(0, 301, 50))]
)
@pytest.mark.parametrize("groups", [1, 4, 60, 100_000])
def test_blocks_change_nothing(groups, blocks):
    group, time, x = rows(groups)
    starts = WindowStarts(WIDTH)  # shared, as functions of one width in a run do
    steps = [WindowFold(name, starts, is_float=True) for name in KINDS]
    found = read([*steps, WindowCount(starts)], group, blocks, x, time)
    for parts, (join, empty) in zip(found[:-1], KINDS.values(), strict=True):
        wanted = naive.two_stacks(join, float(empty), WIDTH, group, time.tolist(), x.tolist())
        assert values(parts) == wanted
    same = [False, *(group[1:] == group[:-1]).tolist()]
    whole = np.rint(x).astype(np.int64)
    assert values(found[-1]) == naive.window(time.tolist(), whole.tolist(), same, WIDTH)[0]
    sums = read([WindowFold("sum_in", WindowStarts(WIDTH), is_float=False)], group, blocks, whole, time)
    assert values(sums[0]) == naive.window(time.tolist(), whole.tolist(), same, WIDTH)[1]


def test_nulls_add_nothing_and_a_window_of_nulls_has_no_largest():
    starts, same = WindowStarts(WIDTH), np.array([False, True, True, False])
    time, x = np.array([0, 1, 2, 0]), np.array([5.0, np.nan, 7.0, np.nan])
    sums = WindowFold("sum_in", starts, is_float=True).read(same, [Vec(x), Vec(time)])
    assert sums.values.tolist() == [5, 5, 12, 0]
    most = WindowFold("max_in", starts, is_float=False).read(
        same, [Vec(np.array([5, 9, 7, 9]), np.array([True, False, True, False])), Vec(time)]
    )
    assert most.values[most.valid].tolist() == [5, 5, 7]
    assert most.valid.tolist() == [True, True, True, False]
