"""Pass a table to a run piece by piece, in the order that its rules need."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finsim.constraints.codegen.column_arrays import has_text_codes, stored
from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.compiled.kernel_run import Run
from finsim.constraints.compiled.rule_compiler import key_names
from finsim.constraints.compiled.run_types import Part
from finsim.constraints.compiled.sorted_groups import Walk
from finsim.constraints.language.row_order import Order
from finsim.constraints.tables.group_layout import Arrangement
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Array, Bool1D, Int1D
from finsim.tables.cells.arrays_from_python import numbers

CHUNK = 1 << 20  # rows converted at a time: what bounds the extra memory
FIRST = 1 << 10  # rows converted when the rows before them stand elsewhere
BLOCK = 1 << 17  # rows handed over when something is worked out before: more of them cost fewer calls
TEXT_BLOCK = 1 << 18  # rows handed over when only texts are coded before


def rows_of(source: Source, begin: int, end: int) -> Source:
    """Return some rows of a table as a source."""
    return source.piece(source.table.slice(begin, end - begin), begin)


def _keys(source: Source, order: Order, facts: Facts) -> list[Array]:
    """Return the keys of a source's rows: a constant stands for the group where there is none."""
    group: list[Array] = [] if order.group else [np.zeros(source.rows, dtype=np.int8)]
    return group + [stored(source, name, facts.dtypes[name]).values for name in key_names(order)]


def feed(run: Run, whole: Source, order: Order | None, begin: int, end: int, offset: int = 0) -> None:
    """Feed rows ``begin`` to ``end`` in table order; ``offset`` is the number of the table's first row.

    Raises OutOfOrder when rows do not stand in group order.
    """
    walk = Walk(max(1, len(order.group))) if order is not None and run.needs_same else None
    if walk is not None and order is not None and begin:
        walk.same(_keys(rows_of(whole, begin - 1, begin), order, run.facts), 1)
    is_text = any(has_text_codes(dtype) for dtype in run.facts.dtypes.values())
    size = BLOCK if any(each.plan.outside for each in run.ready) else TEXT_BLOCK if is_text else CHUNK
    first, borders = begin, _borders(whole)
    while first < end:
        last = _last(first, end, run.reach, borders)
        source = _piece(whole, first, last, run.reach)
        keys = _keys(source, order, run.facts) if order is not None else []
        for at in range(first, last, size):
            high = min(at + size, last)
            low = run.reach + at - first
            rows, around = slice(low, low + high - at), slice(at - first, low + high - at)
            same = None if walk is None else walk.same([key[rows] for key in keys], high - at)
            numbers, known = slice(offset + at, offset + high), min(at, run.reach)
            pieces = [key[around] for key in keys]
            run.feed(Part(source, rows, high - at, numbers, same, around, known, pieces))
        first = last


def _borders(whole: Source) -> Int1D:
    """Return where the chunks of a table end (of its first column: readers cut all columns alike)."""
    lengths = [len(chunk) for chunk in whole.table.column(0).chunks] if whole.table.num_columns else []
    ends: Int1D = np.cumsum(lengths, dtype=np.int64)
    return ends


def _last(first: int, end: int, reach: int, borders: Int1D) -> int:
    """Return where a piece that begins at ``first`` ends, so that few rows stand in two chunks.

    Such rows are copied; so a piece whose rows before stand in another chunk, or nowhere, is a small one.
    """
    at = int(np.searchsorted(borders, first, side="right"))
    before = int(borders[at - 1]) if at else 0
    if before > first - reach:
        return min(first + FIRST, end)
    border = int(borders[at]) if at < len(borders) else end
    return min(first + CHUNK, end, border if border - first >= BLOCK else end)


def _piece(whole: Source, first: int, last: int, reach: int) -> Source:
    """Return rows ``first`` to ``last`` with ``reach`` rows before them.

    Where the table has not so many rows before, its first row stands for them.
    """
    if first >= reach:
        return rows_of(whole, first - reach, last)
    rows = np.maximum(np.arange(first - reach, last), 0)
    few = whole.table.slice(0, last)  # a table in chunks is put together to be taken from
    return whole.piece(few.take(numbers(rows)), repeated=reach - first)


def feed_arranged(run: Run, source: Source, placed: Arrangement, begin: int, end: int) -> None:
    """Feed positions ``begin`` to ``end`` of an arrangement of the whole table."""
    for low in range(begin, end, BLOCK):
        high = min(low + BLOCK, end)
        same = _same_slots(placed, begin, low, high) if run.needs_same else None
        around = np.maximum(np.arange(low - run.reach, high), 0)
        keys: list[Array] = [placed.slots[around]]
        if placed.permutation is not None:
            around = placed.permutation[around]
        rows, known = around[run.reach :], min(low, run.reach)
        run.feed(Part(source, rows, high - low, rows, same, around, known, keys))


def _same_slots(placed: Arrangement, begin: int, low: int, high: int) -> Bool1D:
    """Return whether each position goes on with the group of the one before; ``begin`` begins one."""
    slots = placed.slots[low:high]
    same = np.empty(high - low, dtype=bool)
    same[1:] = slots[1:] == slots[:-1]
    same[:1] = low > begin and placed.slots[low - 1] == slots[0]
    return same


def shares(
    whole: Source, order: Order | None, facts: Facts, rows: int, threads: int
) -> Iterator[tuple[int, int]]:
    """Yield a range of rows for each thread; no group lies in two of them."""
    begin = 0
    for part in range(1, threads + 1):
        end = (
            rows
            if part == threads
            else _boundary(whole, order, facts, max(begin, rows * part // threads), rows)
        )
        if end > begin:
            yield begin, end
        begin = end


def _boundary(whole: Source, order: Order | None, facts: Facts, target: int, rows: int) -> int:
    """Return the first row from ``target`` on that begins a group."""
    if order is None:
        return target
    if not order.group:
        return rows
    while 0 < target < rows:
        end = min(target + BLOCK, rows)
        source = rows_of(whole, target - 1, end)
        fresh = np.zeros(end - target, dtype=bool)
        for name in order.group:
            key = stored(source, name, facts.dtypes[name]).values
            fresh |= key[1:] != key[:-1]
        if fresh.any():
            return target + int(np.argmax(fresh))
        target = end
    return target


def arranged_shares(placed: Arrangement, rows: int, threads: int) -> Iterator[tuple[int, int]]:
    """Yield a range of positions for each thread; no group lies in two of them."""
    begin = 0
    for part in range(1, threads + 1):
        end = rows * part // threads
        while begin < end < rows and placed.slots[end] == placed.slots[end - 1]:
            end += 1
        if end > begin:
            yield begin, end
        begin = max(begin, end)
