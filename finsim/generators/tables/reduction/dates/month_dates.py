"""Dates so many months or years after another date, and dates that never come after one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.tables.reduction.column_cells import LEAST_OVERLAP, as_numbers, from_numbers
from finsim.generators.tables.reduction.dates.date_gaps import DateGap
from finsim.generators.tables.reduction.dates.months_after import is_month_end, months_after
from finsim.notation import Float1D
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

LEAST_ROWS, LEAST_COUNTS, MOST_MONTHS = 20, 2, 1_200
"""Rows and different counts that a rule rests on, and months at most (assumptions)."""
LEAST_BOUND, LEAST_BEYOND = 10, 0.01
"""A date never comes after another one in all of ten rows, and would in 1 % by chance (assumptions)."""
_TRIED = 500
_YEAR = 12


@dataclass(frozen=True)
class MonthDate:
    """``target`` is the date ``operands[1]`` times ``months`` months after the date ``operands[0]``.

    From the end of a longer month on it is the last day of a shorter one, as contracts have it; with ``ends``
    the last day of a month comes after each last day of one.
    """

    target: str
    operands: tuple[str, ...]
    months: int
    ends: bool = False

    def values(self, numbers: Mapping[str, Float1D]) -> Float1D:
        """Return the days since 1970 float64[N], NaN where an operand is missing."""
        start, count = (numbers[name] for name in self.operands)
        return months_after(start, count * self.months, self.ends)


@dataclass(frozen=True)
class DateBound:
    """``target``, a date ``least`` days after ``source`` at least, never comes after ``until``."""

    target: str
    source: str
    until: str
    least: float = 0.0

    def bounded(self, columns: Mapping[str, MixedColumn]) -> dict[str, MixedColumn]:
        """Return the target with dates beyond the bound inside it, as far on as they were beyond it.

        To set them on the bound would make it a day on which much happens.
        """
        target, source, until = (_days(columns[name]) for name in (self.target, self.source, self.until))
        first = source + self.least
        span = until - first
        beyond = (target > until) & (span >= 0)
        inside = first + np.mod(target - first, np.where(span >= 0, span, 0.0) + 1.0)
        step = columns[self.target].step
        return {self.target: from_numbers(np.where(beyond, inside, target), TIME, step)}


def find_month_dates(table: MixedTable) -> Iterator[MonthDate]:
    """Yield dates that are another date and a whole number of months or years, in every row that has all.

    A rule whose columns are missing together comes before one that has empty cells of its own.
    """
    dates = {name: days for name, one in table.columns.items() if (days := _dates(one)) is not None}
    counts = {name: one.values for name, one in table.columns.items() if _is_count(one)}
    for target, mine in dates.items():
        found = (
            MonthDate(target, (source, count), months, ends)
            for is_whole in (True, False)
            for source, start in dates.items() if source != target
            for count, number in counts.items() for months in (1, _YEAR)
            for ends in _ways(start)
            if _holds(mine, start, number * months, is_whole, ends)
        )  # fmt: skip
        first = next(found, None)
        if first is not None:
            yield first


def find_bounds(table: MixedTable, gaps: Collection[DateGap]) -> Iterator[DateBound]:
    """Yield the nearest date that each date learned as days after another never comes after."""
    dates = {name: days for name, one in table.columns.items() if (days := _dates(one)) is not None}
    for gap in gaps:
        mine, start = dates.get(gap.target), dates.get(gap.source)
        if mine is None or start is None:
            continue
        room = {
            name: float(np.nanmedian(until - mine))
            for name, until in dates.items()
            if name not in (gap.target, gap.source) and _is_bound(mine, start, until)
        }
        if room:
            least = float(np.nanmin(mine - start))
            yield DateBound(gap.target, gap.source, min(room, key=lambda name: room[name]), max(least, 0.0))


def _holds(mine: Float1D, start: Float1D, months: Float1D, is_whole: bool, ends: bool) -> bool:
    """Tell whether a rule holds; ``is_whole``: and its columns are missing together."""
    made = np.isfinite(start) & np.isfinite(months)
    both = np.isfinite(mine) & made
    some = np.flatnonzero(both)
    if len(some) < LEAST_ROWS or (is_whole and not (both == (np.isfinite(mine) | made)).all()):
        return False
    if len(some) < LEAST_OVERLAP * max(np.isfinite(mine).sum(), made.sum()):
        return False
    if (np.abs(months[some]) > MOST_MONTHS).any() or len(np.unique(months[some])) < LEAST_COUNTS:
        return False
    first = some[:_TRIED]
    return bool(
        (months_after(start[first], months[first], ends) == mine[first]).all()
        and (months_after(start[some], months[some], ends) == mine[some]).all()
    )


def _ways(start: Float1D) -> tuple[bool, ...]:
    """Return whether ends of months may keep to ends: seen first where all dates are such."""
    is_end = is_month_end(start)[np.isfinite(start)]
    return (True, False) if is_end.all() else (False, True) if is_end.any() else (False,)


def _is_bound(mine: Float1D, start: Float1D, until: Float1D) -> bool:
    """Whether a date never comes after another in all rows, though its days after ``start`` would."""
    whole = np.isfinite(mine) & np.isfinite(start)
    there = whole & np.isfinite(until)
    if there.sum() < max(LEAST_BOUND, LEAST_OVERLAP * whole.sum()) or (mine > until).any():
        return False
    gap, room = (mine - start)[there], (until - start)[there]
    within = np.searchsorted(np.sort(gap), room, side="right").mean() / len(gap)
    return bool(1.0 - within >= LEAST_BEYOND)


def _dates(column: MixedColumn) -> Float1D | None:
    return as_numbers(column) if column.kind == TIME else None


def _is_count(column: MixedColumn) -> bool:
    return column.kind == NUMBER and column.step >= 1.0


def _days(column: MixedColumn) -> Float1D:
    found = as_numbers(column)
    assert found is not None
    return found
