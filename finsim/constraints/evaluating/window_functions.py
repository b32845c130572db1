"""Window functions over (t - w, t]: rows of the group up to and including this one, in order.

Rows of equal time count when they stand before this row in the order; later ones do not. Rows without
a time are in no window and have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.constraints.tables.group_layout import Layout
from finsim.constraints.tables.nullable_vectors import Vec, solid, spread
from finsim.kernels.windows import COUNT, LEAST, MOST, SUM, fast_slide, slide
from finsim.notation import Array, Bool1D, Int1D, Nanos1D

KINDS = {"count_in": COUNT, "sum_in": SUM, "max_in": MOST, "min_in": LEAST}
PLAIN_ROWS = 16_384  # so many rows in plain Python take as long as loading machine code
_LEAST_ROOM = 1_024


@dataclass(frozen=True)
class _Rows:
    """The rows of one block that have a time: which these are, the run of each, its time and its x.

    ``counts`` says which of them add something to a window; None: all.
    """

    timed: Bool1D
    run: Int1D
    time: Nanos1D
    x: Array
    counts: Bool1D | None

    @property
    def counting(self) -> int:
        """Rows that add something."""
        return len(self.run) if self.counts is None else int(np.count_nonzero(self.counts))

    def counted(self, values: Array) -> Array:
        """Return the values, one a row with a time, of those rows that add something."""
        return values if self.counts is None else values[self.counts]

    def places(self, begin: int) -> Int1D:
        """Return the place of each row in the pool, from ``begin`` on; -1 where it adds nothing."""
        if self.counts is None:
            return np.arange(begin, begin + len(self.run))
        return np.where(self.counts, begin + np.cumsum(self.counts) - 1, -1)


@dataclass
class _State:
    """Windows by group: first, middle and last place in the pool, number of rows, running value."""

    head: Array
    middle: Array
    last: Array
    size: Array
    running: Array

    @classmethod
    def fresh(cls, count: int, empty: Any, dtype: np.dtype[Any]) -> _State:
        """Return windows that hold nothing."""
        head, middle, last = (np.full(count, -1, dtype=np.int32) for _ in range(3))
        running = np.full(count, empty, dtype=dtype)
        return cls(head, middle, last, np.zeros(count, dtype=np.int32), running)

    def parts(self) -> tuple[Array, Array, Array, Array, Array]:
        """Return the arrays as the kernel takes them."""
        return self.head, self.middle, self.last, self.size, self.running

    def take(self, slots: Int1D) -> _State:
        """Return copies of the windows of some groups."""
        return _State(*(part[slots] for part in self.parts()))

    def put(self, slots: Int1D, other: _State) -> None:
        """Write the windows of some groups."""
        for part, values in zip(self.parts(), other.parts(), strict=True):
            part[slots] = values

    def room(self, count: int, empty: Any) -> _State:
        """Return the windows with room for more groups."""
        had = len(self.head)
        if had >= count:
            return self
        larger = _State.fresh(max(count, 2 * had), empty, self.running.dtype)
        larger.put(np.arange(had), self)
        return larger


class Window:
    """``count_in``, ``sum_in``, ``max_in`` and ``min_in``.

    Rows that add nothing, such as a sum's zeros, are in no window. Only whole numbers are left out: sums of
    others depend on how they are put together. Rows that windows may still hold are kept in a pool; it is
    tidied when it is full, and grows when that leaves more than half of it in use. Groups that come back (in
    a stream) have a window by slot; where groups stand together only the last one has.
    """

    def __init__(self, name: str, width: int) -> None:
        self.kind, self.width = KINDS[name], width
        self._pool: tuple[Array, ...] = ()
        self._slots = np.empty(0, dtype=np.int32)
        self._end = self._seen = 0
        self._state: _State | None = None
        self._only: int | None = None  # the slot whose window alone is kept
        self._read: tuple[Sequence[Vec], Layout, _State, Vec, _Rows] | None = None

    def read(self, block: Layout, args: Sequence[Vec]) -> Vec:
        """Return the window's count, sum, maximum or minimum; null where the time is null."""
        return self._slid(block, args)[1]

    def commit(self, block: Layout, args: Sequence[Vec]) -> None:
        """Keep the rows that a later row of the same group can still see."""
        state, _, rows = self._slid(block, args)
        self._read = None
        slots = block.row_slots if len(rows.run) == block.rows else block.row_slots[rows.timed]
        count = rows.counting
        self._slots[self._end : self._end + count] = rows.counted(slots)
        self._end += count
        self._seen += len(rows.run)
        if block.closed:
            if len(block.slots):
                self._state, self._only = state.take(np.array([-1])), int(block.slots[-1])
            return
        self._state = self._by_slot(block.slot_count, state)
        self._state.put(block.slots, state)

    def _slid(self, block: Layout, args: Sequence[Vec]) -> tuple[_State, Vec, _Rows]:
        """Return the windows after the block, the values in it, and its rows: once for the same arguments."""
        if self._read is not None:
            known, shape, state, vec, rows = self._read
            same = all(one is other for one, other in zip(known, args, strict=True))
            if same and shape is block:
                return state, vec, rows
        rows, empty = self._rows(block, args)
        self._make_room(rows.counting, rows.x.dtype, block.closed)
        state = self._windows(block, empty, rows.x.dtype)
        for part, values in zip(self._pool, (rows.time, rows.x), strict=False):
            part[self._end : self._end + rows.counting] = rows.counted(values)
        found = np.empty(len(rows.run), dtype=np.int64 if self.kind == COUNT else rows.x.dtype)
        walk = slide if self._seen + len(found) <= PLAIN_ROWS else fast_slide()
        each = (rows.run, rows.time, rows.places(self._end))
        with np.errstate(over="ignore", invalid="ignore"):
            walk(self.kind, self.width, each, self._pool, state.parts(), empty, found)
        vec = self._finished(found, rows, empty)
        self._read = tuple(args), block, state, vec, rows
        return state, vec, rows

    def _rows(self, block: Layout, args: Sequence[Vec]) -> tuple[_Rows, Any]:
        time, timed = spread(args[-1].values, block.rows), solid(args[-1].valid, block.rows)
        run = np.repeat(np.arange(len(block.slots)), block.lengths)
        x, empty, counts = time, np.int64(0), None
        if self.kind != COUNT:
            x = spread(args[0].values, block.rows)
            is_float = x.dtype.kind == "f"
            empty = nothing(self.kind, is_float)
            there = ~np.isnan(x) if is_float else args[0].valid
            x = x if there is None else np.where(there, x, empty)
        if not timed.all():
            run, time, x = run[timed], time[timed], x[timed]
        if self.kind != COUNT and x.dtype.kind != "f":
            counts = x != empty
        return _Rows(timed, run, time, x, counts), empty

    def _finished(self, found: Array, rows: _Rows, empty: Any) -> Vec:
        good = np.ones(len(found), dtype=bool) if self.kind in (COUNT, SUM) else found != empty
        is_float = found.dtype.kind == "f"
        if len(found) == len(rows.timed):
            if good.all():
                return Vec(found)
            return Vec(np.where(good, found, np.nan)) if is_float else Vec(found, good)
        out = np.full(len(rows.timed), np.nan if is_float else 0, dtype=found.dtype)
        valid = np.zeros(len(rows.timed), dtype=bool)
        out[rows.timed] = np.where(good, found, np.nan) if is_float else found
        valid[rows.timed] = good
        return Vec(out) if is_float else Vec(out, valid)

    def _windows(self, block: Layout, empty: Any, dtype: np.dtype[Any]) -> _State:
        """Return the windows of the block's runs as they stand before it, to be written to."""
        if block.closed:
            state = _State.fresh(len(block.slots), empty, dtype)
            if self._state is not None and len(block.slots) and self._only == block.slots[0]:
                state.put(np.array([0]), self._state)
            return state
        return self._by_slot(block.slot_count, _State.fresh(0, empty, dtype)).take(block.slots)

    def _by_slot(self, count: int, like: _State) -> _State:
        """Return the windows of all groups, with room for ``count`` of them."""
        dtype = like.running.dtype
        empty = nothing(self.kind, dtype.kind == "f")
        held = _State.fresh(0, empty, dtype) if self._state is None else self._state
        self._state = held.room(count, empty)
        return self._state

    def _make_room(self, count: int, dtype: np.dtype[Any], closed: bool) -> None:
        """Let the pool hold more rows; those that no window holds any more go first, if they are many."""
        if self._pool and self._end + count <= len(self._slots):
            return
        held = 0 if self._state is None else int(self._state.size.sum())
        if 2 * held <= self._end:
            self._tidy(closed)
        if not self._pool or 2 * (self._end + count) > len(self._slots):
            self._grow(max(2 * (self._end + count), _LEAST_ROOM), dtype)

    def _grow(self, room: int, dtype: np.dtype[Any]) -> None:
        kinds = (np.int64, dtype, dtype, np.int32, np.int32)
        old = self._pool or tuple(np.empty(0, dtype=kind) for kind in kinds)
        self._pool = tuple(np.empty(room, dtype=kind) for kind in kinds)
        for new, values in zip(self._pool, old, strict=True):
            new[: self._end] = values[: self._end]
        slots = np.empty(room, dtype=np.int32)
        slots[: self._end] = self._slots[: self._end]
        self._slots = slots

    def _tidy(self, closed: bool) -> None:
        """Move the rows that windows still hold to the front of the pool."""
        if not self._end or self._state is None:
            self._end = 0
            return
        slots = self._slots[: self._end]
        window = np.where(slots == self._only, 0, -1) if closed else slots
        kept = np.flatnonzero((window >= 0) & (np.arange(self._end) >= self._state.head[window]))
        held = np.unique(window[kept])  # before rows are moved: ``window`` may be the pool's own slots
        place = np.full(self._end + 1, -1, dtype=np.int64)  # the last: of no row
        place[kept] = np.arange(len(kept))
        for part in (*self._pool[:3], self._slots):
            part[: len(kept)] = part[kept]
        for part in self._pool[3:]:
            part[: len(kept)] = place[np.minimum(part[kept], self._end)]
        for part in self._state.parts()[:3]:
            part[held] = place[part[held]]
        self._end = len(kept)


def nothing(kind: int, is_float: bool) -> Any:
    """Return the value of a window of no rows."""
    if kind in (COUNT, SUM):
        return np.float64(0) if is_float else np.int64(0)
    least, most = (-np.inf, np.inf) if is_float else (np.iinfo(np.int64).min, np.iinfo(np.int64).max)
    found = most if kind == LEAST else least
    return np.float64(found) if is_float else np.int64(found)
