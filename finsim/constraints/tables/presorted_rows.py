"""Rows already sorted by group and order: detected piece by piece, without keys of all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from finsim.constraints.tables.group_layout import Layout
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.notation import Bool1D, Int1D

PIECE = 65_536


@dataclass(frozen=True)
class Standing:
    """Groups that stand one after the other, in order: ``starts`` [groups] is the first row of each."""

    starts: Int1D

    def part(self, begin: int, end: int, closed: bool) -> Layout:
        """Return the layout of the rows ``begin`` to ``end``; the number of a group is its slot."""
        first = int(np.searchsorted(self.starts, begin, side="right")) - 1
        last = int(np.searchsorted(self.starts, end, side="left"))
        starts = np.maximum(self.starts[first:last] - begin, 0)
        return Layout(end - begin, starts, np.arange(first, last), len(self.starts), closed)


def standing(group: Sequence[Vec], by: Sequence[Vec], rows: int) -> Standing | None:
    """Return where the groups stand when rows are sorted by ``group`` and then ``by``, else None.

    Equal rows are in order, whatever is sorted; empty cells (null or NaN) come last.
    """
    fresh: list[Int1D] = [np.zeros(min(rows, 1), dtype=np.int64)]
    for begin in range(0, rows - 1, PIECE):
        end = min(begin + PIECE + 1, rows)
        same, ahead = _steps(group, begin, end)
        if not np.all(same | ahead):
            return None
        if by and not np.all(ahead | np.logical_or(*_steps(by, begin, end))):
            return None
        fresh.append(np.flatnonzero(~same) + (begin + 1))
    return Standing(np.concatenate(fresh))


def _steps(columns: Sequence[Vec], begin: int, end: int) -> tuple[Bool1D, Bool1D]:
    """Return for each row after ``begin`` whether it equals the row before it, and whether it comes after."""
    same, ahead = np.ones(end - begin - 1, dtype=bool), np.zeros(end - begin - 1, dtype=bool)
    for column in columns:
        if np.ndim(column.values):
            equal, after = _step(column, begin, end)
            ahead |= same & after
            same &= equal
    return same, ahead


def _step(column: Vec, begin: int, end: int) -> tuple[Bool1D, Bool1D]:
    values = column.values[begin:end]
    equal, after = values[1:] == values[:-1], values[1:] > values[:-1]
    there = ~np.isnan(values) if values.dtype.kind == "f" else None
    if column.valid is not None:
        there = np.broadcast_to(column.valid, np.shape(column.values))[begin:end]
    if there is None or there.all():
        return equal, after
    gone, gone_before = ~there[1:], ~there[:-1]
    neither = gone & gone_before
    return (equal & ~(gone | gone_before)) | neither, (after | gone) & ~gone_before & ~neither
