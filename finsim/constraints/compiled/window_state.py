"""Windows of a compiled run: where they begin, once for all functions of one width, and what they hold.

Groups stand together, so the rows of a block that windows of later blocks may see are those of its last
group. Only they are copied; the rest is read where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.constraints.evaluating.window_functions import KINDS, nothing
from finsim.constraints.tables.nullable_vectors import Vec, solid, spread
from finsim.kernels.sequences import window_fold, window_starts
from finsim.kernels.windows import SUM
from finsim.notation import Array, Bool1D, Int1D, Nanos1D

_ROOM = 4  # a buffer holds this many blocks before rows are moved to its front


class Buffer:
    """The rows that a window can still see, and rows after them, in one array."""

    def __init__(self, dtype: Any) -> None:
        self.cells: Array = np.empty(0, dtype=dtype)
        self.end = 0

    def append(self, block: Array, head: int) -> int:
        """Add rows; those before ``head`` may go. Returns by how much rows moved to the front."""
        moved = 0
        if self.end + len(block) > len(self.cells):
            kept = self.cells[head : self.end].copy()
            if len(kept) + len(block) > len(self.cells) // 2:
                self.cells = np.empty(_ROOM * (len(kept) + len(block)), dtype=self.cells.dtype)
            self.cells[: len(kept)] = kept
            self.end, moved = len(kept), head
        self.cells[self.end : self.end + len(block)] = block
        self.end += len(block)
        return moved

    def restart(self, rows: Array) -> None:
        """Hold these rows only."""
        self.end = 0
        self.append(rows, 0)


@dataclass(frozen=True)
class Stretch:
    """Rows of a block whose windows lie in one array: ``first`` are their beginnings there.

    ``head`` is where the window of the row before began, and ``begin`` where these rows stand, among the rows
    held from blocks before; None where they begin a group and are read in place.
    """

    rows: slice
    first: Int1D
    head: int
    begin: int | None


class WindowStarts:
    """Where the windows (t - width, t] of the rows of each block begin."""

    def __init__(self, width: int) -> None:
        self._width, self._head, self._time = width, 0, Buffer(np.int64)
        self._same: Bool1D | None = None
        self._stretches: list[Stretch] = []

    def read(self, same: Bool1D, time: Nanos1D) -> Sequence[Stretch]:
        """Return the rows of a block that go on with a group, then the others; worked out once a block."""
        if same is not self._same:
            self._same, self._stretches = same, list(self._read(same, time))
        return self._stretches

    def _read(self, same: Bool1D, time: Nanos1D) -> Iterator[Stretch]:
        rows = len(same)
        fresh = 0 if not rows or not same[0] else int(np.argmin(same)) or rows
        first = np.empty(rows, dtype=np.int64)
        if fresh:
            head = self._head
            self._head -= self._time.append(time[:fresh], head)
            begin, held = self._time.end - fresh, self._time.cells[: self._time.end]
            self._head = int(window_starts(held, begin, same[:fresh], self._width, self._head, first[:fresh]))
            yield Stretch(slice(0, fresh), first[:fresh], head, begin)
        if fresh < rows:
            own = np.ascontiguousarray(time[fresh:])
            self._head = int(window_starts(own, 0, same[fresh:], self._width, 0, first[fresh:]))
            yield Stretch(slice(fresh, rows), first[fresh:], 0, None)
            self._time.restart(own[self._head :])
            self._head = 0


class WindowCount:
    """``count_in(w)``."""

    def __init__(self, starts: WindowStarts) -> None:
        self._starts = starts

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the rows of the window."""
        out = np.empty(len(same), dtype=np.int64)
        for one in self._starts.read(same, np.asarray(args[-1].values)):
            after = 1 + (one.begin or 0)
            np.subtract(np.arange(after, after + len(one.first)), one.first, out=out[one.rows])
        return Vec(out)


class WindowFold:
    """``sum_in(x, w)``, ``max_in`` and ``min_in``, with the values of the interpreter's ``Window``."""

    def __init__(self, name: str, starts: WindowStarts, is_float: bool) -> None:
        self._kind, self._starts = KINDS[name], starts
        empty = nothing(self._kind, is_float)
        self._places, self._running = np.zeros(1, dtype=np.int64), np.array([empty, empty])
        self._x, self._beside = Buffer(self._running.dtype), Buffer(self._running.dtype)

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the sum over the window, or its largest or smallest value."""
        rows, empty = len(same), self._running[1]
        x = spread(args[0].values, rows).astype(self._running.dtype, copy=False)
        gone = np.isnan(x) if x.dtype.kind == "f" else None
        if args[0].valid is not None:
            gone = ~solid(args[0].valid, rows)
        x = np.ascontiguousarray(x) if gone is None or not gone.any() else np.where(gone, empty, x)
        out = np.empty_like(x)
        for one in self._starts.read(same, np.asarray(args[1].values)):
            self._fold(one, same[one.rows], x[one.rows], out[one.rows])
        if self._kind == SUM:
            return Vec(out)
        good = out != empty
        if good.all():
            return Vec(out)
        return Vec(np.where(good, out, np.nan)) if out.dtype.kind == "f" else Vec(out, good)

    def _fold(self, one: Stretch, same: Bool1D, x: Array, out: Array) -> None:
        state = (self._places, self._running)
        if one.begin is not None:
            self._beside.append(out, one.head)
            self._places -= self._x.append(x, one.head)
            held = (self._x.cells, self._beside.cells)
            window_fold(self._kind, held, one.begin, same, one.first, state, out)
            return
        beside = np.empty_like(x)
        window_fold(self._kind, (x, beside), 0, same, one.first, state, out)
        head = int(one.first[-1])
        self._x.restart(x[head:])
        self._beside.restart(beside[head:])
        self._places -= head
