"""Months since an opening, such as months on book, learned as months less than the dates of the loan say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers, number_step
from finsim.generators.tables.reduction.dates.months_after import day_of_month, month_of
from finsim.notation import Float1D
from finsim.records.mixed_table import NUMBER, TIME, MixedTable

Numbers = Mapping[str, Float1D]
LEAST_ROWS, LEAST_VALUES, LEAST_THERE, LEAST_AFTER = 200, 12, 0.99, 0.99
LEAST_SAME, LEAST_BELOW, MOST_CHANCE = 0.3, 0.999, 0.1
"""A count: 200 rows, 12 numbers; as many months as the dates say in 30 % of the rows, no more in 99.9 %, and
in a tenth at most beside the openings of other rows (assumptions)."""
MOST_DATES = 6


@dataclass(frozen=True)
class Elapsed:
    """``target`` counts months from an opening to the first of the loan's dates, the tape's at the latest.

    ``operands`` : what is learned, how many months less it is; the opening; and the other dates. ``month`` is
    that of the tape, in months since 1970. Months of the calendar, or ``complete`` ones, by the day of the
    opening; the tape stands at the end of its month. Source: own.
    """

    target: str
    operands: tuple[str, ...]
    month: int
    complete: bool
    step: ClassVar[float] = 1.0

    def said(self, columns: Numbers) -> Float1D:
        """Return the months that the dates say, float64[N]."""
        opened = columns[self.operands[1]]
        start, day = month_of(opened), day_of_month(opened)
        found = np.full(len(opened), float(self.month)) - start
        for name in self.operands[2:]:
            own = month_of(columns[name]) - start
            if self.complete:
                own = own - (day > day_of_month(columns[name]))
            found = np.fmin(found, own)
        return np.asarray(np.maximum(found, 0.0))

    def values(self, columns: Numbers) -> Float1D:
        """Return the months since the opening, float64[N]."""
        return np.asarray(np.maximum(self.said(columns) - columns[self.operands[0]], 0.0))

    def learned(self, columns: Numbers) -> Float1D:
        """Return how many months less than the dates say, float64[N]."""
        return np.asarray(self.said(columns) - columns[self.target])


def find_elapsed(table: MixedTable, free: list[str]) -> Iterator[Elapsed]:
    """Yield columns of ``free`` that count months since an opening, each by the dates that say it best."""
    numbers = {name: one for name, column in table.columns.items() if (one := as_numbers(column)) is not None}
    dates = [name for name in numbers if table[name].kind == TIME][:MOST_DATES]
    counts = [name for name in free if name in numbers and table[name].kind == NUMBER
              and _may_count(numbers[name], number_step(table[name]))]  # fmt: skip
    for target in counts:
        found = [fit for rule in _rules(numbers, dates, target) if (fit := _fit(rule, numbers)) is not None]
        if found:
            yield max(found, key=lambda pair: pair[0])[1]


def _may_count(values: Float1D, step: float) -> bool:
    known = values[~np.isnan(values)]
    return (
        len(known) >= LEAST_ROWS and step >= 1 and known.min() >= 0 and len(np.unique(known)) >= LEAST_VALUES
    )


def _rules(numbers: Numbers, dates: list[str], target: str) -> Iterator[Elapsed]:
    hidden = f"{target}: months less"
    for opened in dates:
        begins = numbers[opened]
        if np.isnan(begins).mean() > 1.0 - LEAST_THERE or hidden in numbers:
            continue
        total = month_of(begins) + numbers[target]
        months, many = np.unique(total[~np.isnan(total)], return_counts=True)
        if not len(months):
            continue
        month = int(months[many.argmax()])
        after = [one for one in dates if one != opened and _comes_after(numbers[one], begins)]
        for ends in {tuple(after): None, (): None}:
            for complete in (False, True) if ends else (False,):
                yield Elapsed(target, (hidden, opened, *ends), month, complete)


def _comes_after(date: Float1D, begins: Float1D) -> bool:
    both = ~np.isnan(date) & ~np.isnan(begins)
    return bool(both.any() and (date >= begins)[both].mean() >= LEAST_AFTER)


def _fit(rule: Elapsed, numbers: Numbers) -> tuple[float, Elapsed] | None:
    """Return the share of rows in which the count is what the dates say, and the rule; None for too few."""
    target = numbers[rule.target]
    there = ~np.isnan(target) & ~np.isnan(numbers[rule.operands[1]])
    less = rule.learned(numbers)[there]
    same = float((less == 0).mean())
    if same < LEAST_SAME or (less >= 0).mean() < LEAST_BELOW:
        return None
    other = np.roll(target[there], len(less) // 3 + 1)
    chance = float((rule.said(numbers)[there] == other).mean())
    return None if chance > MOST_CHANCE else (same, rule)
