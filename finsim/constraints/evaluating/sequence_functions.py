"""Sequence functions: lag, first, running sums and maxima. Each keeps, per group, what the next block needs.

``read`` computes a block from the state, ``commit`` moves the state past the block; between the two a
repair may change the block's values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from finsim.constraints.language.types import DAY_NANOS
from finsim.constraints.tables.group_layout import Layout
from finsim.constraints.tables.nullable_vectors import Vec, solid, spread
from finsim.notation import Array, Int1D


class Sequenced(Protocol):
    """A function with state per group; arguments are columns of the block in group order."""

    def read(self, block: Layout, args: Sequence[Vec]) -> Vec:
        """Return the block's values."""
        ...

    def commit(self, block: Layout, args: Sequence[Vec]) -> None:
        """Remember what the rows after this block need."""
        ...


def grown(array: Array, count: int) -> Array:
    """Return the array with room for ``count`` groups (new cells are zero)."""
    if len(array) >= count:
        return array
    room = np.zeros((max(count, 2 * len(array)), *array.shape[1:]), dtype=array.dtype)
    room[: len(array)] = array
    return room


def null_of(values: Array) -> Any:
    """Return what a null cell of this array holds."""
    return np.nan if values.dtype.kind == "f" else 0


def finished(values: Array, valid: Array) -> Vec:
    """Return a column whose null cells are NaN (float) or masked."""
    if values.dtype.kind == "f":
        return Vec(np.where(valid, values, np.nan))
    return Vec(values, valid)


class Lag:
    """``lag(x, k, default)``: x of the k-th row before in the group."""

    def __init__(self, back: int) -> None:
        self.back = back
        self.values: Array | None = None
        self.valid = np.zeros((0, back), dtype=bool)
        self.seen = np.zeros(0, dtype=np.int64)

    def _room(self, block: Layout, values: Array) -> Array:
        if self.values is None:
            self.values = np.zeros((0, self.back), dtype=values.dtype)
        self.values = grown(self.values, block.slot_count)
        self.valid, self.seen = grown(self.valid, block.slot_count), grown(self.seen, block.slot_count)
        return self.values

    def read(self, block: Layout, args: Sequence[Vec]) -> Vec:
        """Return the lagged column."""
        x, k = spread(args[0].values, block.rows), self.back
        kept, valid = self._room(block, x), solid(args[0].valid, block.rows)
        out, good = np.empty_like(x), np.zeros(block.rows, dtype=bool)
        out[k:], good[k:] = x[:-k], valid[:-k]
        out[:k] = null_of(x)
        default = args[1] if len(args) > 1 else None
        for offset in range(k):
            runs = np.flatnonzero(block.lengths > offset)
            rows, slots, age = block.starts[runs] + offset, block.slots[runs], k - offset
            have = self.seen[slots] >= age
            out[rows] = np.where(have, kept[slots, age - 1], null_of(x))
            good[rows] = have & self.valid[slots, age - 1]
            if default is not None:
                alone = rows[~have]
                out[alone] = spread(default.values, block.rows)[alone]
                good[alone] = solid(default.valid, block.rows)[alone]
        return Vec(out) if x.dtype.kind == "f" else Vec(out, good)

    def commit(self, block: Layout, args: Sequence[Vec]) -> None:
        """Keep the last k rows of each run."""
        x, valid = spread(args[0].values, block.rows), solid(args[0].valid, block.rows)
        kept = self._room(block, x)
        old, old_valid = kept[block.slots], self.valid[block.slots]
        for age in range(self.back):
            inside = block.lengths > age
            rows = np.maximum(block.ends - 1 - age, 0)
            shift = np.maximum(age - block.lengths, 0)
            runs = np.arange(len(block.slots))
            kept[block.slots, age] = np.where(inside, x[rows], old[runs, shift])
            self.valid[block.slots, age] = np.where(inside, valid[rows], old_valid[runs, shift])
        self.seen[block.slots] += block.lengths


class First:
    """``first(x)``: x of the first row of the group."""

    def __init__(self) -> None:
        self.values: Array | None = None
        self.valid, self.seen = np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)

    def _heads(self, block: Layout, args: Sequence[Vec]) -> tuple[Array, Array]:
        x, valid = spread(args[0].values, block.rows), solid(args[0].valid, block.rows)
        self.values = grown(
            np.zeros(0, dtype=x.dtype) if self.values is None else self.values, block.slot_count
        )
        self.valid, self.seen = grown(self.valid, block.slot_count), grown(self.seen, block.slot_count)
        known = self.seen[block.slots]
        head = np.where(known, self.values[block.slots], x[block.starts])
        return head, np.where(known, self.valid[block.slots], valid[block.starts])

    def read(self, block: Layout, args: Sequence[Vec]) -> Vec:
        """Return the group's first value in every row."""
        head, valid = self._heads(block, args)
        return finished(np.repeat(head, block.lengths), np.repeat(valid, block.lengths))

    def commit(self, block: Layout, args: Sequence[Vec]) -> None:
        """Remember the first value of new groups."""
        head, valid = self._heads(block, args)
        assert self.values is not None
        self.values[block.slots], self.valid[block.slots] = head, valid
        self.seen[block.slots] = True


class Running:
    """``cumsum(x)`` and ``cummax(x)``: nulls are passed over; the sum of nothing is 0, its maximum null."""

    def __init__(self, is_sum: bool) -> None:
        self.is_sum = is_sum
        self.values: Array | None = None
        self.seen = np.zeros(0, dtype=bool)

    def _filled(self, block: Layout, args: Sequence[Vec]) -> tuple[Array, Array]:
        """Return the running values and, for a maximum, where there is one."""
        x, valid = spread(args[0].values, block.rows), solid(args[0].valid, block.rows)
        if x.dtype.kind == "f":
            valid = ~np.isnan(x)
        empty: Any = 0 if self.is_sum else (-np.inf if x.dtype.kind == "f" else np.iinfo(np.int64).min)
        filled = np.where(valid, x, empty)
        self.values = grown(
            np.zeros(0, dtype=x.dtype) if self.values is None else self.values, block.slot_count
        )
        self.seen = grown(self.seen, block.slot_count)
        carried = np.where(self.seen[block.slots], self.values[block.slots], empty)
        ufunc = np.add if self.is_sum else np.maximum
        return accumulate(ufunc, filled, block, carried), filled

    def read(self, block: Layout, args: Sequence[Vec]) -> Vec:
        """Return the running column."""
        totals, _ = self._filled(block, args)
        if self.is_sum:
            return Vec(totals)
        lowest = -np.inf if totals.dtype.kind == "f" else np.iinfo(np.int64).min
        return finished(totals, totals != lowest)

    def commit(self, block: Layout, args: Sequence[Vec]) -> None:
        """Keep the last running value of each run."""
        totals, _ = self._filled(block, args)
        assert self.values is not None
        self.values[block.slots] = totals[block.ends - 1]
        self.seen[block.slots] = True


def accumulate(ufunc: np.ufunc, x: Array, block: Layout, carried: Array) -> Array:
    """Return the running ``ufunc`` of each run, begun with what is carried, strictly left to right.

    Left to right means that the result does not depend on where blocks are cut, also for floats.
    """
    out = x.copy()
    if not len(out):
        return out
    out[block.starts] = ufunc(carried, out[block.starts])
    long = block.lengths > 64
    for start, end in zip(block.starts[long].tolist(), block.ends[long].tolist(), strict=True):
        ufunc.accumulate(out[start:end], out=out[start:end])
    starts, lengths = block.starts[~long], block.lengths[~long]
    for offset in range(1, int(lengths.max(initial=0))):
        rows = starts[lengths > offset] + offset
        out[rows] = ufunc(out[rows - 1], out[rows])
    return out


class RunLength:
    """``runlen(b)``: number of rows up to here in which b is true without a break (unknown breaks)."""

    def __init__(self) -> None:
        self.count = np.zeros(0, dtype=np.int64)

    def _lengths(self, block: Layout, args: Sequence[Vec]) -> Int1D:
        held = spread(args[0].values, block.rows) & solid(args[0].valid, block.rows)
        self.count = grown(self.count, block.slot_count)
        rows = np.arange(block.rows)
        last_break = np.maximum.accumulate(np.where(held, -1, rows))
        whole = last_break < block.row_starts  # true since the run began: add what is carried
        length = np.where(whole, rows - block.row_starts + 1, rows - last_break)
        return np.where(held & whole, length + self.count[block.row_slots], np.where(held, length, 0))

    def read(self, block: Layout, args: Sequence[Vec]) -> Vec:
        """Return the run lengths."""
        return Vec(self._lengths(block, args))

    def commit(self, block: Layout, args: Sequence[Vec]) -> None:
        """Keep the run length at the end of each run."""
        self.count[block.slots] = self._lengths(block, args)[block.ends - 1]


class Period:
    """``sum_day(x)`` and ``sum_month(x)``: the sum since the period of the row's time began (UTC)."""

    def __init__(self, months: bool) -> None:
        self.months = months
        self.total: Array | None = None
        self.period = np.zeros(0, dtype=np.int64)
        self.seen = np.zeros(0, dtype=bool)

    def _totals(self, block: Layout, args: Sequence[Vec]) -> tuple[Array, Int1D]:
        x, day = spread(args[0].values, block.rows), spread(args[1].values, block.rows) // DAY_NANOS
        valid = solid(args[0].valid, block.rows)
        x = np.where(~np.isnan(x) if x.dtype.kind == "f" else valid, x, 0)
        period = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) if self.months else day
        self.total = grown(np.zeros(0, dtype=x.dtype) if self.total is None else self.total, block.slot_count)
        self.period = grown(self.period, block.slot_count)
        self.seen = grown(self.seen, block.slot_count)
        begins = np.zeros(block.rows, dtype=bool)
        begins[1:] = period[1:] != period[:-1]
        begins[block.starts] = True
        starts = np.flatnonzero(begins)
        inner = Layout(block.rows, starts, block.row_slots[starts], block.slot_count, block.closed)
        carried = np.zeros(len(starts), dtype=x.dtype)
        heads = np.searchsorted(starts, block.starts)
        goes_on = self.seen[block.slots] & (self.period[block.slots] == period[block.starts])
        carried[heads] = np.where(goes_on, self.total[block.slots], 0)
        return accumulate(np.add, x, inner, carried), period

    def read(self, block: Layout, args: Sequence[Vec]) -> Vec:
        """Return the sums; null where the time is null."""
        totals, _ = self._totals(block, args)
        return finished(totals, solid(args[1].valid, block.rows))

    def commit(self, block: Layout, args: Sequence[Vec]) -> None:
        """Keep the sum and the period at the end of each run."""
        totals, period = self._totals(block, args)
        assert self.total is not None
        self.total[block.slots] = totals[block.ends - 1]
        self.period[block.slots] = period[block.ends - 1]
        self.seen[block.slots] = True
