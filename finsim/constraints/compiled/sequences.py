"""Sequence functions fed block by block to compiled kernels, for groups that stand together.

Each ``read`` moves past its block. What has no fast form here is left to the interpreter's own state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from finsim.constraints.compiled.facts import Facts
from finsim.constraints.expression import Node
from finsim.constraints.types import DAY_NANOS
from finsim.constraints.vectors import Vec, solid, spread
from finsim.kernels.sequences import running_sum, window_count, window_sum, within_period
from finsim.notation import Array, Bool1D, Int1D

_ROOM = 4  # a window's buffer holds this many blocks before rows are moved to its front
_NEVER = -(2**63)


class Step(Protocol):
    """A sequence function that walks through the blocks once."""

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the block's values and move past it."""
        ...


def step_for(node: Node, facts: Facts) -> Step | None:
    """Return the fast form of a sequence function, or None when it has none."""
    name = node.data[0]
    if name == "lag" and node.data[1] == 1:
        return LagOne()
    whole = bool(node.args) and node.args[0].type.stored == "i"
    if name == "cumsum":
        return RunningSum() if whole else None
    if name in ("count_in", "sum_in", "sum_day") and facts.sure(node.args[-1]):
        if name == "count_in":
            return WindowCount(int(node.data[1]))
        if not whole:
            return None
        return WindowSum(int(node.data[1])) if name == "sum_in" else DaySum()
    return None


def is_sure_step(node: Node, facts: Facts) -> bool:
    """Whether the fast form of a function never gives null."""
    if node.data[0] == "lag":
        return len(node.args) > 1 and all(facts.sure(arg) for arg in node.args)
    return True


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
        x = spread(args[0].values, rows)
        out = np.empty_like(x)
        out[1:] = x[:-1]
        if self.value is not None:
            out[:1] = self.value
        self.value = x[-1:].copy()
        default = args[1] if len(args) > 1 else None
        starts = np.flatnonzero(~same)
        if default is not None:
            out[starts] = spread(default.values, rows)[starts]
        if x.dtype.kind == "f":
            if default is None:
                out[starts] = np.nan
            return Vec(out)
        whole = args[0].valid is None
        there = solid(args[0].valid, rows)
        first_known, self.valid = self.valid, bool(there[-1])
        if whole and default is not None and default.valid is None:
            return Vec(out)
        good = np.empty(rows, dtype=bool)
        good[1:], good[:1] = there[:-1], first_known
        good[starts] = False if default is None else solid(default.valid, rows)[starts]
        return Vec(out, good)


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
        self.total, self.until = 0, _NEVER

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the sum since the day began."""
        rows = len(same)
        goes_on, out = np.empty(rows, dtype=bool), np.empty(rows, dtype=np.int64)
        time = np.ascontiguousarray(args[1].values)
        self.until = int(within_period(time, same, DAY_NANOS, self.until, goes_on))
        running_sum(_whole(args[0], rows), goes_on, self.total, out)
        self.total = int(out[-1])
        return Vec(out)


class Buffer:
    """The rows that a window can still see, and the block after them, in one array."""

    def __init__(self) -> None:
        self.cells = np.empty(0, dtype=np.int64)
        self.end = 0

    def append(self, block: Int1D, head: int) -> int:
        """Add a block; rows before ``head`` may go. Returns by how much rows moved to the front."""
        moved = 0
        if self.end + len(block) > len(self.cells):
            kept = self.cells[head : self.end].copy()
            if len(kept) + len(block) > len(self.cells) // 2:
                self.cells = np.empty(_ROOM * (len(kept) + len(block)), dtype=np.int64)
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


class WindowSum:
    """``sum_in(x, w)`` of whole numbers."""

    def __init__(self, width: int) -> None:
        self.width, self.head, self.total = width, 0, 0
        self.time, self.x = Buffer(), Buffer()

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the sum over the window."""
        rows = len(same)
        out = np.empty(rows, dtype=np.int64)
        self.time.append(np.asarray(args[1].values), self.head)
        self.head -= self.x.append(_whole(args[0], rows), self.head)
        begin, cells = self.time.end - rows, (self.time.cells, self.x.cells)
        self.head, self.total = window_sum(*cells, begin, same, self.width, self.head, self.total, out)
        return Vec(out)
