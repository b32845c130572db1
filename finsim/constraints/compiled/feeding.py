"""Handing a table to a run, piece by piece, in the order its rules need."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finsim.constraints.columns import Source
from finsim.constraints.compiled.arrays import stored
from finsim.constraints.compiled.facts import Facts
from finsim.constraints.compiled.run import Part, Run
from finsim.constraints.compiled.walk import Walk
from finsim.constraints.order import Arrangement, Order
from finsim.notation import Array

CHUNK = 1 << 20  # rows converted at a time: what bounds the extra memory
BLOCK = 1 << 16  # rows between two steps of a sequence function: what stays in the core's cache
ROW_BLOCK = 1 << 17  # rows handed to a kernel that needs no step before it


def rows_of(source: Source, begin: int, end: int) -> Source:
    """Return some rows of a table as a source."""
    return source.piece(source.table.slice(begin, end - begin))


def key_names(order: Order) -> tuple[str, ...]:
    """Return the columns that say whether rows stand in order: group first."""
    return (*order.group, *order.by) if order.is_sorted else order.group


def _keys(source: Source, order: Order, facts: Facts) -> list[Array]:
    return [stored(source, name, facts.dtypes[name]).values for name in key_names(order)]


def feed(run: Run, whole: Source, order: Order | None, begin: int, end: int, offset: int = 0) -> None:
    """Feed rows ``begin`` to ``end`` as they stand; ``offset`` is the number of the table's first row.

    Raises OutOfOrder when rows do not stand in group order.
    """
    walk = Walk(len(order.group)) if order is not None else None
    if walk is not None and order is not None and begin:
        walk.same(_keys(rows_of(whole, begin - 1, begin), order, run.facts), 1)
    size = BLOCK if order is not None or any(each.plan.outside for each in run.ready) else ROW_BLOCK
    for first in range(begin, end, CHUNK):
        source = rows_of(whole, first, min(first + CHUNK, end))
        keys = _keys(source, order, run.facts) if order is not None else []
        for low in range(0, source.rows, size):
            high = min(low + size, source.rows)
            at = offset + first
            same = None if walk is None else walk.same([key[low:high] for key in keys], high - low)
            run.feed(Part(source, slice(low, high), high - low, slice(at + low, at + high), same))


def feed_arranged(run: Run, source: Source, placed: Arrangement, begin: int, end: int) -> None:
    """Feed positions ``begin`` to ``end`` of an arrangement of the whole table."""
    for low in range(begin, end, BLOCK):
        high = min(low + BLOCK, end)
        slots = placed.slots[low:high]
        same = np.empty(high - low, dtype=bool)
        same[1:] = slots[1:] == slots[:-1]
        same[:1] = low > begin and placed.slots[low - 1] == slots[0]
        if placed.permutation is None:
            run.feed(Part(source, slice(low, high), high - low, slice(low, high), same))
        else:
            rows = placed.permutation[low:high]
            run.feed(Part(source, rows, high - low, rows, same))


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
