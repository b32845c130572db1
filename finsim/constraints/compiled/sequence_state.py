"""State of sequence functions between blocks of a compiled run, for rows already sorted by group.

Each ``read`` moves past its block. What has no fast form here is left to the interpreter's own state.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

import numpy as np

from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.compiled.window_state import WindowCount, WindowFold, WindowStarts
from finsim.constraints.evaluating.window_functions import KINDS
from finsim.constraints.language.expression import Node
from finsim.constraints.tables.nullable_vectors import Vec, solid, spread
from finsim.kernels.sequences import day_sum, running_sum, shifted
from finsim.notation import Array, Bool1D, Int1D

_WORD = 8  # bytes of a value that the kernel of ``lag`` moves


class Step(Protocol):
    """A sequence function that walks through the blocks once."""

    def read(self, same: Bool1D, args: Sequence[Vec]) -> Vec:
        """Return the block's values and move past it."""
        ...


def step_for(node: Node, facts: Facts, starts: dict[Hashable, WindowStarts]) -> Step | None:
    """Return the fast form of a sequence function, or None when it has none.

    ``starts`` are those of the windows that other functions of the run look through, by time and width.
    """
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
    time, width = node.args[-1], int(node.data[1])
    key = (str(time.data) if time.op == "column" else id(time), width)
    shared = starts.setdefault(key, WindowStarts(width))
    return WindowCount(shared) if name == "count_in" else WindowFold(name, shared, not whole)


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
