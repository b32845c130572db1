"""Rows in groups and in order, in a whole table or in a stream of batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from finsim.constraints.language.row_order import Order
from finsim.constraints.tables.group_slots import GroupSlots
from finsim.constraints.tables.nullable_vectors import Vec, spread
from finsim.errors import DataError
from finsim.notation import Array, Bool1D, Int1D

_DIGIT = 1 << 16
_WIDEST = 2**62


class RowsOutOfOrder(DataError):
    """Rows of a group come in a stream after rows that they precede; only a whole table can be arranged."""


@dataclass(frozen=True)
class Layout:
    """Where the groups lie in one block: ``starts`` of the runs of one group, and the slot of each.

    A slot is the number of a group; state that outlives a block is kept by slot. ``closed`` says that
    groups before the last slot of the block will not come again.
    """

    rows: int
    starts: Int1D
    slots: Int1D
    slot_count: int
    closed: bool

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
    """Rows of a table in group order: ``permutation`` (None: already so) and the slot of each row."""

    permutation: Int1D | None
    slots: Int1D
    slot_count: int

    def next_group(self, begin: int, rows: int) -> int:
        """Return the first place from ``begin`` on that begins a group, or how many rows there are."""
        return int(np.searchsorted(self.slots, self.slots[begin - 1], side="right")) if begin else 0


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
            del inner
        del times
    slots = np.zeros(rows, dtype=np.int64)
    np.cumsum(key[1:] != key[:-1], out=slots[1:])
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
        self._slots = GroupSlots()
        self._known: Bool1D = np.zeros(0, dtype=bool)  # by slot: whether the group has had rows
        self._last: list[_Cells] = []  # for each column of ``by``: its last cell, by slot

    def arrange(self, group: Sequence[Vec], by: Sequence[Vec], rows: int) -> Arrangement:
        """Arrange one batch; raises RowsOutOfOrder when a group's rows come out of order in the stream."""
        found = arrange(group, by, rows)
        order = np.arange(rows) if found.permutation is None else found.permutation
        firsts = np.flatnonzero(np.diff(found.slots, prepend=-1))
        slots = self._numbered([_cells(column, order[firsts], rows) for column in group], len(firsts))
        if by and rows:
            lasts = order[np.append(firsts[1:], rows) - 1]
            self._follow(
                slots,
                [_cells(column, order[firsts], rows) for column in by],
                [_cells(column, lasts, rows) for column in by],
            )
        return Arrangement(found.permutation, slots[found.slots], len(self._slots))

    def _numbered(self, keys: Sequence[_Cells], count: int) -> Int1D:
        """Return the slots of groups from the cells of their keys."""
        if len(keys) == 1 and keys[0].values.dtype.kind == "i" and not keys[0].gone.any():
            return self._slots.of_numbers(keys[0].values.astype(np.int64))
        return self._slots.of_objects(_hashable(keys, count))

    def _follow(self, slots: Int1D, first: Sequence[_Cells], last: Sequence[_Cells]) -> None:
        """Refuse first cells that come before the group's last ones; remember its new last ones."""
        self._make_room(last)
        before = [cells.at(slots) for cells in self._last]
        early = np.flatnonzero(self._known[slots] & _comes_before(first, before))
        if len(early):
            place = int(early[0])
            raise RowsOutOfOrder(
                f"rows of one group come out of order ({first[0].cell(place)} after {before[0].cell(place)})",
                place=f"table {self.table}",
                expected=f"each group sorted by {', '.join(self.order.by)}",
                remedy="sort the file, or check it whole instead of as a stream",
            )
        self._known[slots] = True
        for kept, cells in zip(self._last, last, strict=True):
            kept.values[slots], kept.gone[slots] = cells.values, cells.gone

    def _make_room(self, like: Sequence[_Cells]) -> None:
        """Let the state hold every slot; it doubles, so that growing costs little in all."""
        had, need = len(self._known), len(self._slots)
        if need <= had:
            return
        more = max(need, 2 * had) - had
        self._known = np.append(self._known, np.zeros(more, dtype=bool))
        kept = self._last or [_Cells(cells.values[:0], cells.gone[:0]) for cells in like]
        self._last = [
            _Cells(
                np.append(one.values, np.zeros(more, one.values.dtype)),
                np.append(one.gone, np.zeros(more, dtype=bool)),
            )
            for one in kept
        ]


@dataclass(frozen=True)
class _Cells:
    """Cells of one column: values, 0 where ``gone`` says that a cell is empty."""

    values: Array
    gone: Bool1D

    def at(self, places: Int1D) -> _Cells:
        """Return some of the cells."""
        return _Cells(self.values[places], self.gone[places])

    def cell(self, place: int) -> object:
        """Return one cell, None when it is empty."""
        return None if self.gone[place] else self.values[place].item()


def _cells(column: Vec, places: Int1D, rows: int) -> _Cells:
    """Return the cells of a column of ``rows`` rows at some places."""
    values: Array = spread(column.values, rows)[places]
    gone: Bool1D = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(places), dtype=bool)
    if column.valid is not None:
        gone = ~spread(column.valid, rows)[places]
    return _Cells(np.where(gone, np.zeros(1, values.dtype), values), gone)


def _comes_before(first: Sequence[_Cells], second: Sequence[_Cells]) -> Bool1D:
    """Whether each row of ``first`` sorts before that of ``second``; empty cells come last."""
    found = np.zeros(len(first[0].gone), dtype=bool)
    for one, two in reversed(list(zip(first, second, strict=True))):
        ties = (one.gone == two.gone) & (one.values == two.values)
        less = np.where(one.gone == two.gone, one.values < two.values, two.gone)
        found = less | (ties & found)
    return found


def _hashable(columns: Sequence[_Cells], count: int) -> Sequence[object]:
    """Return one key a row: the cell of a single column, else a tuple of cells."""
    parts: list[list[object]] = []
    for cells in columns:
        plain = cells.values.tolist()
        if cells.gone.any():
            plain = [None if gone else value for value, gone in zip(plain, cells.gone.tolist(), strict=True)]
        parts.append(plain)
    if len(parts) == 1:
        return parts[0]
    return list(zip(*parts, strict=True)) if parts else [()] * count
