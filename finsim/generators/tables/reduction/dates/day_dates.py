"""Dates so many days after another date for each month or year of a term: 30, or a twelfth of a year."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finsim.generators.tables.reduction.column_cells import LEAST_OVERLAP, as_numbers
from finsim.generators.tables.reduction.identities import SUM, Identity
from finsim.notation import Float1D
from finsim.records.mixed_table import NUMBER, TIME, MixedTable

LEAST_ROWS, LEAST_COUNTS, MOST_COUNTS = 50, 2, 400
"""Rows and different counts that a rule rests on, and counts of which a term has at most (assumptions)."""
DAYS = (365.25 / 12, 30.0, 365.0 / 12, 30.44, 30.42, 30.4, 30.5, 31.0, 365.25, 365.0, 360.0, 7.0, 14.0)
"""Days of a month, a year, a week or two."""


def find_day_dates(table: MixedTable) -> Iterator[Identity]:
    """Yield dates that are another date and so many days for each unit of a count, rounded, in every row."""
    dates = {
        name: days for name, one in table.columns.items()
        if one.kind == TIME and (days := as_numbers(one)) is not None
    }  # fmt: skip
    counts = {name: one.values for name, one in table.columns.items() if one.kind == NUMBER and one.step >= 1}
    for target, mine in dates.items():
        found = (
            rule for source, start in dates.items() if source != target
            for count, number in counts.items()
            if (rule := _rule((target, source, count), mine - start, number)) is not None
        )  # fmt: skip
        first = next(found, None)
        if first is not None:
            yield first


def _rule(names: tuple[str, str, str], between: Float1D, count: Float1D) -> Identity | None:
    """Return the rule of a target, a source and a count, the dates being ``between`` days apart: [N]."""
    both = ~np.isnan(between) & ~np.isnan(count)
    if both.sum() < max(LEAST_ROWS, LEAST_OVERLAP * (~np.isnan(between)).sum()):
        return None
    days, counted = between[both], count[both]
    if not LEAST_COUNTS <= len(np.unique(counted)) <= MOST_COUNTS or counted.min() <= 0:
        return None
    for each in DAYS:
        rest = days - each * counted
        low, high = float(rest.max()) - 0.5, float(rest.min()) + 0.5
        # Whatever halves are rounded to, what is added keeps all rows off a half day.
        if high > low and abs(low + high) <= 2.0:
            return Identity(SUM, names[0], names[1:], (1.0, each), round(0.5 * (low + high), 9))
    return None
