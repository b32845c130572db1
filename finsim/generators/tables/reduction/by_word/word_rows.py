"""The rows of one word of a column, and numbers between 0 and 1 that rows have of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.notation import Array, Bool1D, Float1D
from finsim.records.mixed_table import WORD, MixedColumn

Columns = Mapping[str, MixedColumn]
_ODD, _MIXED = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


def rows_of(columns: Columns, source: str, word: str, among: Array | None = None) -> Bool1D:
    """Return which rows, or which ``among`` those at some places, have a word of the column ``source``."""
    column = columns[source]
    codes = column.values if among is None else column.values[among]
    return np.asarray(np.array([one == word for one in column.words] + [False])[codes])


def own_places(columns: Columns, names: Iterable[str], rows: Array) -> Float1D:
    """Return a number in (0, 1) for each of some rows, mixed from their cells of numbers and dates.

    A row that is put right gets the same cell wherever it stands, beside whichever rows, and rows that have
    the same wrong cell get different ones (splitmix64, Steele, Lea & Flood 2014).
    """
    found = np.zeros(len(rows), np.uint64)
    with np.errstate(over="ignore"):
        for name in names:
            if columns[name].kind == WORD:
                continue
            numbers = as_numbers(columns[name].take(rows))
            if numbers is not None:
                cells = np.where(np.isnan(numbers), -1.0, numbers) + 0.0
                found = (found ^ cells.view(np.uint64)) * _ODD
                found = (found ^ (found >> np.uint64(29))) * _MIXED
                found ^= found >> np.uint64(32)
    return np.asarray(((found >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53)
