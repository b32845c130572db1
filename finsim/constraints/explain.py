"""``explain``: one row under every rule of a pack, in words a reviewer can read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from finsim.constraints.check import BLOCK, Excused, Pass, cut, why
from finsim.constraints.interpreter import Interpreter
from finsim.constraints.mending import new_values
from finsim.constraints.ruleset import Rule, RuleSet
from finsim.constraints.session import AnyTable, Session, as_arrow, table_name
from finsim.constraints.tally import Finding, cell_text, counted, excuses, finding, judged
from finsim.constraints.vectors import known, spread
from finsim.errors import DataError


def explain(
    table: AnyTable,
    rules: RuleSet,
    row: int,
    params: Mapping[str, object] | None = None,
    *,
    name: str = "",
    others: Mapping[str, AnyTable] | None = None,
    excused: Excused | None = None,
) -> str:
    """Return what every rule says of one row (numbered from 0).

    Each broken rule is shown with its values filled in, its level, reason, source and the repair it
    proposes; then what could not be decided and how many rules hold. Raises DataError when there is
    no such row.
    """
    data = as_arrow(table)
    known_name = name or table_name(data, rules)
    if not 0 <= row < data.num_rows:
        raise DataError(
            f"no row {row}",
            place=f"table {known_name}",
            expected=f"0 to {data.num_rows - 1}",
            remedy="pick one",
        )
    given = {other: as_arrow(one) for other, one in (others or {}).items()}
    session = Session(rules, {**given, known_name: data}, params)
    source = session.sources[known_name]
    own = session.own_rules(known_name)
    lines, held, idle = [], 0, []
    for rule in own:
        obstacle = session.obstacle(rule, source)
        if obstacle:
            idle.append(f"{rule.id}: not checked, {obstacle}")
            continue
        state, found, fix = _one(rule, session, row, excused)
        if state in ("broken", "excused"):
            lines += _told(rule, state, found, fix, why(rule, rules, session))
        elif state == "unknown":
            idle.append(f"{rule.id}: cannot be decided, {found.text}")
        else:
            held += 1
    head = f"row {row} of {known_name} under pack {rules.id} {rules.version}"
    verdict = "breaks no rule" if not lines else "breaks:"
    return "\n".join([f"{head} {verdict}", *lines, *(f"  {one}" for one in idle), f"  {held} rules hold"])


def _told(rule: Rule, state: str, found: Finding, fix: str, reason: str) -> list[str]:
    note = " (excused by its narrative)" if state == "excused" else ""
    lines = [f"  {rule.id} ({rule.level}){note}", f"    rule:   {rule.text}", f"    here:   {found.text}"]
    lines += [f"    why:    {reason}"] if reason else []
    lines += (
        [f"    source: {rule.cite or 'assumption: ' + rule.assumption}"]
        if rule.cite or rule.assumption
        else []
    )
    lines += [f"    repair: {fix}"] if fix else []
    return lines


def _one(rule: Rule, session: Session, row: int, excused: Excused | None) -> tuple[str, Finding, str]:
    """Return how one row stands under one rule, the values that went in, and the repair it would get."""
    source = session.sources[rule.table]
    one = Pass(rule.order, [], Interpreter(session.world([rule], source)))
    placed = one.arrangement(source)
    at = row
    if placed is not None and placed.permutation is not None:
        at = int(np.flatnonzero(placed.permutation == row)[0])
    begin = 0 if placed is not None else at - at % BLOCK
    for start in range(begin, at + 1, BLOCK):
        block, rows = cut(source, placed, start, min(start + BLOCK, source.rows), closed=True)
        one.run.begin(block)
        seen = judged(rule, one.run)
        if start + BLOCK > at:
            break
        one.run.commit()
    place = int(np.flatnonzero(rows == row)[0])
    found = finding(rule, one.run, place, row)
    broken = counted(np.broadcast_to(seen.broken, rows.shape)[place : place + 1], 1)
    fine = counted(np.broadcast_to(seen.fine, rows.shape)[place : place + 1], 1)
    pardon = excuses(rule, source, block.rows, excused)
    if broken:
        state = "excused" if pardon is not None and bool(pardon[place]) else "broken"
        return state, found, _proposed(rule, one.run, place)
    return ("fine" if fine else "unknown"), found, ""


def _proposed(rule: Rule, run: Interpreter, place: int) -> str:
    repair = rule.repair
    if repair is None:
        return ""
    if repair.do not in ("set", "clip"):
        return repair.text
    vec, source = new_values(rule, run), run.block.source
    kind = source.columns[repair.column].type
    there = bool(np.broadcast_to(known(vec), (run.block.count,))[place])
    value = (
        cell_text(source, kind, repair.column, spread(vec.values, run.block.count), None, place)
        if there
        else "null"
    )
    return f"{repair.text} (gives {value})"
