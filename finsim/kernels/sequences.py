"""Sequence functions of the rule language on rows in group order, one block after the other.

What a block needs from the one before goes in and comes out as plain numbers; ``same[i]`` says that row
i belongs to the group of row i - 1. Twins: ``tests/naive/sequences.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.windows import MOST, SUM
from finsim.notation import Array, Bool1D, Int1D, Nanos1D

DAY = 86_400 * 10**9


@kernel
def follow(x: Array, before: int, tied: Bool1D) -> int:
    """Clear ``tied`` where x differs from the row before; return how many tied rows step down.

    ``before`` stands before the first row. Called for one key after the other it compares rows
    lexicographically.
    """
    if len(x) == 0:
        return 0
    down = int(tied[0] and x[0] < before)
    tied[0] = tied[0] and x[0] == before
    for i in range(1, len(x)):
        down += int(tied[i] & (x[i] < x[i - 1]))
        tied[i] &= x[i] == x[i - 1]
    return down


@kernel
def running_sum(x: Array, goes_on: Bool1D, carried: float, out: Array) -> None:
    """Write the running sum of x, begun anew where ``goes_on`` is false; left to right."""
    total = out.dtype.type(carried)
    for i in range(len(x)):
        total = (total if goes_on[i] else out.dtype.type(0)) + x[i]
        out[i] = total


@kernel
def shifted(x: Int1D, same: Bool1D, before: int, default: Int1D, out: Int1D) -> None:
    """Write x of the row before, and ``default`` in the first row of a group; ``before`` comes before x."""
    if len(x) == 0:
        return
    out[0] = before if same[0] else default[0]
    earlier, goes_on, other, later = x[:-1], same[1:], default[1:], out[1:]
    for i in range(len(earlier)):
        later[i] = earlier[i] if goes_on[i] else other[i]


@kernel
def day_sum(time: Nanos1D, x: Int1D, same: Bool1D, day: int, total: int, out: Int1D) -> tuple[int, int]:
    """Write the sum of x since the day (UTC) began, in each group; return the last row's day and sum.

    ``day`` and ``total`` are those of the row before the first. The width is a constant of the module, so
    that the division becomes a multiplication.
    """
    for i in range(len(x)):
        new = time[i] // DAY
        total = (total if same[i] & (new == day) else 0) + x[i]
        day = new
        out[i] = total
    return day, total


@kernel
def window_starts(time: Nanos1D, begin: int, same: Bool1D, width: int, head: int, first: Int1D) -> int:
    """Write where the window (t - width, t] of each row from ``begin`` on begins; return the last of them.

    ``time`` holds rows from before the block, the first of a window not before ``head``; ``same`` and
    ``first`` are of the block. Its two halves are walked through side by side, the second from where a group
    begins, so that the processor waits for one while it works on the other. Most windows lose one row or
    none, which is worked out without a branch.
    """
    wide, one, rows = np.uint64(width), np.uint64(1), len(same)
    oldest: Any
    other: Any
    half = rows // 2
    while half < rows and same[half]:
        half += 1
    oldest, other = np.uint64(head), np.uint64(begin + half)
    both = max(0, min(half, rows - half, len(time) - begin - half - 1))  # another row can be read after each
    for i in range(both):
        row, later = np.uint64(begin + i), np.uint64(begin + half + i)
        oldest, other = oldest if same[i] else row, other if same[half + i] else later
        now, then = time[row], time[later]
        is_gone = np.uint64(now - time[oldest]) >= wide  # without a sign: no span is too long for 64 bits
        is_next_gone = is_gone & (np.uint64(now - time[oldest + one]) >= wide)
        was_gone = np.uint64(then - time[other]) >= wide
        was_next_gone = was_gone & (np.uint64(then - time[other + one]) >= wide)
        oldest += np.uint64(is_gone) + np.uint64(is_next_gone)
        other += np.uint64(was_gone) + np.uint64(was_next_gone)
        if is_next_gone | was_next_gone:
            oldest, other = _first_in(time, oldest, now, wide), _first_in(time, other, then, wide)
        first[i], first[half + i] = oldest, other
    for i in range(both, half):
        row = np.uint64(begin + i)
        oldest = _first_in(time, oldest if same[i] else row, time[row], wide)
        first[i] = oldest
    for i in range(half + both, rows):
        row = np.uint64(begin + i)
        other = _first_in(time, other if same[i] else row, time[row], wide)
        first[i] = other
    return int(first[rows - 1]) if rows else head


@kernel
def _first_in(time: Nanos1D, oldest: Any, now: Any, wide: Any) -> Any:
    """Return the first row from ``oldest`` on that is less than ``wide`` before ``now``."""
    while np.uint64(now - time[oldest]) >= wide:
        oldest += np.uint64(1)
    return oldest


@kernel
def _joined(kind: int, a: float, b: float) -> float:
    if kind == SUM:
        return a + b
    return max(a, b) if kind == MOST else min(a, b)


@kernel
def window_fold(
    kind: int,
    rows: tuple[Array, Array],
    begin: int,
    same: Bool1D,
    first: Int1D,
    state: tuple[Array, Array],
    out: Array,
) -> None:
    """Write the sum, largest or smallest x of each row's window, as ``windows.slide`` does, to the bit.

    ``rows`` : x and the sums beside (written); they hold rows from before the block, whose own stand from
    ``begin`` on. ``first`` : where each row's window begins among them. ``state`` : where the younger rows of
    the window begin int64[1], and their sum and the sum of no rows [2]; those of the row before, written.
    """
    x, beside = rows
    places, running = state
    middle: Any
    middle, younger, empty = np.int64(places[0]), running[0], running[1]
    for i in range(len(same)):
        row, oldest = begin + i, first[i]
        middle = middle if same[i] else row
        younger = _joined(kind, younger if same[i] else empty, x[np.uint64(row)])
        if oldest > middle:  # the older rows are gone: the younger ones take their place
            total = empty
            for at in range(row, oldest - 1, -1):
                total = _joined(kind, x[np.uint64(at)], total)
                beside[np.uint64(at)] = total
            out[i], middle, younger = total, row + 1, empty
        else:
            older = _joined(kind, beside[np.uint64(oldest)], younger)
            out[i] = older if oldest < middle else younger
    places[0], running[0] = middle, younger
