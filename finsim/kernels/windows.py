"""Windows (t - w, t] over the rows of groups, in time that grows with the rows, whatever the windows hold.

Two stacks: the older rows of a window have their sums written beside them, each with all younger ones of
the same stack; the younger rows have one running sum. A window is the sum beside its oldest row and the
running sum: additions only, so nothing cancels, and what comes out depends on the rows of the group alone.
Source: Tangwongsan et al. 2017 (low-latency sliding-window aggregation). Twin: ``tests/naive/sequences.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Int1D

COUNT, SUM, MOST, LEAST = 0, 1, 2, 3


def slide(
    kind: int,
    width: int,
    rows: tuple[Int1D, Int1D, Int1D],
    pool: tuple[Array, ...],
    state: tuple[Array, Array, Array, Array, Array],
    empty: float,
    out: Array,
) -> None:
    """Write the count, sum, largest or smallest x of each row's window.

    ``rows`` : the group of each row, its time, and its place in the pool, -1 for one that adds nothing to
    any window; int64[N] each; rows of a group come in time order.
    ``pool`` : time, x, sum beside, row before and row after in the group (int32, -1: none), by place; rows
    of the block stand there with time and x written, in their order, after rows that windows may still hold.
    ``state`` : first, middle and last place of each group's window (-1: none), its number of rows, and the
    running sum of the rows from the middle on; written. ``empty`` is the sum of no rows.
    """
    runs, times, places = rows
    time, x, beside, before, after = pool
    head, middle, last, size, running = state
    for i in range(len(runs)):
        group, place, now = runs[i], places[i], times[i]
        if place >= 0:
            previous = last[group]
            before[place], after[place] = previous, -1
            if previous < 0:
                head[group] = place
            else:
                after[previous] = place
            if middle[group] < 0:
                middle[group] = place
            last[group] = place
            size[group] += 1
        first = head[group]
        while first >= 0 and not 0 <= now - time[first] < width:  # below 0: a span too long for 64 bits
            first = after[first]
            size[group] -= 1
        head[group] = first
        if kind == COUNT:
            out[i] = size[group]
            continue
        if first < 0:  # only a row that adds nothing leaves a window empty
            middle[group] = last[group] = -1
            running[group] = out[i] = empty
            continue
        value = running[group]
        if place >= 0:
            if kind == SUM:
                value = value + x[place]
            elif kind == MOST:
                value = max(value, x[place])
            else:
                value = min(value, x[place])
            running[group] = value
        if 0 <= middle[group] < first:  # the older rows are gone: the younger ones take their place
            total, at = empty, last[group]
            while at >= first:
                if kind == SUM:
                    total = x[at] + total
                elif kind == MOST:
                    total = max(x[at], total)
                else:
                    total = min(x[at], total)
                beside[at] = total
                at = before[at]
            middle[group] = -1
            running[group] = empty
            out[i] = total
        elif first == middle[group]:
            out[i] = value
        elif kind == SUM:
            out[i] = beside[first] + value
        elif kind == MOST:
            out[i] = max(beside[first], value)
        else:
            out[i] = min(beside[first], value)


@cache
def fast_slide() -> Callable[..., None]:
    """Return ``slide`` as machine code."""
    return kernel(slide)
