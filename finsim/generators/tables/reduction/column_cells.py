"""One cell of a column as plain data, and columns as numbers: what rules between columns are written in."""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.notation import NANOS_PER_DAY, Array, Float1D, Int1D
from finsim.records.mixed_table import MISSING_TIME, MISSING_WORD, NUMBER, TIME, WORD, MixedColumn

LEAST_OVERLAP = 1 / 3
"""Of the rows of one side of a rule, those that have all of its columns, at least (assumption)."""
Plain = float | int | str | None
"""A cell as JSON can hold it: a number, nanoseconds UTC, a word, None where missing."""


def plain_cell(column: MixedColumn, row: int) -> Plain:
    """Return one cell of a column as plain data."""
    if column.missing()[row]:
        return None
    if column.kind == WORD:
        return column.words[int(column.values[row])]
    found: Plain = column.values[row].item()
    return found


def column_of(cells: list[Plain], places: Array, kind: str, step: float) -> MixedColumn:
    """Return the column whose cells are ``cells[places]``; words are those among the cells."""
    if kind == WORD:
        words = tuple(dict.fromkeys(str(cell) for cell in cells if cell is not None))
        codes = np.array([MISSING_WORD if one is None else words.index(str(one)) for one in cells], np.int32)
        return MixedColumn(WORD, codes[places], words, step)
    if kind == TIME:
        moments = np.array([MISSING_TIME if one is None else int(one) for one in cells], np.int64)
        return MixedColumn(TIME, moments[places], (), step)
    numbers = np.array([np.nan if one is None else float(one) for one in cells])
    return MixedColumn(NUMBER, numbers[places], (), step)


def as_numbers(column: MixedColumn) -> Float1D | None:
    """Return a number column, or dates as days since 1970, as float64[N]; None for other columns."""
    if column.kind == NUMBER:
        return column.values
    if column.kind == TIME and column.step and column.step % NANOS_PER_DAY == 0:
        days = column.values / NANOS_PER_DAY
        return np.asarray(np.where(column.missing(), np.nan, days))
    return None


def from_numbers(values: Float1D, kind: str, step: float) -> MixedColumn:
    """Return numbers, or days since 1970, as a column on its grid."""
    if kind == NUMBER:
        return MixedColumn(NUMBER, on_grid(values, step), (), step)
    moments = np.full(len(values), MISSING_TIME, np.int64)
    there = np.isfinite(values)
    moments[there] = np.round(values[there]).astype(np.int64) * NANOS_PER_DAY
    return MixedColumn(TIME, moments, (), step)


def number_step(column: MixedColumn) -> float:
    """Return the grid of ``as_numbers``."""
    return column.step if column.kind == NUMBER else column.step / NANOS_PER_DAY


def on_grid(values: Float1D, step: float) -> Float1D:
    """Return values on a grid; decimal grids to the nearest decimal number."""
    if step <= 0.0:
        return np.asarray(values)
    decimals = round(-np.log10(step))
    if decimals >= 0 and np.isclose(step, 10.0**-decimals):
        return np.asarray(np.round(values, decimals) + 0.0)
    return np.asarray(np.round(values / step) * step + 0.0)


def coded(column: MixedColumn) -> tuple[Int1D, Array]:
    """Return a code for every cell and, for each code, a row that has it; missing cells share a code."""
    values: Any = column.values
    if column.kind == NUMBER:
        values = np.where(np.isnan(values), np.inf, values)
    _, row, codes = np.unique(values, return_index=True, return_inverse=True)
    return codes.astype(np.int64), row
