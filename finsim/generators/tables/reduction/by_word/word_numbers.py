"""Numbers that are the same, or inside a range or on a grid of their own, in all rows of a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.tables.reduction.by_word.word_rows import Columns, own_places, rows_of
from finsim.generators.tables.reduction.column_cells import as_numbers, from_numbers, on_grid
from finsim.notation import Float1D
from finsim.records.mixed_table import TIME, MixedColumn


@dataclass(frozen=True)
class WordConstant:
    """``target`` is ``cell`` in rows of ``word``, where it is there: nothing is owed on a repaid loan."""

    source: str
    word: str
    target: str
    cell: float

    def kept(self, columns: Columns) -> dict[str, MixedColumn]:
        """Return the target with that cell in all rows of the word that have one; nothing where all do."""
        values = _numbers(columns[self.target])
        wrong = rows_of(columns, self.source, self.word) & ~np.isnan(values) & (values != self.cell)
        return _with(columns, self.target, np.where(wrong, self.cell, values)) if wrong.any() else {}


@dataclass(frozen=True)
class WordRange:
    """``target`` is from ``low`` to ``high`` in rows of ``word``; ``quantiles`` of its cells there.

    ``grid`` : what these cells are multiples of, days of dates. ``of`` : the amount of which quantiles are
    parts, "" where they are cells: a balance drawn anew stays below what was lent.
    """

    source: str
    word: str
    target: str
    low: float
    high: float
    quantiles: tuple[float, ...]
    grid: float
    of: str = ""

    def kept(self, columns: Columns) -> dict[str, MixedColumn]:
        """Return the target with cells outside of the range drawn anew from the law of the word."""
        values = _numbers(columns[self.target])
        rows = np.flatnonzero((values < self.low) | (values > self.high))
        rows = rows[rows_of(columns, self.source, self.word, rows)]
        if not len(rows):
            return {}
        at = own_places(columns, columns, rows)
        drawn = np.interp(at, np.linspace(0.0, 1.0, len(self.quantiles)), self.quantiles)
        most = _numbers(columns[self.of])[rows] if self.of else np.full(len(rows), np.inf)
        drawn = on_grid(drawn * most if self.of else drawn, self.grid)
        changed = values.copy()
        changed[rows] = np.minimum(np.clip(drawn, self.low, self.high), most)
        return _with(columns, self.target, changed)


@dataclass(frozen=True)
class WordGrid:
    """``target`` is ``offset`` and multiples of ``grid`` in rows of ``word``: fixed rates end on 4 and 9."""

    source: str
    word: str
    target: str
    grid: float
    offset: float

    def kept(self, columns: Columns) -> dict[str, MixedColumn]:
        """Return the target with the nearest of these numbers in rows of the word."""
        values = _numbers(columns[self.target])
        near = np.round((values - self.offset) / self.grid) * self.grid + self.offset
        near = on_grid(near, columns[self.target].step)
        changed = np.where(rows_of(columns, self.source, self.word), near, values)
        return _with(columns, self.target, changed)


def _numbers(column: MixedColumn) -> Float1D:
    found = as_numbers(column)
    assert found is not None
    return found


def _with(columns: Mapping[str, MixedColumn], name: str, values: Float1D) -> dict[str, MixedColumn]:
    column = columns[name]
    if column.kind == TIME:
        return {name: from_numbers(values, TIME, column.step)}
    return {name: replace(column, values=values)}
