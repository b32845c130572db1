"""Columns that were left out of a model, and the rules that bring them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from finsim.generators.tables.reduction.arithmetic.cases import Cases
from finsim.generators.tables.reduction.arithmetic.learned_ratios import AgreedRatio
from finsim.generators.tables.reduction.column_cells import Plain, as_numbers, column_of, from_numbers
from finsim.generators.tables.reduction.dates.month_dates import MonthDate
from finsim.generators.tables.reduction.dates.period_lookups import PeriodLookup
from finsim.generators.tables.reduction.elapsed import Elapsed
from finsim.generators.tables.reduction.followers import Follower
from finsim.generators.tables.reduction.identities import Identity
from finsim.generators.tables.reduction.learned_parts import Learned
from finsim.generators.tables.reduction.new_keys import NewKey
from finsim.generators.tables.reduction.pair_followers import PairFollower
from finsim.generators.tables.reduction.plans import Plan
from finsim.generators.tables.reduction.portions import Portion
from finsim.generators.tables.reduction.schedules import Multiple, Schedule
from finsim.generators.tables.reduction.shares import Share
from finsim.notation import Float1D
from finsim.records.mixed_table import MixedColumn

Rule = Plain | NewKey | Follower | PairFollower | Identity | MonthDate | Cases | PeriodLookup | Learned
"""A constant cell, keys made anew, a function of one or two columns, or a computation from several."""
RULES: dict[str, Any] = {
    "key": NewKey, "follower": Follower, "pair": PairFollower, "identity": Identity, "schedule": Schedule,
    "multiple": Multiple, "share": Share, "portion": Portion, "months": MonthDate,
    "plan": Plan, "elapsed": Elapsed, "ratio": AgreedRatio, "cases": Cases, "period": PeriodLookup,
}  # fmt: skip


@dataclass(frozen=True)
class Computed:
    """One column that was left out: kind, grid, range of its numbers, and the rule that brings it back."""

    kind: str
    step: float
    low: float
    high: float
    rule: Rule

    @classmethod
    def of(cls, column: MixedColumn, rule: Rule) -> Self:
        """Return a column that is left out for a rule."""
        numbers = as_numbers(column)
        there = np.zeros(0) if numbers is None else numbers[~np.isnan(numbers)]
        low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 0.0)
        return cls(column.kind, column.step, low, high, rule)

    def sources(self) -> tuple[str, ...]:
        """Return the columns that the rule reads."""
        if isinstance(self.rule, Follower):
            return (self.rule.source,)
        if isinstance(self.rule, PairFollower):
            return (self.rule.first, self.rule.second)
        if isinstance(self.rule, Cases | PeriodLookup):
            return self.rule.sources()
        return self.rule.operands if isinstance(self.rule, Identity | MonthDate | Learned) else ()

    def restored(
        self, found: Mapping[str, MixedColumn], block: tuple[int, int], rng: np.random.Generator | None
    ) -> MixedColumn:
        """Return the column for rows ``block`` (the first, how many) from the columns it comes from."""
        rule = self.rule
        first, rows = block
        if isinstance(rule, NewKey):
            return rule.column(first, rows)
        if isinstance(rule, Follower):
            assert rng is not None
            places = rule.drawn(found[rule.source], rng.random(rows))
            return column_of(rule.listed(), places, self.kind, self.step)
        if isinstance(rule, PairFollower):
            return rule.column(found[rule.first], found[rule.second], self.kind, self.step)
        if isinstance(rule, Cases | PeriodLookup):
            return from_numbers(rule.values(found), self.kind, self.step)
        if isinstance(rule, Identity | MonthDate | Learned):
            known = {name: numbers_of(found[name]) for name in rule.operands}
            values = rule.values(known)
            # What dates say of a loan is below its amount, and any other number would contradict them.
            by_dates = isinstance(rule, Elapsed) or (isinstance(rule, Plan) and rule.is_behind())
            if isinstance(rule, Learned) and not by_dates and not isinstance(rule, AgreedRatio):
                values = self._inside(values)
            if isinstance(rule, Portion):
                values = rule.on_grid(values, known, self.step)
            return from_numbers(values, self.kind, self.step)
        return column_of([rule], np.zeros(rows, np.int64), self.kind, self.step)

    def _inside(self, values: Float1D) -> Float1D:
        """Return amounts inside the range seen, as far below its end as they were above, as a share."""
        with np.errstate(all="ignore"):
            back = self.high * (self.high / values) if self.high > 0 else np.full(len(values), self.high)
        inside = np.where(values > self.high, back, values)
        return np.asarray(inside if isinstance(self.rule, Portion) else np.maximum(inside, self.low))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        rule: Any = self.rule
        kind = next((one for one, made in RULES.items() if isinstance(rule, made)), "constant")
        if isinstance(rule, Cases | PeriodLookup):
            rule = rule.to_dict()
        elif isinstance(rule, NewKey | Follower | PairFollower | Identity | MonthDate | Learned):
            rule = {key: list(one) if isinstance(one, tuple) else one for key, one in asdict(rule).items()}
        return {**asdict(replace(self, rule=None)), "is": kind, "rule": rule}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the column that ``to_dict`` wrote."""
        rule: Any = data["rule"]
        if data["is"] in ("key", "cases", "period"):
            rule = RULES[data["is"]].from_dict(rule)
        elif data["is"] in RULES:
            plain = {key: tuple(one) if isinstance(one, list) else one for key, one in rule.items()}
            rule = RULES[data["is"]](**plain)
        return cls(str(data["kind"]), float(data["step"]), float(data["low"]), float(data["high"]), rule)


def numbers_of(column: MixedColumn) -> Float1D:
    """Return a column of numbers or dates as float64[N]."""
    numbers = as_numbers(column)
    assert numbers is not None
    return numbers


def is_free(computed: Mapping[str, Computed], target: str, sources: tuple[str, ...]) -> bool:
    """Tell whether a column may be left out: it is not yet, and none of its sources comes from it."""
    reached: set[str] = set()
    waiting = list(sources)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += computed[name].sources() if name in computed else ()
    return target not in computed and target not in reached
