"""Dates after others that keep to days of their own in rows of a word: running loans end after a cut-off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.tables.reduction.by_word.word_rows import Columns, own_places, rows_of
from finsim.generators.tables.reduction.column_cells import as_numbers, from_numbers
from finsim.generators.tables.reduction.dates.months_after import months_after
from finsim.notation import Float1D
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn


@dataclass(frozen=True)
class WordDate:
    """``target`` lies from the day ``low`` to the day ``high`` in rows of ``word``.

    It is ``start`` and days later, or ``months`` times as many months (0: days); ``between`` are numbers of
    these in rows of the word. ``count`` : the column that holds them, where there is one, "" where none does;
    ``ends`` : ends of months come after ends.
    """

    source: str
    word: str
    target: str
    start: str
    count: str
    months: int
    ends: bool
    low: float
    high: float
    between: tuple[float, ...]

    def kept(self, columns: Columns) -> dict[str, MixedColumn]:
        """Return the target, or the column of its count, with others in between where it is outside.

        Of the numbers in between that lead inside one is taken; a row that none leads inside stays.
        """
        start = _days(columns[self.start])
        count = columns[self.count].values if self.count else None
        now = _days(columns[self.target]) if count is None else self._after(start, count)
        rows = np.flatnonzero(((now < self.low) | (now > self.high)) & ~np.isnan(start))
        rows = rows[rows_of(columns, self.source, self.word, rows)]
        if not len(rows):
            return {}
        days = np.stack([self._after(start[rows], np.full(len(rows), one)) for one in self.between], axis=1)
        fits = (days >= self.low) & (days <= self.high)
        how_many = fits.sum(axis=1)
        wanted = np.floor(own_places(columns, columns, rows) * how_many).astype(np.int64)
        chosen = np.argmax(np.cumsum(fits, axis=1) > wanted[:, None], axis=1)
        good = how_many > 0
        column = columns[self.count or self.target]
        if self.count:
            values = column.values.copy()
            values[rows[good]] = np.array(self.between)[chosen[good]]
            return {self.count: MixedColumn(NUMBER, values, (), column.step)}
        now = now.copy()
        now[rows[good]] = days[np.arange(len(rows)), chosen][good]
        return {self.target: from_numbers(now, TIME, column.step)}

    def _after(self, start: Float1D, between: Float1D) -> Float1D:
        if not self.months:
            return np.asarray(start + between)
        return months_after(start, between * self.months, self.ends)


def _days(column: MixedColumn) -> Float1D:
    found = as_numbers(column)
    assert found is not None
    return found
