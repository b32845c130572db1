"""What stands around a table generator: columns that need no model are left out, and put back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Self

import numpy as np

from finsim.generators.generator import State
from finsim.generators.tables.reduction.arithmetic.learned_ratios import AgreedRatio
from finsim.generators.tables.reduction.by_word.word_facts import WordFacts
from finsim.generators.tables.reduction.column_cells import from_numbers
from finsim.generators.tables.reduction.computed import Computed, numbers_of
from finsim.generators.tables.reduction.dates.date_gaps import DateGap
from finsim.generators.tables.reduction.dates.fixed_days import FixedDays
from finsim.generators.tables.reduction.dates.month_dates import DateBound
from finsim.generators.tables.reduction.empty_cells import EmptyCells
from finsim.generators.tables.reduction.followers import Follower
from finsim.generators.tables.reduction.identities import BALLOON, SUM, Identity
from finsim.generators.tables.reduction.orders import Order, in_order
from finsim.generators.tables.reduction.pair_followers import PairFollower
from finsim.generators.tables.reduction.plans import Plan
from finsim.generators.tables.reduction.ties import Tie
from finsim.generators.tables.reduction.words_of_empty import WordsOfEmpty
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedColumn, MixedTable


@dataclass(frozen=True)
class Reduction:
    """What was left out of a table. ``names``: its columns in order; ``pools``: column -> its pooled word.

    ``ties`` : cells that are the same as another column's; ``gaps`` : dates learned as days since another
    one; ``orders`` : numbers that never exceed another. Put back in this order, orders first, each in its
    own; then ``bounds``, dates that never come after another; last ``empty``, cells that are missing by a law
    of their own. ``outcome`` : a column that is learned although it is computed, "" for none. ``ranges`` :
    column -> lowest and highest number of the table (``days`` : the columns of dates, as days since 1970).
    ``words_of_empty`` : words that say which cells of another column are empty; kept last of all.
    ``fixed`` : dates on few days of a month; put there first, as others come after them. ``by_word`` : what
    holds of numbers and dates in rows of single words. ``later`` : orders below what is computed.
    ``lacking`` : columns of which the table has empty cells.

    ``cells`` counts nothing and copies nothing of a row; ranges and rare functions of a column are facts of
    the table (see ``least_count`` of ``reduce``).
    """

    names: tuple[str, ...]
    computed: Mapping[str, Computed]
    pools: Mapping[str, str]
    ties: tuple[Tie, ...] = ()
    gaps: tuple[DateGap, ...] = ()
    outcome: str = ""
    orders: tuple[Order, ...] = ()
    bounds: tuple[DateBound, ...] = ()
    empty: tuple[EmptyCells, ...] = ()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    days: tuple[str, ...] = ()
    words_of_empty: tuple[WordsOfEmpty, ...] = ()
    fixed: tuple[FixedDays, ...] = ()
    by_word: WordFacts = field(default_factory=WordFacts)
    later: tuple[Order, ...] = ()
    lacking: tuple[str, ...] = ()

    def restore(
        self, sampled: MixedTable, streams: Streams, first: int = 0, given: Collection[str] = ()
    ) -> MixedTable:
        """Return the sample with all columns of the table in their order; ``first`` is its first row.

        Identities are computed again and hold exactly; cells of columns that are ``given`` stay. What rare
        words lead to is drawn by ``streams``.
        """
        found = dict(sampled.columns)
        found |= in_order(self.orders, found, given)
        for few in self.fixed:
            if few.target not in given:
                found |= few.settled(found)
        for tie in self.ties:
            if tie.target not in given:
                found[tie.target] = tie.tied(found)
        found |= self.by_word.of_numbers(found, given)
        found |= in_order(self.orders, found, given)
        for gap in self.gaps:
            found |= gap.closed(found, exact=gap.target in given)
            found |= self.by_word.of_date(gap.target, found, given)
        found |= self.by_word.of_counts(found, given)
        waiting = {name: one for name, one in self.computed.items() if name not in given}
        done: set[str] = set()
        while waiting:
            name = next(one for one, column in waiting.items() if set(column.sources()) <= set(found))
            column = waiting.pop(name)
            if isinstance(column.rule, Identity):
                found |= self._emptied_first(column.rule, found, given)
                found |= self._into_range(column, found, done | set(given))
                done |= set(column.rule.operands)
            if isinstance(column.rule, Plan) and column.rule.dated and column.rule.operands[-1] not in given:
                found |= self._settled(column.rule.operands[-1], found)
            drawn = streams.at("rare", name, first) if isinstance(column.rule, Follower) else None
            if isinstance(column.rule, AgreedRatio):
                found |= self._agreed(column, found, given)
                continue
            found[name] = column.restored(found, (first, sampled.rows), drawn)
            found |= self.by_word.of_computed(name, found)
        found |= in_order(self.later, found, (*given, *self.computed))
        for bound in self.bounds:
            if bound.target not in given:
                found |= bound.bounded(found)
        for one in self.empty:
            found |= one.emptied(found)
        for law in self.words_of_empty:
            if law.target not in given:
                found |= law.emptied(found)
        return MixedTable({name: found[name] for name in self.names}, sampled.rows)

    def _agreed(
        self, column: Computed, found: Mapping[str, MixedColumn], given: Collection[str]
    ) -> dict[str, MixedColumn]:
        """Return a part of a ratio, and the other one as it then has to be, unless it is given."""
        rule = column.rule
        assert isinstance(rule, AgreedRatio)
        known = {name: numbers_of(found[name]) for name in rule.operands}
        other = found[rule.operands[1]]
        values = rule.values(known, is_plain=set(rule.operands) <= set(given))
        made = {rule.target: from_numbers(values, column.kind, column.step)}
        if rule.fine and rule.operands[1] not in given:
            again = rule.other({**known, rule.target: values})
            made[rule.operands[1]] = from_numbers(again, other.kind, other.step)
        return made

    def _emptied_first(
        self, rule: Identity, found: Mapping[str, MixedColumn], given: Collection[str]
    ) -> dict[str, MixedColumn]:
        """Return the balloons that a payment counts with, without those that words of the row leave empty."""
        if rule.kind != BALLOON or rule.operands[3] in given:
            return {}
        emptied: dict[str, MixedColumn] = {}
        for law in self.words_of_empty:
            if law.target == rule.operands[3] and law.source in found:
                emptied |= law.emptied({**found, **emptied})
        return emptied

    def _settled(self, date: str, found: Mapping[str, MixedColumn]) -> dict[str, MixedColumn]:
        """Return a date at which balances stand as it will be in the end, as far as that can be told."""
        settled: dict[str, MixedColumn] = {}
        for bound in self.bounds:
            if bound.target == date and {date, bound.source, bound.until} <= found.keys():
                settled |= bound.bounded({**found, **settled})
        for law in self.words_of_empty:
            if law.target == date and {law.source, date} <= found.keys():
                settled |= law.emptied({**found, **settled})
        return settled

    def _into_range(
        self, column: Computed, found: Mapping[str, MixedColumn], fixed: set[str]
    ) -> dict[str, MixedColumn]:
        """Return terms of a sum moved so that the sum stays in the range seen, where one can be moved.

        Terms that are ``fixed`` (given, or in a sum already) stay.
        """
        rule = column.rule
        if not isinstance(rule, Identity) or rule.kind != SUM:
            return {}
        numbers = {name: numbers_of(found[name]) for name in rule.operands}
        made = rule.values(numbers)
        beyond = np.clip(made, column.low, column.high) - made
        if not np.nansum(np.abs(beyond)):
            return {}
        steps = {
            name: found[name].step
            for name in rule.operands
            if name not in fixed and name not in self.computed
        }
        for name in sorted(steps, key=lambda one: steps[one]):
            factor = rule.factors[rule.operands.index(name)]
            moved = numbers[name] + np.nan_to_num(beyond) / factor
            seen = numbers[name][~np.isnan(numbers[name])]
            if (moved[~np.isnan(moved)] >= min(seen.min(), 0.0)).all():
                return {name: from_numbers(moved, found[name].kind, found[name].step)}
        return {}

    def words(self, name: str) -> set[str]:
        """Return the words that come out for a column of words besides those that are learned."""
        rule = self.computed[name].rule if name in self.computed else None
        cells = [*rule.listed()] if isinstance(rule, Follower) else []
        cells += rule.cells if isinstance(rule, PairFollower) else ()
        return {str(cell) for cell in (*cells, self.pools.get(name)) if cell is not None}

    def state(self) -> State:
        """Return everything as facts."""
        return State({}, {
            "names": list(self.names), "pools": dict(self.pools),
            "computed": [{"name": name, **one.to_dict()} for name, one in self.computed.items()],
            "ties": [asdict(tie) for tie in self.ties], "gaps": [asdict(gap) for gap in self.gaps],
            "outcome": self.outcome, "orders": [asdict(order) for order in self.orders],
            "bounds": [asdict(bound) for bound in self.bounds],
            "empty": [{"flag": one.flag, "columns": list(one.columns)} for one in self.empty],
            "words_of_empty": [asdict(one) for one in self.words_of_empty],
            "fixed": [asdict(one) for one in self.fixed], "by_word": self.by_word.to_dict(),
            "later": [asdict(order) for order in self.later], "lacking": list(self.lacking),
            "days": list(self.days), "ranges": {name: list(one) for name, one in self.ranges.items()},
        })  # fmt: skip

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the reduction that ``state`` wrote; what earlier versions did not find is not there."""
        facts = state.facts
        computed = {str(data["name"]): Computed.from_dict(data) for data in facts["computed"]}
        ties = tuple(Tie(**one) for one in facts.get("ties", ()))
        gaps = tuple(DateGap.from_dict(one) for one in facts.get("gaps", ()))
        orders = tuple(Order(**one) for one in facts.get("orders", ()))
        bounds = tuple(DateBound(**one) for one in facts.get("bounds", ()))
        empty = tuple(EmptyCells(str(one["flag"]), tuple(one["columns"])) for one in facts.get("empty", ()))
        ranges = {name: (float(low), float(high)) for name, (low, high) in facts.get("ranges", {}).items()}
        outcome = str(facts.get("outcome", ""))
        names, pools = tuple(facts["names"]), dict(facts["pools"])
        days = tuple(facts.get("days", ()))
        laws = tuple(
            WordsOfEmpty(str(one["source"]), str(one["target"]),
                         *(tuple(one[part]) for part in ("empty", "there", "exact")))
            for one in facts.get("words_of_empty", ())
        )  # fmt: skip
        return cls(names, computed, pools, ties, gaps, outcome, orders, bounds, empty, ranges, days, laws,
                   tuple(FixedDays.from_dict(one) for one in facts.get("fixed", ())),
                   WordFacts.from_dict(facts.get("by_word", {})),
                   tuple(Order(**one) for one in facts.get("later", ())),
                   tuple(facts.get("lacking", ())))  # fmt: skip
