"""Which dates come after which, and by what they are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.generators.tables.reduction.dates.date_gaps import DateGap
from finsim.generators.tables.reduction.dates.date_ranges import ranges_to, shuffled_out
from finsim.generators.tables.reduction.dates.fixed_days import find_fixed_days
from finsim.generators.tables.reduction.dates.months_after import (
    are_whole,
    is_month_end,
    keep_ends,
    months_between,
    terms_of,
)
from finsim.generators.tables.reduction.schedules import entropy
from finsim.notation import Float1D
from finsim.records.mixed_table import TIME, MixedTable

LEAST_ROWS, MANY_ROWS, LEAST_AFTER, MOST_SHUFFLED = 10, 50, 0.995, 0.95
"""Dates come after in 99.5 % of the rows, in all of fewer than 50, and would in 95 % at most by chance; an
order that ten rows keep is kept (assumptions)."""
MOST_LACKING = 0.5
"""A date that is missing in half of the rows of the later one may be filled (assumption)."""
LEAST_ENDS, MOST_WEEKENDS = 0.3, 0.02
"""Ends of months are kept where 30 % of the dates are such, weekends avoided where 2 % are (assumptions)."""
SHARPER = 0.5
"""Or the days between vary half as much as the dates do (assumption), or are whole months."""
LEAST_OUT, LEAST_OUT_ROWS = 0.01, 10
"""Or dates put together by chance leave the range of the days between in 1 % and 10 rows (assumption): 2 rows
leave the range of days that tell nothing, 10 by chance in one table of 2,000."""
LEAST_DATES, MOST_PARTS, BLUNTER = 200, 12, 0.1
"""The calendar is kept beside the days between where 200 dates lie in it about as close together (.1 nats
further apart at most), in parts of equal numbers of dates, 12 at most (assumptions)."""


def find_gaps(table: MixedTable) -> Iterator[DateGap]:
    """Yield dates that come after others, in an order in which they can be put back."""
    days = {name: found for name, one in table.columns.items()
            if one.kind == TIME and (found := as_numbers(one)) is not None}  # fmt: skip
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
        source = min((not are_whole(days[one], days[name]), after[name, one], one)
                     for one in done if after[name, one])[2]  # fmt: skip
        done.add(name)
        waiting.remove(name)
        placed = {source: days[source], **{one: days[one] for one in days if one in done and one != name}}
        yield _gap(name, source, days[name], placed)


def first_date(days: Mapping[str, Float1D]) -> tuple[str, str] | None:
    """Return a date and one before it that is missing in some of its rows, None where there is no such pair.

    The date has no other one before it that is there in all of its rows; of several pairs one of whole
    months, then that with fewest rows to fill.
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
                found.append((not are_whole(other, mine), lacking, target, source))
    return min(found)[2:] if found else None


def comes_after(mine: Float1D, other: Float1D) -> bool:
    """Tell whether a date comes after another one in a way that chance does not explain."""
    return _spread(mine, other) > 0.0


def _spread(mine: Float1D, other: Float1D) -> float:
    """Return the middle spread of the days between, 0 where one date does not come after the other."""
    if (np.isnan(other) & ~np.isnan(mine)).any():
        return 0.0
    there = ~np.isnan(mine)
    gap = mine[there] - other[there]
    least = LEAST_AFTER if len(gap) >= MANY_ROWS else 1.0
    if len(gap) < LEAST_ROWS or (gap >= 0).mean() < least or (gap == gap[0]).all():
        return 0.0
    by_chance = np.searchsorted(np.sort(other[there]), mine[there], side="right").mean() / len(gap)
    low, high = np.quantile(gap, [0.1, 0.9])
    first, last = np.quantile(mine[there], [0.1, 0.9])
    is_told = by_chance <= MOST_SHUFFLED or high - low <= SHARPER * (last - first) or are_whole(other, mine)
    is_told = is_told or shuffled_out(mine[there], other[there]) >= max(LEAST_OUT, LEAST_OUT_ROWS / len(gap))
    return float(high - low) + 1.0 if is_told else 0.0


def _gap(name: str, source: str, mine: Float1D, placed: Mapping[str, Float1D]) -> DateGap:
    """Return a date after another one, ``placed``: those that are there before it, the source first."""
    start = placed[source]
    if are_whole(start, mine):
        terms = terms_of(months_between(start, mine))
        return DateGap(name, source, "", False, True, terms, ends=keep_ends(start, mine))
    there = mine[~np.isnan(mine)]
    fixed = find_fixed_days(name, mine)
    flag = f"{name} at the end of a month" if not fixed and is_month_end(there).mean() >= LEAST_ENDS else ""
    weekends = float((((there + 3) % 7) >= 5).mean())
    cuts = _cuts(there, (mine - start)[~np.isnan(mine - start)])
    part = f"{name}: part of the calendar" if cuts else ""
    return DateGap(name, source, flag, weekends <= MOST_WEEKENDS, False, (), ranges_to(mine, source, placed),
                   part, cuts, fixed=fixed)  # fmt: skip


def _cuts(days: Float1D, between: Float1D) -> tuple[float, ...]:
    """Return the days between parts of the calendar, () where dates lie further apart than days between."""
    if len(days) < LEAST_DATES or entropy(days) > entropy(between) + BLUNTER:
        return ()
    parts = int(min(np.sqrt(len(days)) / 2, MOST_PARTS))
    cuts = np.unique(np.ceil(np.quantile(days, np.arange(1, parts) / parts)))
    return tuple(float(one) for one in cuts if one > days.min())
