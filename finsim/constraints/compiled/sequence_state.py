"""State of sequence functions between blocks of a compiled run, for rows already sorted by group.

Each ``read`` moves past its block. What has no fast form here is left to the interpreter's own state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.evaluating.window_functions import KINDS, nothing
from finsim.constraints.language.expression import Node
from finsim.constraints.tables.nullable_vectors import Vec, solid, spread
from finsim.kernels.sequences import day_sum, running_sum, shifted, window_count, window_fold
from finsim.kernels.windows import SUM
from finsim.notation import Array, Bool1D, Int1D

_ROOM = 4  # a window's buffer holds this many blocks before rows are moved to its front
_WORD = 8  # bytes of a value that the kernel of ``lag`` moves


class Step(Protocol):
    """A sequence function that walks through the blocks once."""

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the block's values and move past it."""
        ...


def step_for(node: Node, facts: Facts) -> Step | None:
    """Return the fast form of a sequence function, or None when it has none."""
    name = node.data[0] if node.op == "call" else ""
    if name == "lag" and node.data[1] == 1:
        return LagOne()
    whole = bool(node.args) and node.args[0].type.stored == "i"
    if name == "cumsum":
        return RunningSum() if whole else None
    if name not in (*KINDS, "sum_day") or not facts.sure(node.args[-1]):
        return None
    if name == "sum_day":
        return DaySum() if whole else None
    width = int(node.data[1])
    return WindowCount(width) if name == "count_in" else WindowFold(name, width, not whole)


def _whole(vec: Vec, rows: int) -> Int1D:
    """Return whole numbers, 0 where null: sums pass over nulls."""
    values = spread(vec.values, rows)
    if vec.valid is not None:
        values = np.where(vec.valid, values, 0)
    return np.ascontiguousarray(values, dtype=np.int64)


class LagOne:
    """``lag(x [, default])`` of the row before."""

    def __init__(self) -> None:
        self.value: Array | None = None
        self.valid = False

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return x of the row before, the default in the first row of a group."""
        rows = len(same)
        x = np.ascontiguousarray(spread(args[0].values, rows))
        default = args[1] if len(args) > 1 else None
        out = self._values(x, same, default)
        if x.dtype.kind == "f":
            return Vec(out)
        whole = args[0].valid is None
        if whole and (default is None or default.valid is None):
            self.valid = True
            return Vec(out, same if default is None else None)
        there = solid(args[0].valid, rows)
        first_known, self.valid = self.valid, bool(there[-1])
        good = np.empty(rows, dtype=bool)
        good[1:], good[:1] = there[:-1], first_known
        starts = np.flatnonzero(~same)
        good[starts] = False if default is None else solid(default.valid, rows)[starts]
        return Vec(out, good)

    def _values(self, x: Array, same: Bool1D, default: Vec | None) -> Array:
        rows, before = len(x), self.value
        self.value = x[-1:].copy()
        fill = np.zeros(1, x.dtype) if default is None else np.asarray(default.values)
        if x.dtype.itemsize != _WORD or fill.dtype != x.dtype:
            out = np.empty_like(x)
            out[1:], out[:1] = x[:-1], 0 if before is None else before
            return np.where(same, out, np.nan if default is None and x.dtype.kind == "f" else fill)
        if default is None and x.dtype.kind == "f":
            fill = np.full(1, np.nan)
        words = np.ascontiguousarray(np.broadcast_to(fill, rows) if fill.size == 1 else fill).view(np.int64)
        out = np.empty_like(x)
        last = 0 if before is None else int(before.view(np.int64)[0])
        shifted(x.view(np.int64), same, last, words, out.view(np.int64))
        return out


class RunningSum:
    """``cumsum(x)`` of whole numbers."""

    def __init__(self) -> None:
        self.total = 0

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the sum since the group began."""
        out = np.empty(len(same), dtype=np.int64)
        running_sum(_whole(args[0], len(same)), same, self.total, out)
        self.total = int(out[-1])
        return Vec(out)


class DaySum:
    """``sum_day(x)`` of whole numbers."""

    def __init__(self) -> None:
        self.day, self.total = 0, 0

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the sum since the day began."""
        rows = len(same)
        out = np.empty(rows, dtype=np.int64)
        time = np.ascontiguousarray(args[1].values)
        found = day_sum(time, _whole(args[0], rows), same, self.day, self.total, out)
        self.day, self.total = map(int, found)
        return Vec(out)


class Buffer:
    """The rows that a window can still see, and the block after them, in one array."""

    def __init__(self) -> None:
        self.cells: Array = np.empty(0, dtype=np.int64)
        self.end = 0

    def append(self, block: Array, head: int) -> int:
        """Add a block; rows before ``head`` may go. Returns by how much rows moved to the front."""
        moved = 0
        if self.end + len(block) > len(self.cells):
            kept = self.cells[head : self.end].copy()
            if len(kept) + len(block) > len(self.cells) // 2:
                self.cells = np.empty(_ROOM * (len(kept) + len(block)), dtype=block.dtype)
            self.cells[: len(kept)] = kept
            self.end, moved = len(kept), head
        self.cells[self.end : self.end + len(block)] = block
        self.end += len(block)
        return moved


class WindowCount:
    """``count_in(w)``."""

    def __init__(self, width: int) -> None:
        self.width, self.head, self.time = width, 0, Buffer()

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the rows of the window."""
        out = np.empty(len(same), dtype=np.int64)
        self.head -= self.time.append(np.asarray(args[-1].values), self.head)
        begin = self.time.end - len(same)
        self.head = int(window_count(self.time.cells, begin, same, self.width, self.head, out))
        return Vec(out)


class WindowFold:
    """``sum_in(x, w)``, ``max_in`` and ``min_in``, with the values of the interpreter's ``Window``."""

    def __init__(self, name: str, width: int, is_float: bool) -> None:
        self.kind, self.width = KINDS[name], width
        empty = nothing(self.kind, is_float)
        self.places, self.running = np.zeros(2, dtype=np.int64), np.array([empty, empty])
        self.time, self.x, self.beside = Buffer(), Buffer(), Buffer()

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the sum over the window, or its largest or smallest value."""
        rows, empty = len(same), self.running[1]
        x = spread(args[0].values, rows).astype(self.running.dtype, copy=False)
        gone = np.isnan(x) if x.dtype.kind == "f" else None
        if args[0].valid is not None:
            gone = ~solid(args[0].valid, rows)
        x = x if gone is None or not gone.any() else np.where(gone, empty, x)
        out, head = np.empty_like(x), int(self.places[0])
        self.time.append(np.asarray(args[1].values), head)
        self.beside.append(out, head)
        self.places -= self.x.append(x, head)
        cells = (self.time.cells, self.x.cells, self.beside.cells)
        begin = self.time.end - rows
        state = (self.places, self.running)
        window_fold((self.kind, self.width), cells, begin, same, state, out)
        if self.kind == SUM:
            return Vec(out)
        good = out != empty
        if good.all():
            return Vec(out)
        return Vec(np.where(good, out, np.nan)) if out.dtype.kind == "f" else Vec(out, good)
