"""``repair``: correct the rows that break rules, in dependency order, and report the changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from finsim.constraints.checking.check import BLOCK, check
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.checking.check_report import CheckReport
from finsim.constraints.checking.given_tables import AnyTable, as_arrow, table_of
from finsim.constraints.evaluating.rule_counts import Excused
from finsim.constraints.packs.repair_order import repair_order
from finsim.constraints.packs.rule import Rule
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.giving_up import settle
from finsim.constraints.repairing.hot_deck import Ask, Draw, HotDeck
from finsim.constraints.repairing.repair_report import RepairReport, RuleRepair
from finsim.constraints.repairing.repair_rounds import MAX_ROUNDS, Rounds
from finsim.constraints.repairing.resample_repair import Resampling
from finsim.constraints.repairing.sequential_repair import Terms
from finsim.constraints.repairing.table_under_repair import Workpiece
from finsim.constraints.tables.arrow_views import without_views
from finsim.notation import Int1D

__all__ = ["FLAG_COLUMN", "MAX_ROUNDS", "Ask", "Draw", "HotDeck", "RepairReport", "RuleRepair", "repair"]
FLAG_COLUMN = "_rules"


def repair(
    table: AnyTable,
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    *,
    name: str = "",
    others: Mapping[str, AnyTable] | None = None,
    excused: Excused | None = None,
    blocks: int = BLOCK,
    draw: Draw | None = None,
) -> tuple[pa.Table, RepairReport]:
    """Return a table in which every repairable rule holds, and a report.

    Repairs run along their dependencies, and again, at most four rounds, on the values as stored until
    nothing breaks. Rows that stay broken are given up: dropped where a rule says ``else: drop``, else left
    as they were given, with the rules they break in the column ``_rules``; ``given_up`` of the report names
    them and a smallest set of rules at odds. Rows that break no rule stay as they are; repairing twice
    changes nothing more.
    ``name`` is the table's name in the pack (found from the columns when left out), ``others`` are
    tables that ``exists`` and ``parent`` look into; ``draw`` is where ``resample`` takes new cells from
    (left out: a random hot deck under seed 0).
    """
    known = name or table_of(table, rules)
    data = without_views(as_arrow(table, rules.tables[known]))
    given = {other: as_arrow(one, rules.tables[other]) for other, one in (others or {}).items()}
    session = Session(rules, {**given, known: data}, params)
    piece = Workpiece(session, known)
    own = [rule for rule in session.own_rules(known) if not session.obstacle(rule, piece.source)]
    mending = [rule for rule in repair_order(own) if _possible(rule, piece)]
    terms = Terms(tuple(own), blocks, excused)
    rounds = Rounds(piece, mending, terms, Resampling(draw or HotDeck(), terms, rules.digest))
    for rule in mending:
        _respect_flags(rounds, rule)
    before = Workpiece(Session(rules, {**given, known: data}, params), known)
    given_up = settle(rounds, data, before)
    flagged = _flagged(rounds, mending)
    after = check({**given, known: flagged}, rules.needing(known), params, blocks, excused=excused)
    accounts = tuple(rounds.accounts[rule.id].closed(data.num_rows, rounds.frozen) for rule in mending)
    left = _left(after, known, mending)
    report = RepairReport(rules.id, data.num_rows, flagged.num_rows, rounds.count, accounts, left, given_up)
    return flagged, report


def _possible(rule: Rule, piece: Workpiece) -> bool:
    """Whether the columns that a repair writes and those that its value reads are there."""
    repair, headers = rule.repair, piece.source.headers
    if repair is None or any(one not in headers for one in (*repair.columns, *(repair.group or ()))):
        return False
    values = [repair.node, *(bound.node for bound in repair.bounds)]
    asked = [replace(rule, check=node, when=None, repair=None) for node in values if node is not None]
    return not any(piece.session.obstacle(one, piece.source) for one in asked)


def _left(after: CheckReport, name: str, mending: Sequence[Rule]) -> dict[str, int]:
    """Return the rules still broken that nothing was to mend."""
    own = [result for result in after.results if result.table == name and result.verdict == "broken"]
    mended = {rule.id for rule in mending}
    return {one.id: one.violations for one in own if one.id not in mended and not one.reason}


def _respect_flags(rounds: Rounds, rule: Rule) -> None:
    """Give up rows that an earlier repair has flagged after so many redraws: a second run changes nothing."""
    table, repair = rounds.piece.table, rule.repair
    flags = repair is not None and repair.do == "resample" and repair.otherwise == "flag"
    if not flags or FLAG_COLUMN not in table.column_names:
        return
    listed = [set((text or "").split(",")) for text in table[FLAG_COLUMN].to_pylist()]
    rounds.give_up(rule, np.flatnonzero([rule.id in names for names in listed]))


def _marked(rounds: Rounds, rule: Rule) -> Int1D:
    """Return the rows that break a rule and are to be marked with its id: of most repairs those given up."""
    repair = rule.repair
    if repair is None or not (repair.do in ("flag", "resample") or len(rounds.frozen)):
        return np.zeros(0, dtype=np.int64)
    rows, is_frozen = rounds.watch.rows(rule), rounds.frozen_rows()
    flags = repair.do == "flag" or (repair.do == "resample" and repair.otherwise == "flag")
    return rows if flags else rows[is_frozen[rows]]


def _flagged(rounds: Rounds, mending: list[Rule]) -> pa.Table:
    """Write the ids of flagging rules into ``_rules`` of the rows that break them."""
    table = rounds.piece.table
    there = FLAG_COLUMN in table.column_names
    marks = [set((text or "").split(",")) - {""} for text in table[FLAG_COLUMN].to_pylist()] if there else []
    for rule in mending:
        rows = _marked(rounds, rule)
        marks = marks or [set() for _ in range(table.num_rows)] if len(rows) else marks
        fresh = np.array([row for row in rows.tolist() if rule.id not in marks[row]], dtype=np.int64)
        if rule.repair is not None and rule.repair.do in ("flag", "resample"):
            rounds.accounts[rule.id].touch(rounds.piece.origins(fresh))
        for row in fresh.tolist():
            marks[row].add(rule.id)
    if not marks:
        return table
    column = pa.array([",".join(sorted(ids)) or None for ids in marks], pa.string())
    if there:
        return table.set_column(table.column_names.index(FLAG_COLUMN), FLAG_COLUMN, column)
    return table.append_column(FLAG_COLUMN, column)
