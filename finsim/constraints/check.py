"""``check``: every rule of a pack on tables in memory, or on a stream of batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.constraints.columns import Source
from finsim.constraints.expression import walk
from finsim.constraints.interpreter import Block, Interpreter, World
from finsim.constraints.order import Arrangement, Order, StreamGroups, arrange, layout
from finsim.constraints.report import CheckReport, report_of, result_of
from finsim.constraints.ruleset import Rule, RuleSet
from finsim.constraints.session import AnyTable, Session, as_arrow, named, table_name
from finsim.constraints.tally import Tally, excuses, judged
from finsim.constraints.types import shown
from finsim.constraints.vectors import Vec
from finsim.constraints.whole import whole_nodes

BLOCK = 65_536
Excused = Mapping[str, Sequence[str] | set[str]]


@dataclass
class Pass:
    """Rules that see the rows of a table in one order; the interpreter keeps their state."""

    order: Order | None
    tallies: list[Tally]
    run: Interpreter
    groups: StreamGroups | None = None

    def arrangement(self, source: Source) -> Arrangement | None:
        """Return the rows of a table (or of one batch) in group order."""
        if self.order is None:
            return None
        group, by = order_columns(self.order, source)
        if self.groups is not None:
            return self.groups.arrange(group, by, source.rows)
        return arrange(group, by, source.rows)

    def feed(self, source: Source, first_row: int, blocks: int, excused: Excused | None) -> None:
        """Evaluate all rules on a table, block by block; ``first_row`` is the number of its first row."""
        placed = self.arrangement(source)
        for begin in range(0, source.rows, blocks):
            end = min(begin + blocks, source.rows)
            block, rows = cut(source, placed, begin, end, closed=self.groups is None)
            rows = rows + first_row if first_row else rows
            self.run.begin(block)
            for tally in self.tallies:
                pardon = excuses(tally.rule, source, block.rows, excused)
                tally.add(judged(tally.rule, self.run), self.run, rows, pardon)
            self.run.commit()


def order_columns(order: Order, source: Source) -> tuple[list[Vec], list[Vec]]:
    """Return the group columns and the sorting columns of a table."""
    group = [source.block(name, slice(None)) for name in order.group]
    by = [source.block(name, slice(None)) for name in order.by] if order.is_sorted else []
    return group, by


def cut(
    source: Source, placed: Arrangement | None, begin: int, end: int, closed: bool
) -> tuple[Block, np.ndarray]:
    """Return one block of a table and the row numbers in it."""
    if placed is None:
        return Block(source, slice(begin, end), end - begin), np.arange(begin, end)
    shape = layout(placed.slots[begin:end], placed.slot_count, closed)
    if placed.permutation is None:
        return Block(source, slice(begin, end), end - begin, shape), np.arange(begin, end)
    rows = placed.permutation[begin:end]
    return Block(source, rows, end - begin, shape), rows


def passes(tallies: Sequence[Tally], world: World) -> list[Pass]:
    """Return the tallies of one table, together where they need the same order of rows."""
    orders = dict.fromkeys(tally.rule.order for tally in tallies if not tally.skipped)
    return [
        Pass(
            order, [one for one in tallies if one.rule.order == order and not one.skipped], Interpreter(world)
        )
        for order in orders
    ]


def check(
    tables: AnyTable | Mapping[str, AnyTable],
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    blocks: int = BLOCK,
    *,
    excused: Excused | None = None,
) -> CheckReport:
    """Check tables against a rule pack.

    ``tables`` is one Arrow table or DataFrame, or several by the pack's names; ``params`` override
    the pack's parameters (``{"ctr": "5000 USD"}``); ``blocks`` is the number of rows evaluated at a
    time and changes no result; ``excused`` names, per narrative, the policy rules that its rows may
    break. Raises RuleError when the tables lack columns the rules need, DataError when cells are not
    of the declared type.
    """
    given = named(tables, rules)
    session = Session(rules, given, params)
    results = []
    for name in rules.tables:
        source = session.sources.get(name)
        tallies = [Tally(rule, skipped=session.obstacle(rule, source)) for rule in session.own_rules(name)]
        runs: list[Pass] = []
        if source is not None:
            active = [tally.rule for tally in tallies if not tally.skipped]
            runs = passes(tallies, session.world(active, source))
            for one in runs:
                one.feed(source, 0, blocks, excused)
        results += [
            result_of(tally, _undefined(tally, runs), why(tally.rule, rules, session)) for tally in tallies
        ]
    ranked = {rule.id: place for place, rule in enumerate(rules.rules)}
    results.sort(key=lambda result: ranked[result.id])
    return report_of(rules, results, session.params.changed)


def check_batches(
    batches: Iterable[pa.RecordBatch | pa.Table],
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    blocks: int = BLOCK,
    *,
    table: str = "",
    others: Mapping[str, AnyTable] | None = None,
    excused: Excused | None = None,
) -> CheckReport:
    """Check one table that comes as a stream of batches; memory holds one batch and the state of groups.

    ``table`` is its name in the pack (found from the columns when left out), ``others`` are the tables
    that ``exists`` and ``parent`` look into. Rules that need the whole table at once (unique keys, group
    totals) are skipped and say so. Raises DataError when rows of a group come out of order.
    """
    session: Session | None = None
    tallies: list[Tally] = []
    runs: list[Pass] = []
    rows = 0
    given = {name: as_arrow(one) for name, one in (others or {}).items()}
    for batch in batches:
        part = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
        if session is None:
            name = table or table_name(part, rules)
            session = Session(rules, {**given, name: part.slice(0, 0)}, params)
            source = session.source(name, part)
            tallies = [_streamed(rule, session, source) for rule in session.own_rules(name)]
            active = [tally.rule for tally in tallies if not tally.skipped]
            runs = passes(tallies, session.world(active, session.sources[name]))
            for one in runs:
                one.groups = StreamGroups(one.order, name) if one.order is not None else None
        else:
            source = session.source(source.name, part)
        for one in runs:
            one.feed(source, rows, blocks, excused)
        rows += part.num_rows
    if session is None:
        return report_of(rules, [], {})
    results = [
        result_of(tally, _undefined(tally, runs), why(tally.rule, rules, session)) for tally in tallies
    ]
    return report_of(rules, results, session.params.changed)


def _streamed(rule: Rule, session: Session, source: Source) -> Tally:
    obstacle = session.obstacle(rule, source)
    if not obstacle and whole_nodes([rule.check, *([rule.when] if rule.when is not None else [])]):
        obstacle = "needs the whole table, not a stream"
    return Tally(rule, skipped=obstacle)


def _undefined(tally: Tally, runs: Sequence[Pass]) -> int:
    """Return how many intermediate results of a rule were not defined (division by zero and the like)."""
    run = next((one.run for one in runs if tally in one.tallies), None)
    if run is None:
        return 0
    roots = [node for node in (tally.rule.check, tally.rule.when) if node is not None]
    nodes = {id(node) for root in roots for node in walk(root)}
    return sum(count for key, count in run.undefined.items() if key in nodes)


def why(rule: Rule, rules: RuleSet, session: Session) -> str:
    """Return the reason of a rule with its parameters filled in."""
    text = rule.why
    for name, one in rules.params.items():
        if f"{{{name}}}" in text:
            value = session.params.values[name]
            filled = ", ".join(map(str, value)) if isinstance(value, tuple) else shown(one.type, value)
            text = text.replace(f"{{{name}}}", filled)
    return text
