"""Rows in groups and in order: which row follows which, in a whole table or in a stream of batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from finsim.constraints.vectors import Vec, spread
from finsim.errors import DataError
from finsim.notation import Array, Bool1D, Int1D

_DIGIT = 1 << 16
_WIDEST = 2**62


@dataclass(frozen=True)
class Order:
    """Rows of equal ``group`` columns form a group; ``by`` sorts them unless ``is_sorted`` is False.

    Without sorting, rows of a group follow one another as they stand in the table. Equal ``by`` values
    keep their order in the table (a stable sort).
    """

    group: tuple[str, ...]
    by: tuple[str, ...]
    is_sorted: bool = True


@dataclass(frozen=True)
class Layout:
    """Where the groups lie in one block: ``starts`` of the runs of one group, and the slot of each.

    A slot is the number of a group; state that outlives a block is kept by slot. ``closed`` says that
    groups before the last slot of the block will not come again. ``windows`` keeps the window starts of
    the block by width, for functions that share a window.
    """

    rows: int
    starts: Int1D
    slots: Int1D
    slot_count: int
    closed: bool
    windows: dict[int, Int1D] = field(default_factory=dict, compare=False)

    @cached_property
    def lengths(self) -> Int1D:
        """Rows of each run."""
        return np.diff(self.starts, append=self.rows)

    @cached_property
    def ends(self) -> Int1D:
        """One past the last row of each run."""
        return self.starts + self.lengths

    @cached_property
    def row_slots(self) -> Int1D:
        """Slot of each row."""
        return np.repeat(self.slots, self.lengths)

    @cached_property
    def row_starts(self) -> Int1D:
        """Start of its run, for each row."""
        return np.repeat(self.starts, self.lengths)


def layout(slots: Int1D, slot_count: int, closed: bool) -> Layout:
    """Return the layout of a block from the slot of each row (equal slots stand together)."""
    rows = len(slots)
    changes = np.flatnonzero(slots[1:] != slots[:-1]) + 1
    starts = np.concatenate((np.zeros(min(rows, 1), dtype=np.int64), changes))
    return Layout(rows, starts, slots[starts], slot_count, closed)


def combined(columns: Sequence[Vec], rows: int) -> Int1D:
    """Return one int64 key per row; equal keys mean equal values in all columns (null equals null).

    Keys keep the lexicographic order of the columns.
    """
    key = np.zeros(rows, dtype=np.int64)
    span = 1
    for column in columns:
        codes, size = _codes(column, rows)
        if span * size > _WIDEST:
            _, key = np.unique(key, return_inverse=True)
            span = int(key.max(initial=0)) + 1
        if span * size > _WIDEST:
            _, codes = np.unique(codes, return_inverse=True)
            size = int(codes.max(initial=0)) + 1
        key = key * size + codes if span > 1 else codes
        span *= size
    return key


def _codes(column: Vec, rows: int) -> tuple[Int1D, int]:
    """Return codes from 0 in the order of the values, null last, and how many there can be."""
    values = spread(column.values, rows)
    if values.dtype.kind == "f":
        _, codes = np.unique(values, return_inverse=True)  # NaN are one value and sort last
        return codes.astype(np.int64), int(codes.max(initial=0)) + 1
    values = values.astype(np.int64, copy=False)
    low, high = (int(values.min()), int(values.max())) if rows else (0, 0)
    if high - low >= _WIDEST:
        _, codes = np.unique(values, return_inverse=True)
        size = int(codes.max(initial=0)) + 1
    else:
        codes, size = values - low, high - low + 1
    if column.valid is None:
        return codes, size
    return np.where(spread(column.valid, rows), codes, size), size + 1


def stable_order(key: Int1D) -> Int1D | None:
    """Return the stable sorting permutation of non-negative keys, or None when they are sorted."""
    if len(key) < 2 or bool(np.all(key[1:] >= key[:-1])):
        return None
    high = int(key.max())
    if high >= _DIGIT * _DIGIT:
        return np.argsort(key, kind="stable")
    order = np.argsort((key % _DIGIT).astype(np.uint16), kind="stable")  # radix sort, two digits
    if high >= _DIGIT:
        order = order[np.argsort((key // _DIGIT).astype(np.uint16)[order], kind="stable")]
    return order


@dataclass(frozen=True)
class Arrangement:
    """Rows of a table in group order: ``permutation`` (None: as they stand) and the slot of each row."""

    permutation: Int1D | None
    slots: Int1D
    slot_count: int


def arrange(group: Sequence[Vec], by: Sequence[Vec], rows: int) -> Arrangement:
    """Arrange a whole table: groups in the order of their keys, rows within a group by ``by``, stably."""
    key = combined(group, rows)
    permutation = stable_order(key)
    if permutation is not None:
        key = key[permutation]
    if by and rows:
        times = [_codes(column, rows)[0] for column in by]
        in_time = permutation is not None and _ascending(None, times)  # then so is every group
        times = times if permutation is None or in_time else [time[permutation] for time in times]
        if not in_time and not _ascending(key, times):
            inner = np.lexsort((*reversed(times), key))
            permutation = inner if permutation is None else permutation[inner]
            key = key[inner]
    slots = np.concatenate((np.zeros(min(rows, 1), dtype=np.int64), np.cumsum(key[1:] != key[:-1])))
    return Arrangement(permutation, slots, int(slots[-1]) + 1 if rows else 0)


def _ascending(key: Int1D | None, times: Sequence[Int1D]) -> bool:
    """Whether rows of equal key (None: all rows) never step back in the columns of ``times``."""
    fine = np.ones(len(times[0]) - 1, dtype=bool)
    for time in reversed(times):
        after, before = time[1:], time[:-1]
        fine = (after > before) | ((after == before) & fine)
    return bool(np.all(fine if key is None else fine | (key[1:] != key[:-1])))


class StreamGroups:
    """Numbers the groups of a stream of batches; the same key gets the same slot in every batch."""

    def __init__(self, order: Order, table: str) -> None:
        self.order, self.table = order, table
        self._slots: dict[tuple[object, ...], int] = {}
        self._last: dict[int, tuple[object, ...]] = {}

    def arrange(self, group: Sequence[Vec], by: Sequence[Vec], rows: int) -> Arrangement:
        """Arrange one batch; raises DataError when a group's rows come out of order in the stream."""
        found = arrange(group, by, rows)
        order = np.arange(rows) if found.permutation is None else found.permutation
        firsts = np.flatnonzero(np.diff(found.slots, prepend=-1))
        keys = _tuples(group, order[firsts], rows)
        slots = np.array([self._slots.setdefault(key, len(self._slots)) for key in keys], dtype=np.int64)
        if by and rows:
            self._follow(slots, by, order, firsts, rows)
        return Arrangement(found.permutation, slots[found.slots], len(self._slots))

    def _follow(self, slots: Int1D, by: Sequence[Vec], order: Int1D, firsts: Int1D, rows: int) -> None:
        lasts = np.append(firsts[1:], rows) - 1
        first_keys = _tuples(by, order[firsts], rows)
        last_keys = _tuples(by, order[lasts], rows)
        for slot, first, last in zip(slots.tolist(), first_keys, last_keys, strict=True):
            before = self._last.get(slot)
            if before is not None and _null_last(first) < _null_last(before):
                raise DataError(
                    f"rows of one group come out of order ({first[0]} after {before[0]})",
                    place=f"table {self.table}",
                    expected=f"each group sorted by {', '.join(self.order.by)}",
                    remedy="sort the file, or check it whole instead of as a stream",
                )
            self._last[slot] = last


def _null_last(key: tuple[object, ...]) -> list[tuple[bool, object]]:
    return [(part is None, 0 if part is None else part) for part in key]


def _tuples(columns: Sequence[Vec], rows: Int1D, count: int) -> list[tuple[object, ...]]:
    parts: list[list[object]] = []
    for column in columns:
        values: Array = spread(column.values, count)[rows]
        null: Bool1D = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(rows), dtype=bool)
        if column.valid is not None:
            null = ~spread(column.valid, count)[rows]
        plain = values.tolist()
        parts.append([None if gone else value for value, gone in zip(plain, null.tolist(), strict=True)])
    return list(zip(*parts, strict=True)) if parts else [()] * len(rows)
