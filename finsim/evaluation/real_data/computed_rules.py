"""Numbers that arithmetic, another one for each word, or a period of a date tells, as relations of a side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from finsim.evaluation.tables.column_pairs import DATE, NUMBER, ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.generators.tables.reduction.arithmetic.cases import Cases, codes_of
from finsim.generators.tables.reduction.arithmetic.find_cases import find_cases
from finsim.generators.tables.reduction.dates.period_lookups import PeriodLookup, find_period_lookups
from finsim.generators.tables.reduction.identities import Identity
from finsim.notation import NANOS_PER_DAY, Array, Bool1D
from finsim.records.mixed_table import MISSING_TIME, TIME, WORD, MixedColumn, MixedTable
from finsim.records.mixed_table import NUMBER as AMOUNT

SAMPLE, MOST, MOST_DECIMALS = 4_000, 60, 6
"""Real rows in which rules are looked for, columns of a kind, and decimals of a grid."""
Sides = tuple[Array, Array, Array | None]
Told = tuple[str, Sides, Sides, "RuleCheck"]


class RuleCheck:
    """The check of one rule: a number beside the columns that it follows from, float64[n, k]."""

    def __init__(self, rule: Cases | PeriodLookup, beside: list[ColumnPair], grid: float):
        """Hold the rule, the columns that it reads, and the grid of its numbers."""
        self.rule, self.beside, self.grid = rule, beside, grid

    def __call__(self, left: Array, right: Array) -> tuple[Bool1D, Bool1D]:
        """Return (asked, broken) bool[n] of the rows of a side; what real rows do not tell is not asked."""
        columns = {one.name: _column(one, right[:, k]) for k, one in enumerate(self.beside)}
        made = self.rule.values(columns)
        asked = np.isfinite(left) & np.isfinite(made)
        if isinstance(self.rule, PeriodLookup):
            asked &= self.rule.knows(columns)
        elif self.rule.source:
            codes = codes_of(columns[self.rule.source], self.rule.words)
            computes = [isinstance(one, Identity) for one in self.rule.rules]
            asked &= np.array([*computes, False])[codes]
        with np.errstate(invalid="ignore"):
            off = np.abs(left - made) > self.grid * (1.0 + 1e-6) + 1e-9 * np.abs(left)
        return asked, np.asarray(asked & off)


def computed_rules(case: TableCase) -> Iterator[Told]:
    """Yield rules of the real side in words, with the values of each side and the check.

    A number is broken where it is more than one of its steps away.
    """
    kinds = {kind: [one for one in case.columns if one.kind == kind][:MOST] for kind in (NUMBER, DATE)}
    words = [one for one in case.columns if one.is_category][:MOST]
    columns = {one.name: one for one in (*kinds[NUMBER], *kinds[DATE], *words)}
    rows = np.sort(case.streams.at("computed rules").permutation(case.rows_real)[:SAMPLE])
    table = MixedTable({name: _column(one, one.real[rows]) for name, one in columns.items()}, len(rows))
    numbers = [one.name for one in kinds[NUMBER]]
    found: list[Cases | PeriodLookup] = [*find_cases(table, (), case.streams)]
    found += find_period_lookups(table, numbers)
    for rule in found:
        beside = [columns[name] for name in rule.sources() if name in columns]
        if len(beside) < len(rule.sources()):  # some of its numbers are learned
            continue
        target = columns[rule.target]
        spare = None
        if target.spare is not None and all(one.spare is not None for one in beside):
            spare = _stacked([one.spare for one in beside])
        right = _stacked([one.real for one in beside]), _stacked([one.own for one in beside]), spare
        grid = rule.grid if isinstance(rule, Cases) else table[rule.target].step
        sides = (target.real, target.own, target.spare)
        yield _in_words(rule), sides, right, RuleCheck(rule, beside, grid)


def _stacked(values: Sequence[Array | None]) -> Array:
    return np.stack([np.asarray(one, dtype=np.float64) for one in values], axis=1)


def _column(one: ColumnPair, values: Array) -> MixedColumn:
    """Return one side of a column as rules read it."""
    if one.is_category:
        return MixedColumn(WORD, values.astype(np.int32), one.levels)
    if one.kind == DATE:
        there = np.isfinite(values)
        days = np.floor(np.where(there, values, 0.0)).astype(np.int64) * NANOS_PER_DAY
        return MixedColumn(TIME, np.where(there, days, MISSING_TIME), (), float(NANOS_PER_DAY))
    return MixedColumn(AMOUNT, np.asarray(values, np.float64), (), _step(one.real))


def _step(values: Array) -> float:
    """Return the decimal step that all numbers are multiples of, 0 where there is none."""
    known = values[np.isfinite(values)][:SAMPLE]
    for decimals in range(MOST_DECIMALS + 1):
        if np.allclose(known, np.round(known, decimals), rtol=1e-12, atol=1e-9):
            return float(10.0**-decimals)
    return 0.0


def _in_words(rule: Cases | PeriodLookup) -> str:
    """Return a rule as a report tells it."""
    if isinstance(rule, PeriodLookup):
        period = {12: "year", 3: "quarter", 1: "month"}[rule.months]
        beside = f" and {rule.source}" if rule.source else ""
        return f"{rule.target} follows from the {period} of {rule.date}{beside}"
    by = f" by {rule.source}" if rule.source else ""
    kinds = dict.fromkeys(one.kind for one in rule.rules if isinstance(one, Identity))
    return f"{rule.target} follows from {', '.join(rule.operands)} ({', '.join(kinds)}){by}"
