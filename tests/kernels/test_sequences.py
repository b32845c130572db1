"""The sequence kernels against their plain twins, whole and cut into blocks."""

import math
import operator

import naive.sequences as naive
import numpy as np
import pytest

from finsim.kernels.marks import bit_counts, size_bits
from finsim.kernels.sequences import (
    DAY,
    day_sum,
    follow,
    running_sum,
    shifted,
    window_fold,
    window_starts,
)
from finsim.kernels.windows import LEAST, MOST, SUM

WIDTH = 10
FOLDS = [(SUM, operator.add, 0.0), (MOST, max, -math.inf), (LEAST, min, math.inf)]


def rows(seed, count=400):
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, 30, count))
    time = rng.integers(-60, 60, count)
    time = time[np.lexsort((time, group))]
    same = np.append(False, group[1:] == group[:-1])
    return group, time, rng.integers(-5, 50, count), same


@pytest.mark.parametrize("seed", range(4))
def test_rows_follow_one_another(seed):
    rng = np.random.default_rng(seed)
    columns = [rng.integers(0, 3, 50).astype(kind) for kind in (np.int64, np.int8, np.int32)]
    if seed % 2:
        order = np.lexsort(columns[::-1])
        columns = [column[order] for column in columns]
    for begun in (False, True):
        tied = np.ones(50, dtype=bool)
        tied[0] = begun
        down = sum(follow(column, 1, tied) for column in columns)
        same, wanted = naive.follow([column.tolist() for column in columns], (1, 1, 1), begun)
        assert tied.tolist() == same
        assert (down > 0) == (wanted > 0)
        assert down == wanted


def test_no_rows_follow_nothing():
    assert follow(np.zeros(0, dtype=np.int64), 3, np.zeros(0, dtype=bool)) == 0


@pytest.mark.parametrize("kind", [np.int64, np.float64])
@pytest.mark.parametrize("seed", range(3))
def test_running_sums(seed, kind):
    _, _, x, same = rows(seed)
    x = x.astype(kind) / (3 if kind is np.float64 else 1)
    out = np.empty(len(x), dtype=kind)
    running_sum(x.astype(kind), same, 7, out)
    assert out.tolist() == naive.running_sum(x.astype(kind).tolist(), same, 7)


def cuts(count, block):
    return [slice(low, min(low + block, count)) for low in range(0, count, block)]


@pytest.mark.parametrize("block", [1, 7, 400])
@pytest.mark.parametrize("seed", range(3))
def test_the_row_before(seed, block):
    _, time, x, same = rows(seed)
    out, before = np.empty_like(x), 0
    for cut in cuts(len(x), block):
        shifted(x[cut], same[cut], before, time[cut], out[cut])
        before = int(x[cut][-1])
    assert out.tolist() == naive.shifted(x.tolist(), same.tolist(), time.tolist())
    shifted(x[:0], same[:0], 0, time[:0], out[:0])


@pytest.mark.parametrize("block", [1, 7, 400])
@pytest.mark.parametrize("seed", range(3))
def test_sums_of_days_before_and_after_the_epoch(seed, block):
    _, time, x, same = rows(seed)
    time = time * (DAY // 7)
    out, day, total = np.empty_like(x), 0, 0
    for cut in cuts(len(x), block):
        day, total = day_sum(time[cut], x[cut], same[cut], day, total, out[cut])
    assert out.tolist() == naive.day_sum(time.tolist(), x.tolist(), same.tolist(), DAY)
    assert day == time[-1] // DAY


def folded(kind, empty, time, x, same, block):
    """Where windows begin and what they hold, block by block, with the rows of blocks before at hand."""
    first, out, beside = np.empty(len(x), np.int64), np.empty_like(x), np.empty_like(x)
    head, state = 0, (np.zeros(1, np.int64), np.array([empty, empty], dtype=x.dtype))
    for cut in cuts(len(x), block):
        seen = slice(0, cut.stop)
        head = window_starts(time[seen], cut.start, same[cut], WIDTH, head, first[cut])
        assert head == first[cut][-1]
        window_fold(kind, (x[seen], beside[seen]), cut.start, same[cut], first[cut], state, out[cut])
    return first, out


@pytest.mark.parametrize("block", [1, 7, 400])
@pytest.mark.parametrize("seed", range(3))
def test_windows(seed, block):
    _, time, x, same = rows(seed)
    first, sums = folded(SUM, 0, time, x, same, block)
    counts = np.arange(len(x)) - first + 1
    wanted = naive.window(time.tolist(), x.tolist(), same.tolist(), WIDTH)
    assert (counts.tolist(), sums.tolist()) == wanted


@pytest.mark.parametrize("block", [1, 7, 400])
@pytest.mark.parametrize(("kind", "join", "empty"), FOLDS)
def test_windows_are_folded_as_the_interpreter_does_to_the_bit(block, kind, join, empty):
    group, time, _, same = rows(block)
    x = np.random.default_rng(block).normal(size=len(time)) * 10.0 ** (group % 17 - 8)
    _, out = folded(kind, empty, time, x, same, block)
    assert out.tolist() == naive.two_stacks(join, empty, WIDTH, group, time.tolist(), x.tolist())


@pytest.mark.parametrize("gone", [1, 2, 3, 50])
def test_windows_that_lose_many_rows_at_once(gone):
    time = np.array([*range(gone), WIDTH + gone - 1, WIDTH + gone])
    first, _ = folded(SUM, 0, time, time, np.arange(len(time)) > 0, 100)
    assert first.tolist() == [0 if t < WIDTH else t - WIDTH + 1 for t in range(gone)] + [gone, gone]


def test_a_window_may_span_more_than_half_of_all_times():
    time = np.array([-(2**63), -(2**63) + 5, 2**63 - 1, 2**63 - 1])
    first = np.empty(4, np.int64)
    window_starts(time, 0, np.arange(4) > 0, WIDTH, 0, first)
    assert first.tolist() == [0, 0, 2, 2]


def test_bits_are_counted_rule_by_rule():
    words, counts = np.array([5, 2**63, 1], dtype=np.uint64), np.zeros(64, dtype=np.int64)
    bit_counts(words, counts)
    assert (counts[0], counts[2], counts[63], counts.sum()) == (2, 1, 1, 4)


@pytest.mark.parametrize("values", [[0], [5, -3], [2**62], [-(2**62)], [-1], [2**40, -(2**59)]])
def test_size_bits_has_the_bits_of_the_largest(values):
    largest = max(value if value >= 0 else -value - 1 for value in values)
    assert int(size_bits(np.array(values))).bit_length() == largest.bit_length()
