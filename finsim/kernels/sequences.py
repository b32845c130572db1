"""Sequence functions of the rule language on rows in group order, one block after the other.

What a block needs from the one before goes in and comes out as plain numbers; ``same[i]`` says that row
i belongs to the group of row i - 1. Twins: ``tests/naive/sequences.py``.
"""

from __future__ import annotations

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Bool1D, Int1D, Nanos1D


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
def within_period(time: Nanos1D, same: Bool1D, width: int, until: int, out: Bool1D) -> int:
    """Write whether a row lies in the period of ``width`` of the row before it, in the same group.

    Times ascend in a group; periods begin at multiples of ``width``. ``until`` is the end of the period
    before the first row; returns the end of the last row's.
    """
    for i in range(len(time)):
        inside = same[i] & (time[i] < until)
        out[i] = inside
        if not inside:
            until = (time[i] // width + 1) * width
    return until


@kernel
def window_count(time: Nanos1D, begin: int, same: Bool1D, width: int, head: int, out: Int1D) -> int:
    """Write the rows of the window (t - width, t] up to each row from ``begin`` on; return the last head.

    ``time`` holds rows from before the block, the first of a window not before ``head``; ``same`` and
    ``out`` are of the block.
    """
    for i in range(len(same)):
        row = begin + i
        if not same[i]:
            head = row
        limit = time[row] - width
        while time[head] <= limit:
            head += 1
        out[i] = row - head + 1
    return head


@kernel
def window_sum(
    time: Nanos1D, x: Int1D, begin: int, same: Bool1D, width: int, head: int, carried: int, out: Int1D
) -> tuple[int, int]:
    """Write the sum of whole numbers x over the window of each row; return the last head and sum.

    As ``window_count``; sums wrap as int64 does.
    """
    total = carried
    for i in range(len(same)):
        row = begin + i
        if not same[i]:
            head, total = row, 0
        total += x[row]
        limit = time[row] - width
        while time[head] <= limit:
            total -= x[head]
            head += 1
        out[i] = total
    return head, total
