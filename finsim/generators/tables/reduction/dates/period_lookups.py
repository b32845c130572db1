"""Numbers that a month, quarter or year of a date tells, alone or with a word: the index of a region."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers, coded
from finsim.generators.tables.reduction.dates.months_after import month_of
from finsim.notation import Bool1D, Float1D, Int1D
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

PERIODS = (12, 3, 1)
"""Months of a year, a quarter and a month: the longest that tells a number is its period."""
LEAST_ROWS, LEAST_VALUES, MOST_WORDS, MOST_DATES = 50, 6, 64, 6
LEAST_REPEATED, LEAST_TOLD, LEAST_ODD, MOST_ALONE = 0.5, 0.997, 0.99, 0.98
"""Rows whose period and word are met twice are half of all; 99.7 % of these, and 99 % of those without the
commonest number, have the number of their period, and words alone tell less than 98 % (assumptions)."""
LEAST_SEEN = 2
"""A number of a period is kept where two rows have it: that of one row is its own (assumption)."""


@dataclass(frozen=True)
class PeriodLookup:
    """``target`` is ``cells[w][k]`` in rows of ``words[w]`` whose date is in the period ``periods[w][k]``.

    Periods are so many ``months`` since 1970. One that is not listed is taken for the nearest one of the
    word; words that are not, for the first, which is the commonest. Without a ``source`` there is one
    word, "".
    """

    target: str
    date: str
    months: int
    source: str
    words: tuple[str, ...]
    periods: tuple[tuple[int, ...], ...]
    cells: tuple[tuple[float, ...], ...]

    def sources(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.date, self.source) if self.source else (self.date,)

    def values(self, columns: Mapping[str, MixedColumn]) -> Float1D:
        """Return the numbers, float64[N], NaN where the date is missing."""
        period, places = self._places(columns)
        found = np.full(len(period), np.nan)
        for place, (listed, cells) in enumerate(zip(self.periods, self.cells, strict=True)):
            rows = np.flatnonzero((np.maximum(places, 0) == place) & ~np.isnan(period))
            keys = np.array(listed, np.float64)
            found[rows] = np.array(cells)[np.searchsorted((keys[1:] + keys[:-1]) / 2, period[rows])]
        return found

    def knows(self, columns: Mapping[str, MixedColumn]) -> Bool1D:
        """Return the rows whose word and period are listed, bool[N]."""
        period, places = self._places(columns)
        found = np.zeros(len(period), np.bool_)
        for place, listed in enumerate(self.periods):
            found |= (places == place) & np.isin(period, listed)
        return found

    def _places(self, columns: Mapping[str, MixedColumn]) -> tuple[Float1D, Int1D]:
        """Return the period of each row, NaN where the date is missing, and the place of its word, or -1."""
        days = as_numbers(columns[self.date])
        assert days is not None
        places = np.zeros(len(days), np.int64)
        if self.source:
            column = columns[self.source]
            known = {word: place for place, word in enumerate(self.words)}
            places = np.array([known.get(word, -1) for word in column.words] + [-1], np.int64)[column.values]
        return np.asarray(np.floor(month_of(days) / self.months)), places

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the lookup that ``to_dict`` wrote."""
        nested = {name: tuple(tuple(one) for one in data[name]) for name in ("periods", "cells")}
        return cls(**{**data, "words": tuple(data["words"]), **nested})


class _Source(NamedTuple):
    name: str
    words: tuple[str, ...]
    codes: Int1D


def find_period_lookups(table: MixedTable, free: Collection[str]) -> Iterator[PeriodLookup]:
    """Yield numbers of ``free`` that a period of a date tells, alone or with a word.

    Dates alone come first, then columns of few words; of periods the longest.
    """
    dates = {name: days for name, one in table.columns.items() if one.kind == TIME
             and (days := as_numbers(one)) is not None and not np.isnan(days).any()}  # fmt: skip
    sources = [_Source("", ("",), np.zeros(table.rows, np.int64)), *_sources(table)]
    for target in free:
        column = table[target]
        if column.kind != NUMBER or column.missing().any():
            continue
        codes = coded(column)[0]
        if int(codes.max(initial=0)) + 1 < LEAST_VALUES or np.isnan(column.values).any():
            continue
        ways = ((source, date, months) for source in sources for date in list(dates)[:MOST_DATES]
                for months in PERIODS)  # fmt: skip
        for source, date, months in ways:
            period = np.floor(month_of(dates[date]) / months).astype(np.int64)
            period -= period.min()
            joint = source.codes * (int(period.max()) + 1) + period
            if _tells(joint, codes) and _commonest(source.codes, codes).mean() < MOST_ALONE:
                found = _lookup(table, target, source, (date, dates[date], months))
                if found is not None:
                    yield found
                break


def _sources(table: MixedTable) -> Iterator[_Source]:
    for name, column in table.columns.items():
        if column.kind == WORD and (column.values >= 0).all():
            counts = np.bincount(column.values, minlength=len(column.words))
            order = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code]]
            if 2 <= len(order) <= MOST_WORDS:
                places = np.zeros(len(column.words), np.int64)
                places[order] = np.arange(len(order))
                yield _Source(name, tuple(column.words[code] for code in order), places[column.values])


def _tells(joint: Int1D, target: Int1D) -> bool:
    """Tell whether equal keys have equal targets, beyond chance, judged on keys that are met twice."""
    _, keys, counts = np.unique(joint, return_inverse=True, return_counts=True)
    twice = counts[keys] >= LEAST_SEEN
    if twice.mean() < LEAST_REPEATED or len(counts) < LEAST_VALUES:
        return False
    right = _commonest(keys, target)
    odd = twice & (target != np.bincount(target).argmax())
    return bool(
        right[twice].mean() >= LEAST_TOLD and odd.sum() >= LEAST_ROWS and right[odd].mean() >= LEAST_ODD
    )


def _commonest(source: Int1D, target: Int1D) -> Bool1D:
    """Return which rows have the commonest target of their source."""
    width = int(target.max()) + 1
    pairs, counts = np.unique(source * width + target, return_counts=True)
    order = np.argsort(counts, kind="stable")
    best = np.zeros(int(source.max()) + 1, np.int64)
    best[pairs[order] // width] = pairs[order] % width
    return np.asarray(best[source] == target)


def _lookup(
    table: MixedTable, target: str, source: _Source, when: tuple[str, Float1D, int]
) -> PeriodLookup | None:
    date, days, months = when
    period = np.floor(month_of(days) / months).astype(np.int64)
    values = table[target].values
    words, periods, cells = [], [], []
    for place, word in enumerate(source.words):
        rows = source.codes == place
        known: list[tuple[int, float]] = []
        for one in np.unique(period[rows]).tolist():
            found, counts = np.unique(values[rows & (period == one)], return_counts=True)
            if counts.max() >= LEAST_SEEN:
                known.append((one, float(found[counts.argmax()])))
        if known:
            words.append(word)
            periods.append(tuple(one for one, _ in known))
            cells.append(tuple(cell for _, cell in known))
    if not words:
        return None
    return PeriodLookup(target, date, months, source.name, tuple(words), tuple(periods), tuple(cells))
