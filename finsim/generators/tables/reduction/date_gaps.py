"""Dates that come after another date: learned as the days between, so that their order holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers, from_numbers
from finsim.notation import DAY, MONTH, NANOS_PER_DAY, Bool1D, Float1D
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

LEAST_ROWS, LEAST_AFTER, MOST_SHUFFLED = 50, 0.995, 0.95
"""Dates come after in 99.5 % of the rows, and would in 95 % at most by chance (assumptions)."""
MOST_LACKING = 0.5
"""A date that is missing in half of the rows of the later one may be filled (assumption)."""
LEAST_ENDS, MOST_WEEKENDS = 0.3, 0.02
"""Ends of months are kept where 30 % of the dates are such, weekends avoided where 2 % are (assumptions)."""
END, OTHER = "end of month", "other day"


@dataclass(frozen=True)
class DateGap:
    """``target`` is a date some days after ``source``; a model sees the days.

    ``flag`` : the column that says which dates are ends of months, "" where few are. ``working`` : whether
    dates keep off weekends.
    """

    target: str
    source: str
    flag: str
    working: bool

    def between(self) -> str:
        """Return what the days between are called."""
        return f"days from {self.source} to {self.target}"

    def loosened(self, columns: Mapping[str, MixedColumn]) -> dict[str, MixedColumn]:
        """Return the days between, and the flag."""
        days = _days(columns[self.target])
        found = {self.target: MixedColumn(NUMBER, days - _days(columns[self.source]), (), 1.0)}
        if self.flag:
            ends = is_month_end(days)
            found[self.flag] = MixedColumn(WORD, (~ends).astype(np.int32), (END, OTHER))
        return found

    def closed(self, columns: Mapping[str, MixedColumn], exact: bool = False) -> dict[str, MixedColumn]:
        """Return the dates; ``exact`` ones are so many days after their source, whatever day that is."""
        start = _days(columns[self.source])
        days = start + columns[self.target].values
        if exact:
            return {self.target: from_numbers(days, TIME, float(NANOS_PER_DAY))}
        if self.flag:
            flag = columns[self.flag]
            told = np.array([word == END for word in flag.words] + [False])[flag.values]
            days = np.where(told & ~np.isnan(days), _near_month_end(days, start), days)
        if self.working:
            weekday = (days + 3) % 7
            days = np.where(weekday == 5, days - 1, np.where(weekday == 6, days + 1, days))
            days = np.where(days < start, days + 3, days)
        return {self.target: from_numbers(days, TIME, float(NANOS_PER_DAY))}


def find_gaps(table: MixedTable) -> Iterator[DateGap]:
    """Yield dates that come after others, in an order in which they can be put back."""
    days = {name: _days(one) for name, one in table.columns.items()
            if one.kind == TIME and as_numbers(one) is not None}  # fmt: skip
    after = {
        (target, source): _spread(mine, other)
        for target, mine in days.items() for source, other in days.items() if target != source
    }  # fmt: skip
    done = {name for name in days if not any(after[name, one] for one in days if one != name)}
    waiting = [name for name in days if name not in done]
    while waiting:
        near = [(after[name, one], name, one) for name in waiting for one in done if after[name, one]]
        if not near:
            done.add(waiting.pop(0))
            continue
        # The widest gaps come last: each date follows the one that is nearest to it.
        name = min(near)[1]
        source = min((after[name, one], one) for one in done if after[name, one])[1]
        done.add(name)
        waiting.remove(name)
        there = days[name][~np.isnan(days[name])]
        flag = f"{name} at the end of a month" if is_month_end(there).mean() >= LEAST_ENDS else ""
        weekends = float((((there + 3) % 7) >= 5).mean())
        yield DateGap(name, source, flag, weekends <= MOST_WEEKENDS)


def first_date(days: Mapping[str, Float1D]) -> tuple[str, str] | None:
    """Return a date and one before it that is missing in some of its rows, None where there is no such pair.

    The date has no other one before it that is there in all of its rows; of several pairs that with fewest
    rows to fill.
    """
    found = []
    for target, mine in days.items():
        others = {source: other for source, other in days.items() if source != target}
        if any(_spread(mine, other) for other in others.values()):
            continue
        for source, other in others.items():
            both = ~np.isnan(mine) & ~np.isnan(other)
            lacking = 1.0 - both.sum() / max((~np.isnan(mine)).sum(), 1)
            if 0.0 < lacking <= MOST_LACKING and _spread(np.where(both, mine, np.nan), other):
                found.append((lacking, target, source))
    return min(found)[1:] if found else None


def _spread(mine: Float1D, other: Float1D) -> float:
    """Return the middle spread of the days between, 0 where one date does not come after the other."""
    if (np.isnan(other) & ~np.isnan(mine)).any():
        return 0.0
    there = ~np.isnan(mine)
    gap = mine[there] - other[there]
    if len(gap) < LEAST_ROWS or (gap >= 0).mean() < LEAST_AFTER or (gap == gap[0]).all():
        return 0.0
    by_chance = np.searchsorted(np.sort(other[there]), mine[there], side="right").mean() / len(gap)
    low, high = np.quantile(gap, [0.1, 0.9])
    return float(high - low) + 1.0 if by_chance <= MOST_SHUFFLED else 0.0


def is_month_end(days: Float1D) -> Bool1D:
    """Return which days since 1970 are the last of their month; False where missing."""
    there = ~np.isnan(days)
    found = np.zeros(len(days), np.bool_)
    some = days[there].astype(np.int64).astype("datetime64[D]")
    found[there] = (some + DAY).astype("datetime64[M]") != some.astype("datetime64[M]")
    return found


def _near_month_end(days: Float1D, start: Float1D) -> Float1D:
    """Return the nearest last day of a month that is not before ``start``."""
    whole = np.nan_to_num(days).astype(np.int64).astype("datetime64[D]")
    month = whole.astype("datetime64[M]")
    before = (month.astype("datetime64[D]") - DAY).astype(np.int64)
    after = ((month + MONTH).astype("datetime64[D]") - DAY).astype(np.int64)
    nearer = np.where(days - before < after - days, before, after)
    return np.asarray(np.where(nearer < start, after, nearer).astype(np.float64))


def _days(column: MixedColumn) -> Float1D:
    found = as_numbers(column)
    assert found is not None
    return found
