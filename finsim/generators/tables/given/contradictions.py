"""Given cells that no row can have: beyond what was seen, or against an order or a rule between columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from finsim.errors import Problem
from finsim.generators.tables.given.words import Words, moment
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reduction.computed import Computed
from finsim.generators.tables.reduction.dates.month_dates import MonthDate
from finsim.generators.tables.reduction.empty_cells import THERE
from finsim.generators.tables.reduction.identities import Identity
from finsim.generators.tables.reduction.portions import Portion
from finsim.generators.tables.table_generator import Cell
from finsim.notation import NANOS_PER_DAY
from finsim.records.mixed_table import NUMBER, TIME

Span = tuple[float, float]
_TRIED = 2_001
_NEAR = 1e-9
_REMEDY = "give one of this range"


def contradictions(
    reduction: Reduction, cells: Mapping[str, Cell], inner: Mapping[str, Cell], words: Words
) -> Iterator[Problem]:
    """Yield what is wrong with given cells, each column once; ``inner`` is what they ask of the model."""
    looking = _Looking(reduction, cells, inner, words)
    told: set[str] = set()
    for problem in (*looking.beyond(), *looking.out_of_order(), *looking.against_rules()):
        if problem.place not in told:
            told.add(problem.place)
            yield problem


class _Looking:
    def __init__(
        self, reduction: Reduction, cells: Mapping[str, Cell], inner: Mapping[str, Cell], words: Words
    ) -> None:
        self.reduction, self.words = reduction, words
        self.words_given = {name: cell for name, cell in {**inner, **cells}.items() if isinstance(cell, str)}
        numbers = {name: cell for name, cell in {**inner, **cells}.items() if name in reduction.ranges
                   and isinstance(cell, float | int)}  # fmt: skip
        gone = {gap.target for gap in reduction.gaps} - set(cells)
        self.given: dict[str, float] = {
            name: float(cell) / NANOS_PER_DAY if self._kind(name) == TIME else float(cell)
            for name, cell in numbers.items() if name not in gone
        }  # fmt: skip
        self.named = tuple(name for name in cells if name in self.given)
        self.derived = dict(self._derived())
        self.given |= self.derived

    def _derived(self) -> Iterator[tuple[str, float]]:
        """Yield the computed columns of which all operands are given, and what they are."""
        for target, computed in self.reduction.computed.items():
            rule = computed.rule
            if not isinstance(rule, Identity | MonthDate) or target in self.given:
                continue
            if set(rule.operands) <= set(self.given):
                with np.errstate(all="ignore"):
                    made = rule.values({name: np.array([self.given[name]]) for name in rule.operands})
                if np.isfinite(made[0]):
                    yield target, float(made[0])

    def _kind(self, name: str) -> str:
        return TIME if name in self.reduction.days else NUMBER

    def _said(self, name: str, number: float) -> str:
        is_day = self._kind(name) == TIME
        return self.words.said(name, moment(number) if is_day else number, TIME if is_day else NUMBER)

    def _span(self, name: str) -> Span | None:
        if name in self.given:
            return self.given[name], self.given[name]
        return self.reduction.ranges.get(name)

    def _problem(self, name: str, found: str, span: Span, remedy: str) -> Problem:
        expected = f"{self._said(name, span[0])} to {self._said(name, span[1])}"
        return Problem(f"given {self.words.title(name)}", found, expected, remedy)

    def beyond(self) -> Iterator[Problem]:
        """Yield numbers and days outside of what the table has."""
        for name in self.named:
            low, high = self.reduction.ranges[name]
            wide = _NEAR * max(abs(low), abs(high), 1.0)
            if not low - wide <= self.given[name] <= high + wide:
                said = self._said(name, self.given[name])
                yield self._problem(name, f"{said} was never seen", (low, high), _REMEDY)

    def out_of_order(self) -> Iterator[Problem]:
        """Yield numbers above one that they never exceed, and days before one that they come after."""
        yield from self._apart()
        pairs = [(one.low, one.high, "above", "below") for one in self.reduction.orders]
        bounds = (one for one in self.reduction.bounds if one.target in self.given)
        pairs += [(one.target, one.until, "after", "before") for one in bounds]
        rules = (one.rule for one in self.reduction.computed.values())
        for rule in (one for one in rules if isinstance(one, Portion)):
            pairs += [(rule.target, bound, "above", "below") for bound in rule.bounds]
        for low, high, above, below in pairs:
            one, other = self._span(low), self._span(high)
            if one is None or other is None or one[0] <= other[1] or not {low, high} & set(self.named):
                continue
            name = [mine for mine in self.named if mine in (low, high)][-1]
            is_high = name == high
            rival, edge = (low, one[0]) if is_high else (high, other[1])
            if rival not in self.given and self._may_lack(rival):
                continue
            seen = self.reduction.ranges[name]
            title = self.words.title(rival)
            what, remedy = f"every {title}", _REMEDY
            if rival in self.derived:
                operands = self.reduction.computed[rival].sources()
                sources = [one for one in self.named if one in operands]
                what = f"the {self._said(rival, edge)} that follows for {title}"
                remedy = f"leave out {', '.join(map(self.words.title, sources))}"
            elif rival in self.given:
                what, remedy = f"the {self._said(rival, edge)} given for {title}", f"leave out {title}"
            found = f"{self._said(name, self.given[name])} is {below if is_high else above} {what}"
            span = (edge, seen[1]) if is_high else (seen[0], edge)
            yield self._problem(name, found, span, remedy)

    def _may_lack(self, name: str) -> bool:
        """Tell whether a row may have no cell of a column: it is no bound then. Nothing recovered, 0 owed."""
        said = (law.there for law in self.reduction.words_of_empty
                if law.target == name and self.words_given.get(law.source) in law.there)  # fmt: skip
        flags = (one.flag for one in self.reduction.empty if name in one.columns)
        is_there = any(said) or any(self.words_given.get(flag) == THERE for flag in flags)
        return name in self.reduction.lacking and not is_there

    def _apart(self) -> Iterator[Problem]:
        """Yield days that are given before, or too long after, the given day that they come after."""
        for gap in self.reduction.gaps:
            if gap.target not in self.given or gap.source not in self.given:
                continue
            start, end = self.given[gap.source], self.given[gap.target]
            least, most = self.reduction.ranges.get(gap.between(), (0.0, np.inf))
            between = float(gap.counted(np.array([start]), np.array([end]))[0])
            if least <= between <= most and (not gap.terms or between in gap.terms):
                continue
            source = f"the {self._said(gap.source, start)} given for {self.words.title(gap.source)}"
            how = "before" if end < start else f"{between:g} {'months' if gap.is_months else 'days'} after"
            if gap.terms:
                expected = f"{', '.join(str(one) for one in gap.terms)} months after it"
                yield Problem(f"given {self.words.title(gap.target)}",
                              f"{self._said(gap.target, end)} is {how} {source}", expected,
                              f"leave out {self.words.title(gap.source)}")  # fmt: skip
                continue
            low, high = self.reduction.ranges[gap.target]
            first, last = (gap.after(start, one) for one in (least, most))
            span = max(first, low), min(last, high)
            yield self._problem(gap.target, f"{self._said(gap.target, end)} is {how} {source}", span,
                                f"leave out {self.words.title(gap.source)}")  # fmt: skip

    def against_rules(self) -> Iterator[Problem]:
        """Yield cells of which a computed column would leave the range that it has."""
        for target, computed in self.reduction.computed.items():
            if not isinstance(computed.rule, Identity | MonthDate):
                continue
            operands = computed.rule.operands
            spans = {name: span for name in operands if (span := self._span(name)) is not None}
            mine = [name for name in self.named if name in operands]
            if not mine or len(spans) < len(set(operands)):
                continue
            made = _reach(computed, spans)
            if made is None or _meet(made, computed):
                continue
            name = mine[-1]
            others = [self.words.title(one) for one in mine[:-1]]
            found = (f"{self._said(name, self.given[name])} makes {self.words.title(target)} "
                     f"{self._said(target, made[0])}" + (
                         f" to {self._said(target, made[1])}" if made[1] > made[0] else ""))  # fmt: skip
            seen = f"{self._said(target, computed.low)} to {self._said(target, computed.high)}"
            span = self._possible(computed, spans, name)
            remedy = f"leave out {', '.join(others)}" if others else _REMEDY
            if span is None:
                yield Problem(f"given {self.words.title(name)}", found,
                              f"{self.words.title(target)} of {seen}", remedy)  # fmt: skip
            else:
                yield self._problem(name, f"{found}, which has {seen}", span, remedy)

    def _possible(self, computed: Computed, spans: Mapping[str, Span], name: str) -> Span | None:
        """Return the numbers of a column with which a computed one stays in its range, None for none."""
        low, high = self.reduction.ranges[name]
        step = 1.0 if self._kind(name) == TIME else 0.0
        tried = np.linspace(low, high, _TRIED)
        tried = (
            np.unique(np.round(tried)) if step or (float(low).is_integer() and high - low > _TRIED) else tried
        )
        reached = ((one, _reach(computed, {**spans, name: (one, one)})) for one in tried.tolist())
        fit = [one for one, made in reached if made is not None and _meet(made, computed)]
        return (fit[0], fit[-1]) if fit else None


def _reach(computed: Computed, spans: Mapping[str, Span]) -> Span | None:
    """Return the least and greatest number of a computed column over the corners of its operands."""
    rule = computed.rule
    assert isinstance(rule, Identity | MonthDate)
    names = tuple(dict.fromkeys(rule.operands))
    corners = np.array(list(product(*(spans[name] for name in names))))
    with np.errstate(all="ignore"):
        made = rule.values({name: corners[:, place] for place, name in enumerate(names)})
    below = spans[rule.operands[1]] if isinstance(rule, Identity) and rule.kind == "ratio" else (1.0, 1.0)
    if not np.isfinite(made).all() or below[0] <= 0.0 <= below[1]:
        return None
    return float(made.min()), float(made.max())


def _meet(made: Span, computed: Computed) -> bool:
    """Tell whether a computed column can stay in its range."""
    wide = 0.5 * (computed.step if computed.kind == NUMBER else 1.0)
    wide += 1e-6 * max(abs(computed.low), abs(computed.high), 1e-9)
    return made[0] <= computed.high + wide and made[1] >= computed.low - wide
