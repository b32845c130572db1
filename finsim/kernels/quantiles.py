"""Quantiles of groups that stand together: small ones sorted many at once, large ones partitioned.

Small groups are sorted side by side, one a lane, by a network whose steps do not depend on the values, so
that the processor neither guesses nor waits. Twin: ``tests/kernels/test_quantiles.py``.
"""

from __future__ import annotations

import numpy as np

from finsim.kernels.hints import wide
from finsim.kernels.kernel import kernel
from finsim.notation import Array, Float1D, Int1D

LANES = 32  # groups sorted at once
LARGEST = 128  # rows of a group that is sorted so: more do not fit the nearest cache
_FILLED = 4  # a part of the lanes that must hold rows, else the groups are partitioned one by one
_FEW = 16  # values that are put in order one by one
_SAMPLED = 1_024  # values of which a sample is put in order, to part them near the one that is wanted
_ROUNDS = 3  # times the logarithm of the size: a partition that goes on longer is sorted instead


@kernel
def group_quantiles(x: Float1D, order: Int1D, starts: Int1D, share: float, out: Float1D) -> None:
    """Write the linear quantile of each group's values that are not NaN; NaN where it has none.

    x : float64[N]; order : int64[N], rows in group order (empty: as they stand); starts : int64[G + 1], where
    groups begin in it, and N; share from 0 to 1; out : float64[G], written.
    Source: Hyndman and Fan 1996, type 7; Knuth 1998, algorithm 5.2.2M; Hoare 1961 (find).
    """
    cells = np.empty(LARGEST * LANES)
    counts = np.zeros(LANES, dtype=np.int64)
    for begin in range(0, len(out), LANES):
        end = min(begin + LANES, len(out))
        rows, size = starts[end] - starts[begin], 0
        for group in range(begin, end):
            size = max(size, starts[group + 1] - starts[group])
        if size <= LARGEST and size * LANES <= _FILLED * rows:
            for group in range(begin, end):
                lane = group - begin
                counts[lane] = _known(x, order, starts[group], starts[group + 1], cells, lane, LANES)
                for place in range(counts[lane], size):
                    cells[place * LANES + lane] = np.inf
            sort_lanes(cells, size)
            for group in range(begin, end):
                lane = group - begin
                low, part = _place(counts[lane], share)
                below = cells[low * LANES + lane]
                above = cells[min(low + 1, max(counts[lane] - 1, 0)) * LANES + lane]
                out[group] = _between(below, above, part) if counts[lane] else np.nan
            continue
        for group in range(begin, end):
            values = np.empty(starts[group + 1] - starts[group])
            count = _known(x, order, starts[group], starts[group + 1], values, 0, 1)
            out[group] = _selected(values, count, share) if count else np.nan


@kernel
def _known(x: Float1D, order: Int1D, begin: int, end: int, cells: Float1D, first: int, step: int) -> int:
    """Write the values of a group that are not NaN to every ``step``-th cell; return how many they are."""
    is_ordered, count = len(order) == 0, 0
    for place in range(begin, end):
        value = x[place] if is_ordered else x[order[place]]
        cells[first + count * step] = value
        count += int(value == value)
    return count


@kernel
def _place(count: int, share: float) -> tuple[int, float]:
    """Return after how many of ``count`` values in order the quantile comes, and how far from the next."""
    place = max(count - 1, 0) * share
    low = int(np.floor(place))
    return low, place - low


@kernel
def _between(below: float, above: float, part: float) -> float:
    return below if part == 0.0 or below == above else below + (above - below) * part


@kernel
def _selected(values: Float1D, count: int, share: float) -> float:
    """Return the quantile of the first ``count`` values, which are moved."""
    low, part = _place(count, share)
    _select(values, 0, count, low)
    above = values[low] if low + 1 == count else values[low + 1]
    for at in range(low + 2, count):
        above = min(above, values[at])
    return _between(values[low], above, part)


@kernel
def sort_lanes(cells: Float1D, size: int) -> None:
    """Sort the first ``size`` values of each lane; ``cells`` float64[size * LANES] holds lane after lane."""
    top = 1
    while 2 * top < size:
        top *= 2
    width = top if size > 1 else 0
    while width > 0:
        limit, begin, apart = top, 0, width
        while True:
            for low in range(begin, size - apart, 2 * width):
                count = min(width, size - apart - low) * LANES
                first, second = low * LANES, (low + apart) * LANES
                _exchange(cells[first : first + count], cells[second : second + count])
            if limit == width:
                break
            apart, limit, begin = limit - width, limit // 2, width
        width //= 2


@kernel
def _exchange(low: Float1D, high: Float1D) -> None:
    """Put the smaller value of each pair into ``low``."""
    wide()
    for i in range(len(low)):
        a, b = low[i], high[i]
        low[i] = b if b < a else a
        high[i] = a if b < a else b


@kernel
def _pivot(values: Array, low: int, high: int, wanted: int) -> float:
    """Return a value of the range that parts it near ``wanted``, on the side where more values drop out.

    Of a long range every so manieth value is put in order; the value taken lies far enough from the expected
    rank that ``wanted`` is hardly ever cut off from the short side (Floyd and Rivest 1975, section 2).
    """
    size = high - low + 1
    if size < _SAMPLED:
        a, b, c = values[low], values[(low + high) >> 1], values[high]
        return float(max(min(a, b), min(max(a, b), c)))
    count = int(0.5 * size ** (2 / 3))
    sample = np.empty(count)
    for at in range(count):
        sample[at] = values[low + at * size // count]
    sample.sort()
    rank = (wanted - low) * count / size
    apart = 0.5 * np.sqrt(np.log(size) * count)
    if 2 * (wanted - low) > size:
        return float(sample[max(int(rank - apart), 0)])
    return float(sample[min(int(rank + apart), count - 1)])


@kernel
def _select(values: Array, begin: int, end: int, wanted: int) -> None:
    """Move values so that ``wanted`` holds what it would hold in order, no larger ones before it."""
    low, high, left = begin, end - 1, 2
    size = end - begin
    while size > 0:
        size >>= 1
        left += _ROUNDS
    while high - low >= _FEW:
        left -= 1
        if left == 0:
            values[low : high + 1] = np.sort(values[low : high + 1])
            return
        pivot = _pivot(values, low, high, wanted)
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if wanted <= j:
            high = j
        elif wanted >= i:
            low = i
        else:
            return
    for i in range(low + 1, high + 1):
        value, j = values[i], i - 1
        while j >= low and values[j] > value:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = value
