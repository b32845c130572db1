"""Window functions over (t - w, t]: rows of the group up to and including this one, in order.

Rows of equal time count when they stand before this row in the order; later ones do not. Rows without
a time are in no window and have none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.constraints.evaluating.sequence_functions import finished
from finsim.constraints.tables.group_layout import Layout
from finsim.constraints.tables.nullable_vectors import Vec, solid, spread
from finsim.notation import Array, Bool1D, Int1D, Nanos1D


class Window:
    """``count_in``, ``sum_in`` and ``max_in``; the state is the rows still inside the last window."""

    def __init__(self, name: str, width: int) -> None:
        self.name, self.width = name, width
        self.tail: dict[str, Array] = {}

    def _joined(self, block: Layout, args: Sequence[Vec]) -> tuple[dict[str, Array], Int1D, Bool1D]:
        """Return tail and block rows together in group order, the block's rows in it, and who has a time."""
        time = spread(args[-1].values, block.rows)
        timed = solid(args[-1].valid, block.rows)
        x, valid = np.zeros(block.rows, dtype=np.int64), np.ones(block.rows, dtype=bool)
        if len(args) > 1:
            x, valid = spread(args[0].values, block.rows), solid(args[0].valid, block.rows)
            valid = ~np.isnan(x) if x.dtype.kind == "f" else valid
        own = {"slot": block.row_slots, "time": time, "x": x, "valid": valid}
        own = {name: values[timed] for name, values in own.items()}
        held = len(self.tail["slot"]) if self.tail else 0
        both = {name: np.concatenate((self.tail[name], own[name])) if held else own[name] for name in own}
        place = np.arange(held, held + len(own["slot"]))
        slots = both["slot"]
        if held and bool(np.any(slots[1:] < slots[:-1])):
            order = np.argsort(slots, kind="stable")
            both = {name: values[order] for name, values in both.items()}
            back = np.empty(len(order), dtype=np.int64)
            back[order] = np.arange(len(order))
            place = back[place]
        return both, place, timed

    def read(self, block: Layout, args: Sequence[Vec]) -> Vec:
        """Return the window's count, sum or maximum; null where the time is null."""
        rows, place, timed = self._joined(block, args)
        if self.width not in block.windows:
            block.windows[self.width] = window_starts(rows["slot"], rows["time"], self.width)[place]
        first = block.windows[self.width]
        if self.name == "count_in":
            found: Array = place - first + 1
            good = np.ones(len(found), dtype=bool)
        else:
            found, good = self._reduced(rows["x"], rows["valid"], first, place)
        out, valid = np.zeros(block.rows, dtype=found.dtype), np.zeros(block.rows, dtype=bool)
        out[timed], valid[timed] = found, good
        return finished(out, valid) if found.dtype.kind == "f" or not valid.all() else Vec(out)

    def _reduced(self, x: Array, valid: Bool1D, first: Int1D, last: Int1D) -> tuple[Array, Bool1D]:
        if self.name == "sum_in" and x.dtype.kind != "f":
            sums = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(np.where(valid, x, 0))))
            return sums[last + 1] - sums[first], np.ones(len(first), dtype=bool)
        is_sum = self.name == "sum_in"
        lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(np.int64).min
        filled = np.append(np.where(valid, x, 0 if is_sum else lowest), 0).astype(x.dtype)
        bounds = np.column_stack((first, last + 1)).ravel()
        ufunc = np.add if is_sum else np.maximum
        found = ufunc.reduceat(filled, bounds)[::2] if len(bounds) else filled[:0]
        return found, np.ones(len(found), dtype=bool) if is_sum else found != lowest

    def commit(self, block: Layout, args: Sequence[Vec]) -> None:
        """Keep the rows that a later row of the same group can still see."""
        rows, _, _ = self._joined(block, args)
        slots, times = rows["slot"], rows["time"]
        if not len(slots):
            return
        ends = np.append(np.flatnonzero(slots[1:] != slots[:-1]) + 1, len(slots))
        newest = np.repeat(times[ends - 1], np.diff(ends, prepend=0))
        kept = times > newest - self.width
        if block.closed:
            kept &= slots == block.slots[-1]
        self.tail = {name: values[kept] for name, values in rows.items()}


def window_starts(slots: Int1D, times: Nanos1D, width: int) -> Int1D:
    """Return for each row the first row of its group later than ``time - width``.

    Rows are sorted by slot, then time. Gaps longer than the window are cut to its width, so that one
    increasing clock runs over all groups and one binary search serves all rows.
    """
    if not len(times):
        return np.zeros(0, dtype=np.int64)
    gap = np.full(len(times), width, dtype=np.int64)
    same = slots[1:] == slots[:-1]
    gap[1:][same] = np.minimum(times[1:] - times[:-1], width)[same]
    if float(np.sum(gap, dtype=np.float64)) < 2.0**61:
        clock = np.cumsum(gap)
        return np.searchsorted(clock, clock - width, side="right")
    pieces = np.cumsum(gap, dtype=np.float64) // 2.0**61  # one clock of int64 holds a piece
    cuts = np.append(np.flatnonzero(np.diff(pieces, prepend=-1.0)), len(times))
    starts = np.zeros(len(times), dtype=np.int64)
    for begin, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        seen = int(starts[begin - 1]) if begin else 0  # nobody later sees further back
        clock = np.cumsum(gap[seen:end])
        starts[begin:end] = np.searchsorted(clock, clock[begin - seen :] - width, side="right") + seen
    return starts
