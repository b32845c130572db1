"""Windows of two stacks against the plain twin, to the bit, however rows come."""

import math
import operator

import numpy as np
import pytest
from naive.sequences import two_stacks

from finsim.constraints.evaluating.window_functions import Window
from finsim.constraints.tables.group_layout import layout
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.kernels.windows import fast_slide, slide

JOINS = {"sum_in": (operator.add, 0.0), "max_in": (max, -math.inf), "min_in": (min, math.inf)}


def rows(seed, count=400, groups=4, spread=60):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.integers(0, spread, count))
    return rng.integers(0, groups, count), time, rng.normal(size=count) * 10.0 ** rng.integers(-9, 9, count)


def slid(name, width, batches, closed):
    """Values of windows over batches of (slots, time, x), equal slots together in each."""
    window, out = Window(name, width), []
    for slots, time, x in batches:
        block = layout(slots, 9, closed)
        args = [Vec(time)] if name == "count_in" else [Vec(x), Vec(time)]
        window.read(block, args)  # looking changes nothing
        args = [Vec(one.values.copy()) for one in args]
        out.append(window.read(block, args).values)
        window.commit(block, args)
    return np.concatenate(out)


@pytest.mark.parametrize("name", ["count_in", *JOINS])
@pytest.mark.parametrize("width", [1, 7, 10**6])
@pytest.mark.parametrize("size", [1, 3, 50, 10_000])
def test_groups_that_stand_together(name, width, size):
    group, time, x = rows(width)
    order = np.argsort(group, kind="stable")
    group, time, x = group[order], time[order], x[order]
    cuts = range(0, len(group), size)
    batches = [(group[at : at + size], time[at : at + size], x[at : at + size]) for at in cuts]
    join, empty = JOINS.get(name, (operator.add, 0))
    wanted = two_stacks(join, empty, width, group, time, np.ones_like(time) if name == "count_in" else x)
    assert slid(name, width, batches, closed=True).tolist() == wanted


@pytest.mark.parametrize("name", ["count_in", *JOINS])
@pytest.mark.parametrize("width", [1, 7, 10**6])
@pytest.mark.parametrize("size", [1, 3, 50, 10_000])
def test_groups_that_come_back_in_a_stream(name, width, size):
    group, time, x = rows(width + 100)
    join, empty = JOINS.get(name, (operator.add, 0))
    wanted = np.array(
        two_stacks(join, empty, width, group, time, np.ones_like(time) if name == "count_in" else x)
    )
    batches, places = [], []
    for at in range(0, len(group), size):
        order = np.argsort(group[at : at + size], kind="stable") + at
        places.append(order)
        batches.append((group[order], time[order], x[order]))
    found = slid(name, width, batches, closed=False)
    assert found.tolist() == wanted[np.concatenate(places)].tolist()


@pytest.mark.parametrize("name", JOINS)
@pytest.mark.parametrize("width", [1, 3, 20, 10**6])
@pytest.mark.parametrize("size", [1, 3, 50, 10_000])
@pytest.mark.parametrize("share", [0.0, 0.4, 0.9, 1.0])
def test_rows_that_add_nothing_stay_out_of_the_windows(name, width, size, share):
    group, time, x = rows(width + 7)
    rng = np.random.default_rng(size)
    empty = {"sum_in": 0, "max_in": -(2**63), "min_in": 2**63 - 1}[name]
    x = np.rint(x).astype(np.int64)
    x[rng.random(len(x)) < share] = empty
    wanted = np.array(two_stacks(JOINS[name][0], empty, width, group, time, x.tolist()))
    window, found, places = Window(name, width), [], []
    for at in range(0, len(group), size):
        order = np.argsort(group[at : at + size], kind="stable") + at
        places.append(order)
        block = layout(group[order], 9, closed=False)
        args = [Vec(x[order], x[order] != empty), Vec(time[order])]
        found.append(window.read(block, args))
        window.commit(block, args)
    values = np.concatenate([one.values for one in found])
    there = np.concatenate(
        [np.broadcast_to(True if one.valid is None else one.valid, one.values.shape) for one in found]
    )
    wanted = wanted[np.concatenate(places)]
    assert there.tolist() == [name == "sum_in" or value != empty for value in wanted.tolist()]
    assert values[there].tolist() == wanted[there].tolist()
    assert int(window._state.size.sum()) <= np.count_nonzero(x != empty)
    if share == 1.0:
        assert window._end == 0


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_a_pool_that_is_tidied_keeps_whose_rows_it_holds(share):
    count, size, width = 12_000, 600, 40
    rng = np.random.default_rng(3)
    group, time = rng.integers(0, 7, count), np.sort(rng.integers(0, 6_000, count))
    x = rng.integers(1, 100, count) * (rng.random(count) >= share)
    wanted = np.array(two_stacks(operator.add, 0, width, group, time, x.tolist()))
    window, ends = Window("sum_in", width), []
    for at in range(0, count, size):
        order = np.argsort(group[at : at + size], kind="stable") + at
        block, args = layout(group[order], 7, closed=False), [Vec(x[order]), Vec(time[order])]
        assert window.read(block, args).values.tolist() == wanted[order].tolist()
        window.commit(block, args)
        ends.append(window._end)
    assert min(np.diff(ends)) < 0  # it was tidied


@pytest.mark.parametrize("whole", [False, True])
def test_the_machine_code_does_the_same(whole):
    group, time, x = rows(5)
    x = (x * 1e3).astype(np.int64) if whole else x
    for kind in range(4):
        found = []
        for walk in (slide, fast_slide()):
            n = len(group)
            counts = (np.arange(n) % 3 > 0) | (kind == 0)
            places = np.where(counts, np.cumsum(counts) - 1, -1)
            kept = (time[counts], x[counts])
            pool = (*kept, np.zeros_like(x), np.zeros(n, np.int32), np.zeros(n, np.int32))
            nowhere = [np.full(9, -1) for _ in range(3)]
            empty = x.dtype.type(0)
            state = (*nowhere, np.zeros(9, np.int64), np.full(9, empty))
            out = np.zeros(n, np.int64 if kind == 0 else x.dtype)
            walk(kind, 7, (group, time, places), pool, state, empty, out)
            found.append((out.tolist(), [part.tolist() for part in state]))
        assert found[0] == found[1]


def test_a_span_of_time_too_long_for_64_bits_is_out_of_the_window():
    far = np.array([-(2**63), 2**63 - 1])
    assert slid("count_in", 10**9, [(np.zeros(2, np.int64), far, far)], closed=True).tolist() == [1, 1]


def test_nothing_cancels():
    x = np.array([1e17, 1.0, 1.0])
    time = np.array([0, 1, 10])
    found = slid("sum_in", 10, [(np.zeros(3, np.int64), time, x)], closed=True)
    assert found.tolist() == [1e17, 1e17, 2.0]


@pytest.mark.parametrize("closed", [True, False])
def test_the_pool_holds_no_more_than_the_windows_need(closed):
    window, x = Window("sum_in", 10), np.ones(500)
    for at in range(40):
        block, time = layout(np.zeros(500, np.int64), 1, closed), np.arange(500) + 500 * at
        window.commit(block, [Vec(x), Vec(time)])
    assert len(window._slots) <= 4_000
