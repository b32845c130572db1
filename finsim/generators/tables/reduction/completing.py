"""Empty cells that a rule fills: what is learned is whole, and what is missing is learned beside it.

A tape lacks a cell here and there. A rule such as end = start + term then fails in these rows, though nothing
speaks against it. It is judged where all its columns are there; the cell that is missing is solved from the
others, so that a model sees whole rows, and which cells are missing becomes a column of its own (own).
"""

from __future__ import annotations

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers, from_numbers, number_step, on_grid
from finsim.generators.tables.reduction.computed import numbers_of
from finsim.generators.tables.reduction.dates.filling import filled_before
from finsim.generators.tables.reduction.dates.find_gaps import first_date
from finsim.generators.tables.reduction.dates.month_dates import MonthDate
from finsim.generators.tables.reduction.empty_cells import EmptyCells, flag_of
from finsim.generators.tables.reduction.identities import BALLOON, LEAST_SHARE, Identity
from finsim.generators.tables.reduction.solving import Numbers, solved
from finsim.notation import Bool1D, Float1D, Int1D
from finsim.records.mixed_table import TIME, MixedColumn, MixedTable

MOST_UNSOLVED = 0.01
"""Rows in which a rule fills no empty cell, at most (assumption): else it is no rule of this table."""
_AROUND = 3


class WholeTable:
    """A table whose empty cells are filled, rule by rule; ``flags`` says which they were."""

    def __init__(self, table: MixedTable, rng: np.random.Generator) -> None:
        """Begin with a table as it is; donors of what no rule says are drawn by ``rng``."""
        self._original, self._rng = table, rng
        self._filled: dict[str, MixedColumn] = {}
        self._rules: list[Identity | MonthDate] = []

    def table(self) -> MixedTable:
        """Return the table with what was filled so far."""
        return self._original.with_columns(self._filled)

    def fills(self, rule: Identity | MonthDate) -> bool:
        """Fill the cells that a rule says; False, and nothing is filled, where it says too few."""
        if not self._fill(rule):
            return False
        self._rules.append(rule)
        return True

    def settle(self) -> None:
        """Fill what rules say of cells that later ones have filled."""
        if self._filled:
            for rule in self._rules:
                self._fill(rule)

    def _column(self, name: str) -> MixedColumn:
        return self._filled.get(name, self._original[name])

    def _fill(self, rule: Identity | MonthDate) -> bool:
        names = (rule.target, *rule.operands)
        cells = {name: np.array(numbers_of(self._column(name))) for name in names}
        target = cells[rule.target]
        with np.errstate(over="ignore", invalid="ignore"):
            lacks = np.isnan(rule.values(cells))
            if (lacks != np.isnan(target)).mean() <= 1.0 - LEAST_SHARE:
                return True
            rows = np.flatnonzero(lacks & ~np.isnan(target))
            donors = np.flatnonzero(~lacks & ~np.isnan(target))
            some, is_solved = self._solved(rule, {name: one[rows] for name, one in cells.items()},
                                           {name: one[donors] for name, one in cells.items()})  # fmt: skip
            if (~is_solved).sum() > MOST_UNSOLVED * len(target):
                return False
            for name in rule.operands:
                cells[name][rows] = some[name]
            made = rule.values(cells)
        cells[rule.target] = np.where(np.isnan(target), made, target)
        for name in names:
            column = self._column(name)
            new = column.missing() & ~np.isnan(cells[name])
            if new.any():
                filled = from_numbers(cells[name], column.kind, column.step)
                self._filled[name] = column.with_values(np.where(new, filled.values, column.values))
        return True

    def _solved(
        self, rule: Identity | MonthDate, rows: dict[str, Float1D], donors: Numbers
    ) -> tuple[dict[str, Float1D], Bool1D]:
        """Return the operands of rows that lack some, and in which rows the rule gives their target.

        The first empty operand is solved; further ones are those of a row with nearly the same target.
        """
        like = self._nearest(rows[rule.target], donors[rule.target])
        first = np.full(len(like), -1)
        may_lack = isinstance(rule, Identity) and rule.kind == BALLOON  # most loans have none
        needed = rule.operands[:3] if may_lack else rule.operands
        for place, name in reversed(list(enumerate(needed))):
            first[np.isnan(rows[name])] = place
        found = {name: rows[name] for name in (rule.target, *rule.operands)}
        for place, name in enumerate(needed):
            other = np.isnan(rows[name]) & (first != place)
            found[name] = np.where(other, donors[name][like], rows[name])
        for place, name in enumerate(needed):
            mine = first == place
            if mine.any():
                step = number_step(self._original[name])
                values = solved(rule, name, found, np.unique(donors[name]))
                found[name] = np.where(mine, on_grid(values, step), found[name])
        made = on_grid(rule.values(found), number_step(self._original[rule.target]))
        wide = 0.51 * number_step(self._original[rule.target]) + 1e-9 * np.maximum(np.abs(made), 1.0)
        return found, np.asarray(np.abs(made - rows[rule.target]) <= wide)

    def _nearest(self, values: Float1D, among: Float1D) -> Int1D:
        """Return a place in ``among`` for each value, one of the nearest."""
        order = np.argsort(among, kind="stable")
        at = np.searchsorted(among[order], values) + self._rng.integers(-_AROUND, _AROUND, len(values))
        return np.asarray(order[np.clip(at, 0, len(order) - 1)])

    def fill_dates(self, names: list[str]) -> None:
        """Fill dates that are missing where a date after them is there, so that their order can be kept."""
        dates = {name: one for name in names if (one := self._column(name)).kind == TIME}
        days = {name: found for name, one in dates.items() if (found := as_numbers(one)) is not None}
        for _ in range(len(days)):
            pair = first_date(days)
            if pair is None:
                return
            target, source = pair
            filled = filled_before(days, source, target, self._rng)
            days[source] = filled
            column = self._column(source)
            self._filled[source] = from_numbers(filled, TIME, column.step)

    def flags(self) -> tuple[dict[str, MixedColumn], tuple[EmptyCells, ...]]:
        """Return the columns that say where filled cells are missing, and what they empty."""
        groups: dict[bytes, list[str]] = {}
        for name, column in self._filled.items():
            lacks = self._original[name].missing()
            if not np.array_equal(lacks, column.missing()):
                groups.setdefault(lacks.tobytes(), []).append(name)
        columns, found = {}, []
        for names in groups.values():
            flag = f"{names[0]}: there"
            while flag in self._original:
                flag += "?"
            columns[flag] = flag_of(self._original[names[0]].missing())
            found.append(EmptyCells(flag, tuple(names)))
        return columns, tuple(found)
