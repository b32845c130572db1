"""What given cells ask of the columns that a model learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from finsim.errors import FitError, Problem, did_you_mean
from finsim.generators.tables.given.contradictions import contradictions
from finsim.generators.tables.given.emptiness import against_facts, against_words
from finsim.generators.tables.given.words import PlainWords, Words
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reduction.arithmetic.cases import Cases
from finsim.generators.tables.reduction.arithmetic.learned_ratios import AgreedRatio, agreed_name
from finsim.generators.tables.reduction.column_cells import Plain
from finsim.generators.tables.reduction.dates.date_gaps import DateGap
from finsim.generators.tables.reduction.dates.month_dates import MonthDate
from finsim.generators.tables.reduction.dates.months_after import months_after
from finsim.generators.tables.reduction.dates.period_lookups import PeriodLookup
from finsim.generators.tables.reduction.empty_cells import LACKS, THERE
from finsim.generators.tables.reduction.followers import Follower
from finsim.generators.tables.reduction.identities import SCALE, Identity
from finsim.generators.tables.reduction.learned_parts import Learned
from finsim.generators.tables.reduction.new_keys import NewKey
from finsim.generators.tables.reduction.pair_followers import PairFollower
from finsim.generators.tables.table_generator import Cell
from finsim.notation import NANOS_PER_DAY
from finsim.records.mixed_table import NUMBER, TIME


@dataclass(frozen=True)
class Asked:
    """``inner`` : cells of columns that the model learns.

    ``sought`` : cells of columns of which it learns a part alone, or that follow from others in several ways,
    as a grade from bands of a score: rows that have them are sought.
    """

    inner: Mapping[str, Cell] = field(default_factory=dict)
    sought: Mapping[str, float | str] = field(default_factory=dict)


def asked(reduction: Reduction, cells: Mapping[str, Cell] | None, words: Words | None = None) -> Asked:
    """Return given cells in terms of the columns that are left. Raises FitError with all that cannot be.

    A constant may be given as it is, a multiple of a column, and a function of one: where several cells of
    that lead to it, rows are sought. ``words`` name columns and cells.
    """
    return _Asking(reduction, dict(cells or {}), words or PlainWords()).done()


class _Asking:
    def __init__(self, reduction: Reduction, cells: dict[str, Cell], words: Words) -> None:
        self.reduction, self.cells, self.words = reduction, cells, words
        self.inner: dict[str, Cell] = {}
        self.sought: dict[str, float | str] = {}
        self.problems: list[Problem] = []

    def done(self) -> Asked:
        names = self.reduction.names
        for name, cell in self.cells.items():
            if name not in names:
                self.problems.append(
                    Problem("given", f"there is no column {name!r}", "", did_you_mean(name, list(names)))
                )
            else:
                self._one(name, cell)
        if not self.problems:
            self.problems += contradictions(self.reduction, self.cells, self.inner, self.words)
            self.problems += against_words(self.reduction, self.cells, self.inner, self.words)
            self.problems += against_facts(self.reduction, self.cells, self.inner, self.words)
        if self.problems:
            raise FitError.of(self.problems)
        return Asked(self.inner, self.sought)

    def _one(self, name: str, cell: Cell) -> None:
        flag = next((one.flag for one in self.reduction.empty if name in one.columns), "")
        if flag:
            self._hold(name, {flag: LACKS if cell is None else THERE})
            if cell is None:
                return
        turned = self._turned(name, cell)
        if isinstance(turned, Problem):
            self.problems.append(turned)
        else:
            self._hold(name, turned)

    def _hold(self, name: str, turned: Mapping[str, Cell]) -> None:
        """Keep what a given cell asks of others, unless these are given in another way."""
        for other, wanted in turned.items():
            mine = self.cells.get(other, wanted) if other != name else wanted
            if _is_same(mine, wanted) and _is_same(self.inner.get(other, wanted), wanted):
                self.inner[other] = wanted
                continue
            emptied = [one.columns for one in self.reduction.empty if one.flag == other]
            rivals = [one for one in (*sum(emptied, ()), other) if one in self.cells and one != name]
            rival = rivals[0] if rivals else name
            found = f"contradicts what is given for {self.words.title(rival)}"
            self.problems.append(Problem(self._place(name), found, "", "leave one out"))

    def _turned(self, name: str, cell: Cell) -> dict[str, Cell] | Problem:
        """Return what a given cell asks of the learned columns."""
        gap = next((one for one in self.reduction.gaps if one.target == name), None)
        if gap is not None:
            if cell is None:
                return {name: None}
            source = self.cells.get(gap.source)
            if isinstance(source, float | int) and isinstance(cell, float | int):
                return self._between(gap, float(source), float(cell))
            return self._seek(name, cell)
        if name not in self.reduction.computed or name == self.reduction.outcome:
            return {name: cell}
        return self._of_computed(name, cell)

    def _between(self, gap: DateGap, source: float, cell: float) -> dict[str, Cell] | Problem:
        """Return the days, or the months, between two given dates."""
        start, end = np.array([source / NANOS_PER_DAY]), np.array([cell / NANOS_PER_DAY])
        between = gap.counted(start, end)
        if gap.is_months and months_after(start, between, gap.ends)[0] != end[0]:
            title = self.words.title(gap.source)
            first, last = (self.words.said(*one, TIME) for one in ((gap.source, source), (gap.target, cell)))
            found = f"{last} is no whole number of months after the {first} given for {title}"
            return Problem(self._place(gap.target), found, "whole months, as in every row",
                           f"leave out {title}")  # fmt: skip
        return {gap.target: round(float(between[0]))}

    def _seek(self, name: str, cell: Cell) -> dict[str, Cell] | Problem:
        if isinstance(cell, float | int):
            self.sought[name] = float(cell)
            return {}
        return Problem(self._place(name), f"found {cell!r}", "a number", "write a value of this column")

    def _of_computed(self, name: str, cell: Cell) -> dict[str, Cell] | Problem:
        """Return what a given cell of a column that was left out asks of the others."""
        rule, kind = self.reduction.computed[name].rule, self.reduction.computed[name].kind
        place = self._place(name)
        if isinstance(rule, NewKey):
            return Problem(place, "a key is made anew in every row", "", "give another column")
        if isinstance(rule, Identity) and rule.kind == SCALE and kind == NUMBER:
            if cell is None or isinstance(cell, str):
                return self._turned(rule.operands[0], cell)
            operand = (float(cell) - rule.offset) / rule.factors[0]
            return self._turned(rule.operands[0], round(operand, 9))
        if isinstance(rule, AgreedRatio) and isinstance(cell, float | int):
            return self._of_part(rule, float(cell))
        if isinstance(rule, Learned):
            return {rule.operands[0]: None} if cell is None else self._seek(name, cell)
        agreed = self._agreed(name)
        if agreed:
            return {agreed: cell}
        if isinstance(rule, Cases | PeriodLookup):
            return Problem(place, "is computed", "", f"give {self._titles(rule.sources())}")
        if isinstance(rule, Identity | MonthDate):
            return Problem(place, "is computed", "", f"give {self._titles(rule.operands)}")
        if isinstance(rule, PairFollower):
            return Problem(place, f"follows {self._titles((rule.first, rule.second), ' and ')}", "",
                           "give these")  # fmt: skip
        if isinstance(rule, Follower):
            return self._of_follower(rule, cell, kind)
        if cell == rule:
            return {}
        found, wanted = (self.words.said(name, one, kind) for one in (cell, rule))
        return Problem(place, f"{found} was never seen", f"{wanted}, as in every row")

    def _of_part(self, rule: AgreedRatio, cell: float) -> dict[str, Cell] | Problem:
        """Return what a given part of a ratio asks of the other one, or of the ratio, where one is given."""
        hidden, other = rule.operands
        mine = {rule.target: np.array([cell])}
        for name in (one for one in self.cells if agreed_name(one) == hidden):
            ratio = self.cells[name]
            if isinstance(ratio, float | int):
                made = rule.other({**mine, hidden: np.array([float(ratio)])})
                return self._turned(other, round(float(made[0]), 9))
        known = self.cells.get(other)
        if isinstance(known, float | int):
            made = rule.learned({**mine, other: np.array([float(known)])})
            return {hidden: float(made[0])}
        return self._seek(rule.target, cell)

    def _agreed(self, name: str) -> str:
        """Return the learned column of a ratio that a part follows from, "" where there is none."""
        rules = (one.rule for one in self.reduction.computed.values())
        ratios = [one.operands[0] for one in rules if isinstance(one, AgreedRatio)]
        return next((one for one in ratios if one == agreed_name(name)), "")

    def _of_follower(self, rule: Follower, cell: Cell, kind: str) -> dict[str, Cell] | Problem:
        keys: list[Plain] = [key for key, one in zip(rule.keys, rule.cells, strict=False) if one == cell]
        if not rule.is_steps and len(keys) == 1:
            return self._turned(rule.source, keys[0])
        said = self.words.said(rule.target, cell, kind)
        source = self.words.title(rule.source)
        if cell not in rule.listed():
            known = {
                self.words.said(rule.target, one, kind).strip("'") for one in rule.listed() if one is not None
            }
            return Problem(self._place(rule.target), f"{said} was never seen", "",
                           did_you_mean(said.strip("'"), sorted(known)))  # fmt: skip
        if cell is None or kind == TIME:
            return Problem(self._place(rule.target), f"{said} follows {source}", "", f"give {source}")
        self.sought[rule.target] = cell
        return {}

    def _place(self, name: str) -> str:
        return f"given {self.words.title(name)}"

    def _titles(self, names: tuple[str, ...], between: str = ", ") -> str:
        return between.join(self.words.title(name) for name in names if name in self.reduction.names)


def _is_same(one: Cell, other: Cell) -> bool:
    if isinstance(one, float | int) and isinstance(other, float | int):
        return bool(np.isclose(one, other, rtol=0.0, atol=1e-6))
    return one == other
