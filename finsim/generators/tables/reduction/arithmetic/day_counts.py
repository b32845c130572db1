"""Numbers that count the days between dates in some rows: days past due since the day of default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations

import numpy as np

from finsim.generators.tables.reduction.arithmetic.cases import CaseRule, Cases, codes_of
from finsim.generators.tables.reduction.identities import SUM, Identity
from finsim.notation import Bool1D, Float1D, Int1D
from finsim.records.mixed_table import TIME, MixedColumn, MixedTable

LEAST_ROWS, LEAST_VALUES, LEAST_SHARE, SOME_ROWS, LEAST_SOME = 20, 12, 0.99, 64, 0.9
"""Rows and different counts that a rule rests on, and the share of the rows, and of few of them, that keep it
(assumptions)."""
MOST_ADDED = 400.0
"""Days that a count between two dates may begin with, such as 90 at a default (assumption)."""


def day_count(target: str, mine: Float1D, dates: Mapping[str, Float1D], rows: Bool1D) -> Identity | None:
    """Return the rule by which ``target`` counts days in some rows, None where it does not.

    ``mine`` and ``dates`` (days since 1970) are float64[N]. Days up to a day that all rows share have one
    date alone: 90 days past due at default, and one more for each day up to the day of the tape.
    """
    there = np.flatnonzero(rows & ~np.isnan(mine)) if dates else np.zeros(0, np.int64)
    if len(there) < LEAST_ROWS:
        return None
    some = there[:: max(1, len(there) // SOME_ROWS)]  # what few rows refuse is not looked for in all
    for terms in _terms(dates, some):
        if _added(mine[some] - _counted(terms, dates, some), LEAST_SOME) is None:
            continue
        added = _added(mine[there] - _counted(terms, dates, there), LEAST_SHARE)
        fits = added is not None and (len(terms) == 1 or abs(added) <= MOST_ADDED)
        if added is not None and fits and len(np.unique(mine[there])) >= LEAST_VALUES:
            return Identity(SUM, target, tuple(terms), tuple(terms.values()), added)
    return None


def _terms(dates: Mapping[str, Float1D], rows: Int1D) -> Iterator[dict[str, float]]:
    """Yield the signs of one date, then of two, among those that nearly all of some rows have."""
    known = [name for name, days in dates.items() if not np.isnan(days[rows]).any()]
    for name in known:
        yield {name: -1.0}
        yield {name: 1.0}
    for later, earlier in permutations(known, 2):
        yield {later: 1.0, earlier: -1.0}


def _counted(terms: Mapping[str, float], dates: Mapping[str, Float1D], rows: Int1D) -> Float1D:
    return np.asarray(sum(sign * dates[name][rows] for name, sign in terms.items()))


def others_cells(cases: Cases, table: MixedTable) -> MixedColumn:
    """Return the target as it is learned for rows of other words.

    Where rows of some words count days, their counts are no law of the others: they have the commonest number
    of those, so that loans which still run are not past due for years.
    """
    column = table[cases.target]
    codes = codes_of(table[cases.source], cases.words)
    counted = [place for place, rule in enumerate(cases.rules) if _counts_days(rule, table)]
    rest = column.values[(codes < 0) & ~np.isnan(column.values)]
    if not counted or not len(rest):
        return column
    found, counts = np.unique(rest, return_counts=True)
    return column.with_values(np.where(np.isin(codes, counted), found[counts.argmax()], column.values))


def _counts_days(rule: CaseRule, table: MixedTable) -> bool:
    return isinstance(rule, Identity) and any(table[name].kind == TIME for name in rule.operands)


def _added(rest: Float1D, least: float) -> float | None:
    """Return the one number that nearly all rows have left, None where they have none."""
    found, counts = np.unique(rest, return_counts=True)
    most = int(counts.argmax())
    return float(found[most]) if counts[most] >= least * len(rest) else None
