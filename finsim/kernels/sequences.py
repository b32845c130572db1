"""Sequence functions of the rule language on rows in group order, one block after the other.

What a block needs from the one before goes in and comes out as plain numbers; ``same[i]`` says that row
i belongs to the group of row i - 1. Twins: ``tests/naive/sequences.py``.
"""

from __future__ import annotations

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
def _joined(kind: int, a: float, b: float) -> float:
    if kind == SUM:
        return a + b
    return max(a, b) if kind == MOST else min(a, b)


@kernel
def window_fold(
    window: tuple[int, int],
    rows: tuple[Array, ...],
    begin: int,
    same: Bool1D,
    state: tuple[Array, Array],
    out: Array,
) -> None:
    """Write the sum, largest or smallest x of each row's window, as ``windows.slide`` does, to the bit.

    ``window`` : kind and width. ``rows`` : time, x and the sums beside (written); they hold rows from before
    the block, whose own stand from ``begin`` on. ``state`` : where the window and its running sum begin
    int64[2], and that sum and the sum of no rows [2]; those of the row before, written.
    """
    kind, width = window
    time, x, beside = rows
    places, running = state
    first, middle, younger, empty = places[0], places[1], running[0], running[1]
    for i in range(len(same)):
        row = begin + i
        if not same[i]:
            first, middle, younger = row, row, empty
        now = time[row]
        younger = _joined(kind, younger, x[row])
        while not 0 <= now - time[first] < width:
            first += 1
        if first < middle:
            out[i] = _joined(kind, beside[first], younger)
        elif first == middle:
            out[i] = younger
        else:  # the older rows are gone: the younger ones take their place
            total = empty
            for at in range(row, first - 1, -1):
                total = _joined(kind, x[at], total)
                beside[at] = total
            out[i], middle, younger = total, row + 1, empty
    places[0], places[1], running[0] = first, middle, younger
