"""What stands around a table generator: columns that need no model are left out, and put back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from finsim.errors import FitError, Problem, did_you_mean
from finsim.generators.generator import State
from finsim.generators.tables.reduction.column_cells import (
    Plain,
    as_numbers,
    coded,
    column_of,
    from_numbers,
    plain_cell,
)
from finsim.generators.tables.reduction.date_gaps import DateGap, find_gaps
from finsim.generators.tables.reduction.followers import Follower, find_followers
from finsim.generators.tables.reduction.identities import SCALE, SUM, Identity, find_identities
from finsim.generators.tables.reduction.learned_parts import Learned, find_parts
from finsim.generators.tables.reduction.month_dates import (
    DateBound,
    MonthDate,
    find_bounds,
    find_month_dates,
)
from finsim.generators.tables.reduction.new_keys import NewKey, key_columns
from finsim.generators.tables.reduction.orders import Order, find_orders, in_order
from finsim.generators.tables.reduction.pair_followers import PairFollower, find_pair_followers
from finsim.generators.tables.reduction.rare_words import pooled
from finsim.generators.tables.reduction.schedules import Multiple, Schedule
from finsim.generators.tables.reduction.shares import Share
from finsim.generators.tables.reduction.ties import Tie, find_ties
from finsim.generators.tables.table_generator import Cell
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

LEAST_COUNT = 5
Rule = Plain | NewKey | Follower | PairFollower | Identity | MonthDate | Learned
"""A constant cell, keys made anew, a function of one or two columns, or a computation from several."""
RULES: dict[str, Any] = {
    "key": NewKey, "follower": Follower, "pair": PairFollower, "identity": Identity, "schedule": Schedule,
    "multiple": Multiple, "share": Share, "months": MonthDate,
}  # fmt: skip


@dataclass(frozen=True)
class Computed:
    """One column that was left out: kind, grid, range of its numbers, and the rule that brings it back."""

    kind: str
    step: float
    low: float
    high: float
    rule: Rule

    def sources(self) -> tuple[str, ...]:
        """Return the columns that the rule reads."""
        if isinstance(self.rule, Follower):
            return (self.rule.source,)
        if isinstance(self.rule, PairFollower):
            return (self.rule.first, self.rule.second)
        return self.rule.operands if isinstance(self.rule, Identity | MonthDate | Learned) else ()


@dataclass(frozen=True)
class Reduction:
    """What was left out of a table. ``names``: its columns in order; ``pools``: column -> its pooled word.

    ``ties`` : cells that are the same as another column's; ``gaps`` : dates learned as days since another
    one; ``orders`` : numbers that never exceed another. Put back in this order, orders first, each in its
    own; last come ``bounds``, dates that never come after another. ``outcome`` : a column that is learned
    although it is computed, "" for none.

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

    def restore(
        self, sampled: MixedTable, streams: Streams, first: int = 0, given: Collection[str] = ()
    ) -> MixedTable:
        """Return the sample with all columns of the table in their order; ``first`` is its first row.

        Identities are computed again and hold exactly; cells of columns that are ``given`` stay. What rare
        words lead to is drawn by ``streams``.
        """
        found = dict(sampled.columns)
        found |= in_order(self.orders, found, given)
        for tie in self.ties:
            if tie.target not in given:
                found[tie.target] = tie.tied(found)
        for gap in self.gaps:
            if gap.target not in given:
                found |= gap.closed(found)
        waiting = {name: one for name, one in self.computed.items() if name not in given}
        done: set[str] = set()
        while waiting:
            name = next(one for one, column in waiting.items() if set(column.sources()) <= set(found))
            column = waiting.pop(name)
            if isinstance(column.rule, Identity):
                found |= self._into_range(column, found, done | set(given))
                done |= set(column.rule.operands)
            drawn = streams.at("rare", name, first) if isinstance(column.rule, Follower) else None
            found[name] = _restored(column, found, (first, sampled.rows), drawn)
        for bound in self.bounds:
            if bound.target not in given:
                found |= bound.bounded(found)
        return MixedTable({name: found[name] for name in self.names}, sampled.rows)

    def _into_range(
        self, column: Computed, found: Mapping[str, MixedColumn], fixed: set[str]
    ) -> dict[str, MixedColumn]:
        """Return terms of a sum moved so that the sum stays in the range seen, where one can be moved.

        Terms that are ``fixed`` (given, or in a sum already) stay.
        """
        rule = column.rule
        if not isinstance(rule, Identity) or rule.kind != SUM:
            return {}
        numbers = {name: _numbers(found[name]) for name in rule.operands}
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

    def given(self, cells: Mapping[str, Cell] | None) -> dict[str, Cell]:
        """Return given cells in terms of the columns that are left. Raises FitError with all that cannot be.

        A constant may be given as it is; a function of one column where just one cell of that leads to it,
        and a multiple of one.
        """
        found: dict[str, Cell] = {}
        problems = []
        for name, cell in (cells or {}).items():
            if name not in self.names:
                problems.append(
                    Problem("given", f"there is no column {name!r}", "", did_you_mean(name, list(self.names)))
                )
            elif any(gap.target == name for gap in self.gaps):
                source = next(gap.source for gap in self.gaps if gap.target == name)
                problems.append(Problem(f"given {name}", f"is learned as days since {source}", "",
                                        f"give {source}"))  # fmt: skip
            elif name not in self.computed or name == self.outcome:
                found[name] = cell
            elif isinstance(turned := self._given_computed(name, cell), Problem):
                problems.append(turned)
            else:
                problems += [
                    Problem(f"given {name}", f"contradicts what is given for {other}", "", "leave one out")
                    for other, asked in turned.items()
                    if (other in (cells or {}) and not _is_same((cells or {})[other], asked))
                    or (other in found and not _is_same(found[other], asked))
                ]  # fmt: skip
                found |= turned
        if problems:
            raise FitError.of(problems)
        return found

    def _given_computed(self, name: str, cell: Cell) -> dict[str, Cell] | Problem:
        """Return what a given cell of a column that was left out asks of the others."""
        rule, kind = self.computed[name].rule, self.computed[name].kind
        place = f"given {name}"
        if isinstance(rule, NewKey):
            return Problem(place, "a key is made anew in every row", "", "give another column")
        if isinstance(rule, Identity) and rule.kind == SCALE and self.computed[name].kind == NUMBER:
            if cell is None or isinstance(cell, str):
                return self.given({rule.operands[0]: cell})
            operand = (float(cell) - rule.offset) / rule.factors[0]
            return self.given({rule.operands[0]: round(operand, 9)})
        if isinstance(rule, Identity | MonthDate):
            return Problem(place, "is computed", "", f"give {', '.join(rule.operands)}")
        if isinstance(rule, Learned):
            return Problem(place, "is computed", "", f"give {', '.join(rule.operands[1:])}")
        if isinstance(rule, PairFollower):
            return Problem(place, f"follows {rule.first} and {rule.second}", "", "give these")
        if isinstance(rule, Follower):
            keys = [key for key, one in zip(rule.keys, rule.cells, strict=False) if one == cell]
            if rule.is_steps or len(keys) != 1:
                return Problem(place, f"{_said(cell, kind)} follows {rule.source}", "", f"give {rule.source}")
            return self.given({rule.source: keys[0]})
        return (
            {}
            if cell == rule
            else Problem(
                place, f"{_said(cell, kind)} was never seen", f"{_said(rule, kind)}, as in every row"
            )
        )

    def state(self) -> State:
        """Return everything as facts."""
        columns = []
        for name, column in self.computed.items():
            rule = column.rule
            kind = next((one for one, made in RULES.items() if isinstance(rule, made)), "constant")
            plain: Any = rule
            if isinstance(rule, NewKey | Follower | PairFollower | Identity | MonthDate | Learned):
                plain = {
                    key: list(one) if isinstance(one, tuple) else one for key, one in asdict(rule).items()
                }
            columns.append({"name": name, **asdict(replace(column, rule=None)), "is": kind, "rule": plain})
        return State({}, {
            "names": list(self.names), "pools": dict(self.pools), "computed": columns,
            "ties": [asdict(tie) for tie in self.ties], "gaps": [asdict(gap) for gap in self.gaps],
            "outcome": self.outcome, "orders": [asdict(order) for order in self.orders],
            "bounds": [asdict(bound) for bound in self.bounds],
        })  # fmt: skip

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the reduction that ``state`` wrote."""
        computed = {}
        for data in state.facts["computed"]:
            rule: Any = data["rule"]
            if data["is"] == "key":
                rule = NewKey.from_dict(rule)
            elif data["is"] in RULES:
                rule = RULES[data["is"]](
                    **{key: tuple(one) if isinstance(one, list) else one for key, one in rule.items()}
                )
            computed[str(data["name"])] = Computed(
                str(data["kind"]), float(data["step"]), float(data["low"]), float(data["high"]), rule
            )
        ties = tuple(Tie(**one) for one in state.facts.get("ties", ()))
        gaps = tuple(DateGap(**one) for one in state.facts.get("gaps", ()))
        orders = tuple(Order(**one) for one in state.facts.get("orders", ()))
        bounds = tuple(DateBound(**one) for one in state.facts.get("bounds", ()))
        outcome = str(state.facts.get("outcome", ""))
        names, pools = tuple(state.facts["names"]), dict(state.facts["pools"])
        return cls(names, computed, pools, ties, gaps, outcome, orders, bounds)


def _said(cell: Cell | Rule, kind: str) -> str:
    """Return a cell as it is written; moments as days or times."""
    if kind == TIME and isinstance(cell, float | int):
        return str(np.datetime64(int(cell), "ns")).removesuffix(".000000000").removesuffix("T00:00:00")
    return repr(cell)


def _is_same(one: Cell, other: Cell) -> bool:
    if isinstance(one, float | int) and isinstance(other, float | int):
        return bool(np.isclose(one, other, rtol=0.0, atol=1e-6))
    return one == other


def reduce(
    table: MixedTable,
    streams: Streams,
    keys: tuple[str, ...] = (),
    least_count: int = LEAST_COUNT,
    outcome: str = "",
) -> tuple[MixedTable, Reduction]:
    """Return a table without the columns that need no model, and what brings them back.

    Left out, in this order: constants and empty columns; keys (``keys``, and those found); exact identities;
    functions of one other column, or of two. ``outcome`` is learned all the same where it is one of the last
    three. Of what follows a level payment or a count a part is learned. What is left is loosened: cells that
    are the same as another column's are missing, dates that come after others are days since those. Words of
    fewer than ``least_count`` rows (assumption: 5) become one. ``streams`` choose the rows on which
    identities are looked for. One column at least is left.
    """
    computed: dict[str, Computed] = {}
    for name, column in table.columns.items():
        if table.rows and len(coded(column)[1]) == 1 and name not in keys:
            computed[name] = _computed(column, plain_cell(column, 0))
    for name in key_columns(table, keys):
        if name not in computed:
            computed[name] = _computed(table[name], NewKey.of(table[name]))
    left = table.without(*computed)
    for later in find_month_dates(left):
        _leave_out(computed, table, later.target, later, later.operands)
    for _, identity in find_identities(left, streams.at("identities")):
        _leave_out(computed, table, identity.target, identity, identity.operands)
    left = table.without(*(name for name, one in computed.items() if not one.sources()))
    for follower in find_followers(left, least_count):
        _leave_out(computed, table, follower.target, follower, (follower.source,))
    left = table.without(*computed)
    for pair in find_pair_followers(left, least_count):
        _leave_out(computed, table, pair.target, pair, (pair.first, pair.second))
    if len(computed) == len(table.columns):
        computed.pop(next(iter(computed)), None)
    is_kept = outcome in computed and bool(computed[outcome].sources())
    learned = _by_part(computed, table, outcome, streams.at("payments"))
    rest = table.without(*(name for name in computed if not (is_kept and name == outcome)))
    gaps = tuple(find_gaps(rest))
    plain = rest.without(*(gap.target for gap in gaps))
    ties, orders = tuple(find_ties(plain)), tuple(find_orders(plain))
    pools = {}
    columns = {}
    for name, column in rest.columns.items():
        columns[name] = column
        if column.kind == WORD:
            columns[name], pools[name] = pooled(column, least_count)
    for tie in ties:
        columns |= tie.loosened(rest.columns)
    for gap in gaps:
        columns |= gap.loosened(rest.columns)
    words = {name: word for name, word in pools.items() if word}
    return MixedTable(columns | learned, table.rows), Reduction(
        tuple(table.columns), computed, words, ties, gaps, outcome if is_kept else "", orders,
        tuple(find_bounds(table, gaps)),
    )  # fmt: skip


def _by_part(
    computed: dict[str, Computed], table: MixedTable, outcome: str, rng: np.random.Generator
) -> dict[str, MixedColumn]:
    """Leave out columns that follow a level payment or a count; return what is learned in their place."""
    annuities = [one.rule for one in computed.values() if isinstance(one.rule, Identity)]
    free = [name for name in table.columns if name not in computed and name != outcome]
    learned = {}
    for rule, column in find_parts(table, free, annuities, rng):
        _leave_out(computed, table, rule.target, rule, rule.operands)
        if rule.target in computed and computed[rule.target].rule is rule:
            learned[rule.operands[0]] = column
    return learned


def _leave_out(
    computed: dict[str, Computed], table: MixedTable, target: str, rule: Rule, sources: tuple[str, ...]
) -> None:
    """Leave out a column unless it is out already or one of its sources comes from it."""
    reached, waiting = set(), list(sources)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += computed[name].sources() if name in computed else ()
    if target not in computed and target not in reached:
        computed[target] = _computed(table[target], rule)


def _computed(column: MixedColumn, rule: Rule) -> Computed:
    numbers = as_numbers(column)
    there = np.zeros(0) if numbers is None else numbers[~np.isnan(numbers)]
    low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 0.0)
    return Computed(column.kind, column.step, low, high, rule)


def _restored(
    column: Computed,
    found: Mapping[str, MixedColumn],
    block: tuple[int, int],
    rng: np.random.Generator | None,
) -> MixedColumn:
    rule = column.rule
    first, rows = block
    if isinstance(rule, NewKey):
        return rule.column(first, rows)
    if isinstance(rule, Follower):
        assert rng is not None
        places = rule.drawn(found[rule.source], rng.random(rows))
        return column_of(rule.listed(), places, column.kind, column.step)
    if isinstance(rule, PairFollower):
        return rule.column(found[rule.first], found[rule.second], column.kind, column.step)
    if isinstance(rule, Identity | MonthDate):
        values = rule.values({name: _numbers(found[name]) for name in rule.operands})
        return from_numbers(values, column.kind, column.step)
    if isinstance(rule, Learned):
        values = rule.values({name: _numbers(found[name]) for name in rule.operands})
        return from_numbers(np.clip(values, column.low, column.high), column.kind, column.step)
    return column_of([rule], np.zeros(rows, np.int64), column.kind, column.step)


def _numbers(column: MixedColumn) -> Any:
    numbers = as_numbers(column)
    assert numbers is not None
    return numbers
