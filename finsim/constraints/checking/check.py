"""``check``: every rule of a pack on tables in memory, or on a stream of batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.checking.check_report import CheckReport, report_of, result_of
from finsim.constraints.checking.given_tables import (
    AnyTable,
    as_arrow,
    is_table,
    named,
    needed,
    opened,
    refuse_absent,
    table_name,
    table_of,
)
from finsim.constraints.checking.repeated_keys import KeysDoNotRise
from finsim.constraints.checking.stream_check import Streamed, Unsuited
from finsim.constraints.checking.stream_uniqueness import (
    Stream,
    as_table,
    begin_again,
    has_unique,
    may_reread,
    presumed_unique,
    unique_calls,
    watch_keys,
)
from finsim.constraints.checking.texts_asked import texts_asked
from finsim.constraints.checking.tier_choice import Manner, judged, known_tier
from finsim.constraints.evaluating.rule_counts import Excused, Tally
from finsim.constraints.evaluating.rule_passes import BLOCK, Pass, cut, order_columns, passes
from finsim.constraints.evaluating.whole_table_functions import needs_whole, whole_calls
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.today import TODAY
from finsim.constraints.language.types import shown
from finsim.constraints.packs.rule import Rule
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.constraints.tables.parquet_batches import Batches, read_ahead
from finsim.constraints.tables.source_batches import SourceBatches
from finsim.constraints.tables.typed_columns import Source
from finsim.tables import Schema

__all__ = [
    "BLOCK",
    "Excused",
    "FedCheck",
    "Pass",
    "check",
    "check_batches",
    "cut",
    "fed_check",
    "order_columns",
    "why",
]


def check(
    tables: AnyTable | Mapping[str, AnyTable],
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    blocks: int = BLOCK,
    *,
    excused: Excused | None = None,
    tier: str = "auto",
    threads: int = 1,
    schema: Schema | str | Path | None = None,
) -> CheckReport:
    """Check tables against a rule pack.

    ``tables`` is one table (Arrow, pandas, polars, a DuckDB relation, a path), or several by the pack's
    names; ``schema``, or its file, says how their columns are read; ``params`` override
    the pack's parameters (``{"ctr": "5000 USD"}``); ``blocks`` is the number of rows evaluated at a
    time and changes no result; ``excused`` names, per narrative, the policy rules that its rows may
    break. ``tier`` is ``numpy`` (the interpreter), ``compiled`` or ``auto`` (by the number of rows), and
    changes no result; nor do ``threads``, which the compiled tier uses. Raises RuleError when a table of the
    pack that is not optional, or a column that the rules need, is absent; DataError when cells are not of
    the declared type.
    """
    known_tier(tier)
    rules = rules.reading(schema)
    given = named(tables, rules)
    refuse_absent(given, rules)
    session = Session(rules, given, params)
    results = []
    for name in rules.tables:
        source = session.sources.get(name)
        tallies = [_tally(rule, session, source) for rule in session.own_rules(name)]
        undefined: dict[int, int] = {}
        if source is not None:
            active = [tally.rule for tally in tallies if not tally.skipped]
            world = replace(session.world(active, source), asked=texts_asked(active))
            undefined = judged(passes(tallies, world), source, Manner(blocks, excused, tier, threads))
        results += [
            result_of(tally, _undefined(tally, undefined), why(tally.rule, rules, session))
            for tally in tallies
        ]
    ranked = {rule.id: place for place, rule in enumerate(rules.rules)}
    results.sort(key=lambda result: ranked[result.id])
    return report_of(rules, results, session.params.changed, session.today)


def check_batches(
    batches: AnyTable | Iterable[pa.RecordBatch | pa.Table],
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    *,
    table: str = "",
    others: Mapping[str, AnyTable] | None = None,
    excused: Excused | None = None,
    tier: str = "auto",
    threads: int = 1,
) -> CheckReport:
    """Check one table that comes as a stream of batches; memory holds one batch and the state of groups.

    ``batches`` are Arrow batches, or a table as in ``check``, which is then read batch by batch.
    ``table`` is its name in the pack (found from the columns when left out), ``others`` are the tables
    that ``exists`` and ``parent`` look into. Rules that need all rows at once (group totals) are skipped
    and say so; so are those with ``unique`` when ``batches`` cannot be read more than once (a generator).
    Else ``unique`` takes 4 to 8 bytes a row (1 GiB at most), or nothing where keys rise.
    ``tier`` and ``threads`` are as in ``check``; rules that look at other rows use kernels when ``batches``
    can be read twice and rows come group by group. Raises RowsOutOfOrder, a DataError, when rows of a group
    come out of order.
    """
    known_tier(tier)
    manner = Manner(BLOCK, excused, tier, threads)
    given = {name: as_arrow(one, rules.tables[name]) for name, one in (others or {}).items()}
    asked = _Asked(rules, params, table, given)
    if is_table(batches):
        asked = replace(asked, table=table or table_of(batches, rules))
        source = opened(batches, rules.tables[asked.table])
        names = [name for name in needed(rules, asked.table) if name in source.bound]
        batches = SourceBatches(source, names)
    may_restart = may_reread(batches)
    if isinstance(batches, SourceBatches):  # text is dear to read: one reading may do
        try:
            return _judged_stream(batches, asked, manner, may_restart, asked.known_before(batches, True))
        except KeysDoNotRise:
            pass
    known = asked.known_before(batches) if may_restart else {}
    return _judged_stream(batches, asked, manner, may_restart, known)


def _judged_stream(
    batches: Stream, asked: _Asked, manner: Manner, may_restart: bool, known: Mapping[Node, Vec]
) -> CheckReport:
    """Return the report; rows that do not come group by group are read once more, by the interpreter."""
    try:
        return _streamed_report(batches, asked, manner, may_restart, known)
    except Unsuited:
        begin_again(known)
        return _streamed_report(batches, asked, manner, False, known)


@dataclass(frozen=True)
class _Asked:
    """What a stream is judged by: rules, parameters, the name of its table (may be empty), other tables."""

    rules: RuleSet
    params: Mapping[str, object] | None
    table: str
    others: Mapping[str, pa.Table]

    def opened(self, part: pa.Table) -> tuple[Session, Source]:
        """Return the session of a stream, in which its table has no rows, and its first batch."""
        name = self.table or table_name(part.schema, self.rules)
        session = Session(self.rules, {**self.others, name: part.slice(0, 0)}, self.params)
        return session, session.source(name, part)

    def known_before(self, batches: Stream, presumed: bool = False) -> dict[Node, Vec]:
        """Return the calls that have to be worked out for all rows before the first is judged.

        With ``presumed`` they are not worked out yet but watched while rows are read.
        """
        if not has_unique(rule for rule in self.rules.rules if self.table in ("", rule.table)):
            return {}
        first = next(iter(batches), None)
        if first is None:
            return {}
        session, source = self.opened(as_table(first).slice(0, 0))
        able = [rule for rule in session.own_rules(source.name) if not session.obstacle(rule, source)]
        presumption = presumed_unique(able) if presumed else None
        return presumption or unique_calls(batches, source, able, session.world(able, source))


class FedCheck:
    """A check of one table whose batches are handed over one after the other; the report comes at the end.

    Memory holds a batch and the state of groups. Batches may be cut anywhere: this changes no result.
    """

    def __init__(self, asked: _Asked, manner: Manner, known: Mapping[Node, Vec], rows: int = 0) -> None:
        self._asked, self._manner, self._known, self._expected = asked, manner, known, rows
        self._session: Session | None = None
        self._table = ""
        self._tallies: list[Tally] = []
        self._runs: list[Streamed] = []
        self._seen = 0
        self.may_restart = False

    def feed(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Judge the next batch; raises DataError as ``check_batches`` does."""
        part = as_table(batch)
        if self._session is None:
            source = self._opened(part)
        else:
            source = self._session.source(self._table, part, self._seen)
        self._seen += part.num_rows
        watch_keys(self._known, source)
        for one in self._runs:
            one.feed(source)

    def _opened(self, part: pa.Table) -> Source:
        session, source = self._asked.opened(part)
        self._session, self._table = session, source.name
        rules = session.own_rules(source.name)
        self._tallies = [_streamed(rule, session, source, self._known) for rule in rules]
        active = [tally.rule for tally in self._tallies if not tally.skipped]
        world = session.world(active, session.sources[source.name], self._known)
        world = replace(world, asked=texts_asked(active))
        self._runs = [
            Streamed(one, source.name, self._manner, self.may_restart, self._expected)
            for one in passes(self._tallies, world)
        ]
        return source

    def report(self) -> CheckReport:
        """Return what was found, once the last batch has come."""
        rules, session = self._asked.rules, self._session
        if session is None:
            unjudged = [Tally(rule, skipped="the stream has no rows") for rule in rules.rules]
            return report_of(rules, [result_of(tally, 0, tally.rule.why) for tally in unjudged], {})
        for one in self._runs:
            one.finish()
        undefined = {key: count for one in self._runs for key, count in one.one.run.undefined.items()}
        results = [
            result_of(tally, _undefined(tally, undefined), why(tally.rule, rules, session))
            for tally in self._tallies
        ]
        return report_of(rules, results, session.params.changed, session.today)


def fed_check(
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    *,
    table: str,
    others: Mapping[str, AnyTable] | None = None,
    excused: Excused | None = None,
) -> FedCheck:
    """Return a check that is fed with batches of one table; arguments are as in ``check_batches``.

    Rules with ``unique``, which need all rows beforehand, are skipped and say so.
    """
    given = {name: as_arrow(one, rules.tables[name]) for name, one in (others or {}).items()}
    return FedCheck(_Asked(rules, params, table, given), Manner(BLOCK, excused, "auto", 1), {})


def _streamed_report(
    batches: Stream, asked: _Asked, manner: Manner, may_restart: bool, known: Mapping[Node, Vec]
) -> CheckReport:
    rows = batches.rows if isinstance(batches, Batches | SourceBatches) else 0
    fed = FedCheck(asked, manner, known, rows)
    fed.may_restart = may_restart
    for batch in batches if manner.threads == 1 else read_ahead(batches):
        fed.feed(batch)
    return fed.report()


def _tally(rule: Rule, session: Session, source: Source | None) -> Tally:
    obstacle = session.obstacle(rule, source)
    return Tally(rule, skipped=obstacle, is_faulty=bool(obstacle and session.fault(rule, source)))


def _streamed(rule: Rule, session: Session, source: Source, known: Mapping[Node, Vec]) -> Tally:
    tally = _tally(rule, session, source)
    if not tally.skipped and (needs_whole(rule) or any(node not in known for node in whole_calls(rule))):
        tally.skipped = "needs the whole table, not a stream"
    return tally


def _undefined(tally: Tally, undefined: Mapping[int, int]) -> int:
    """Return how many intermediate results of a rule were not defined (division by zero and the like)."""
    roots = [node for node in (tally.rule.check, tally.rule.when) if node is not None]
    nodes = {id(node) for root in roots for node in walk(root)}
    return sum(count for key, count in undefined.items() if key in nodes)


def why(rule: Rule, rules: RuleSet, session: Session) -> str:
    """Return the reason of a rule with its parameters filled in."""
    text = rule.why
    for name, one in rules.params.items():
        if f"{{{name}}}" in text:
            value = session.params.values[name]
            filled = ", ".join(map(str, value)) if isinstance(value, tuple) else shown(one.type, value)
            text = text.replace(f"{{{name}}}", filled)
    if session.today is not None:
        text = text.replace(f"{{{TODAY}}}", session.today.day.isoformat())
    return text
