"""``explain``: one row under every rule of a pack, in words a reviewer can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.checking.check import why
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.checking.given_tables import AnyTable, as_arrow, table_of
from finsim.constraints.evaluating.cell_text import cell_text, source_cell
from finsim.constraints.evaluating.evaluator_interface import Block, Rows
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.rule_counts import Excused, counted, excuses, findings_at, judged
from finsim.constraints.evaluating.rule_passes import order_columns
from finsim.constraints.language.row_order import Order
from finsim.constraints.packs.rule import Rule, key_names
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.breach_detection import sees_everything
from finsim.constraints.repairing.repair import repair
from finsim.constraints.repairing.repair_report import GivenUp, RepairReport
from finsim.constraints.repairing.repaired_values import new_values
from finsim.constraints.tables.arrow_to_numpy import taken
from finsim.constraints.tables.group_layout import arrange, combined, layout
from finsim.constraints.tables.nullable_vectors import Vec, known, spread
from finsim.constraints.tables.typed_columns import Source
from finsim.errors import DataError
from finsim.notation import Int1D

_MARK, _MOST_ROWS = "_finsim_row", 10_000


@dataclass(frozen=True)
class Breach:
    """One rule that a row breaks: its text, the same with the row's values, and what a repair would do.

    ``state`` is ``broken``, or ``excused`` when the row's narrative may break the rule. ``proposed`` is
    column -> value as the repair would write it; empty when it would not change a value.
    """

    id: str
    level: str
    state: str
    rule: str
    here: str
    operands: Mapping[str, str]
    why: str
    source: str
    repair: str
    proposed: Mapping[str, str]

    def lines(self) -> list[str]:
        """Return the breach for a terminal."""
        note = " (excused by its narrative)" if self.state == "excused" else ""
        gives = ", ".join(f"{column} = {value}" for column, value in self.proposed.items())
        facts = {
            "rule": self.rule,
            "here": self.here,
            "why": self.why,
            "source": self.source,
            "repair": f"{self.repair} (gives {gives})" if gives else self.repair,
        }
        told = [f"    {name + ':':<8}{text}" for name, text in facts.items() if text]
        return [f"  {self.id} ({self.level}){note}", *told]


@dataclass(frozen=True)
class Explanation:
    """One row under every rule of a pack.

    ``breaches`` are the rules it breaks; ``undecided`` and ``unchecked`` say why for the rules that gave
    no verdict; ``held`` rules hold, ``vacuous`` of them only because their condition is not met.
    """

    pack: str
    version: str
    table: str
    row: int
    key: Mapping[str, str]
    breaches: tuple[Breach, ...]
    undecided: Mapping[str, str]
    unchecked: Mapping[str, str]
    held: tuple[str, ...]
    vacuous: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the row breaks no rule without an excuse."""
        return all(breach.state == "excused" for breach in self.breaches)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        breaches = [
            dict(vars(one), operands=dict(one.operands), proposed=dict(one.proposed)) for one in self.breaches
        ]
        return {**plain, "ok": self.ok, "breaches": breaches}

    def to_text(self) -> str:
        """Return the explanation for a terminal."""
        key = ", ".join(f"{name} {value}" for name, value in self.key.items())
        head = f"row {self.row} of {self.table} under pack {self.pack} {self.version}"
        lines = [f"{head} {'breaks:' if self.breaches else 'breaks no rule'}"]
        lines += [f"  ({key})"] if key else []
        for breach in self.breaches:
            lines += breach.lines()
        lines += [f"  {name}: not checked, {reason}" for name, reason in self.unchecked.items()]
        lines += [f"  {name}: cannot be decided, {text}" for name, text in self.undecided.items()]
        idle = f", {len(self.vacuous)} of them because they do not apply" if self.vacuous else ""
        return "\n".join([*lines, f"  {len(self.held)} rules hold{idle}"])

    def __str__(self) -> str:
        """Return the text."""
        return self.to_text()


def explain(
    table: AnyTable,
    rules: RuleSet,
    row: int,
    params: Mapping[str, object] | None = None,
    *,
    name: str = "",
    others: Mapping[str, AnyTable] | None = None,
    excused: Excused | None = None,
) -> Explanation:
    """Return what every rule says of one row (numbered from 0); nothing is changed.

    A rule that looks at other rows is evaluated on the whole group of the row. ``name`` is the table's
    name in the pack (found from the columns when left out), ``others`` are tables that ``exists`` and
    ``parent`` look into, ``excused`` as in ``check``. Raises DataError when there is no such row.
    """
    place = name or table_of(table, rules)
    data = as_arrow(table, rules.tables[place])
    if not 0 <= row < data.num_rows:
        raise DataError(
            f"no row {row}",
            place=f"table {place}",
            expected=f"0 to {data.num_rows - 1}",
            remedy="rows are numbered from 0, as in the report of `check`",
        )
    given = {other: as_arrow(one, rules.tables[other]) for other, one in (others or {}).items()}
    one = _Row(Session(rules, {**given, place: data}, params), place, row, given, params, excused)
    states: dict[str, dict[str, str]] = {"unchecked": {}, "unknown": {}, "held": {}, "vacuous": {}}
    breaches = []
    for rule in one.session.own_rules(place):
        obstacle = one.session.obstacle(rule, one.source)
        if obstacle:
            states["unchecked"][rule.id] = obstacle
            continue
        state, text, breach = one.under(rule)
        if breach is not None:
            breaches.append(breach)
        else:
            states[state][rule.id] = text
    names = key_names(rules.tables[place])
    key = {column: source_cell(one.source, column, row) for column in names if column in one.source.headers}
    held = (*states["held"], *states["vacuous"])
    return Explanation(
        rules.id, rules.version, place, row, key, tuple(breaches), states["unknown"], states["unchecked"],
        held, tuple(states["vacuous"]),
    )  # fmt: skip


class _Row:
    """One row of one table, judged rule by rule."""

    def __init__(
        self,
        session: Session,
        place: str,
        row: int,
        others: Mapping[str, pa.Table],
        params: Mapping[str, object] | None,
        excused: Excused | None,
    ) -> None:
        self.session, self.place, self.row = session, place, row
        self.others, self.params, self.excused = others, params, excused
        self.source = session.sources[place]
        self._groups: dict[Order | None, Int1D] = {None: np.array([row])}

    def under(self, rule: Rule) -> tuple[str, str, Breach | None]:
        """Return the state of the row under a rule, the rule with its values, and the breach if it is one."""
        source, rows = self.source, self._group(rule.order)
        at = int(np.flatnonzero(rows == self.row)[0])
        run = Interpreter(self.session.world([rule], source))
        shape = layout(np.zeros(len(rows), dtype=np.int64), 1, closed=True) if rule.order else None
        run.begin(Block(source, rows, len(rows), shape))
        seen = judged(rule, run)
        found = findings_at(rule, run, [at], [self.row])[0]
        if not _at(seen.broken, at, len(rows)):
            if not _at(seen.fine, at, len(rows)):
                return "unknown", found.text, None
            applies = rule.antecedent is None or _at(run.rails(rule.antecedent).yes, at, len(rows))
            return ("held" if applies else "vacuous"), found.text, None
        pardon = excuses(rule, source, rows, self.excused)
        state = "excused" if pardon is not None and bool(pardon[at]) else "broken"
        doing, proposed = self._proposed(rule, run, rows, at)
        breach = Breach(
            rule.id, rule.level, state, rule.text, found.text, found.operands,
            why(rule, self.session.rules, self.session),
            rule.cite or (f"assumption: {rule.assumption}" if rule.assumption else ""), doing, proposed,
        )  # fmt: skip
        return state, found.text, breach

    def _group(self, order: Order | None) -> Int1D:
        """Return the rows of the row's group in their order; the row alone without an order."""
        if order not in self._groups:
            group, _ = order_columns(order, self.source) if order is not None else ([], [])
            key = combined(group, self.source.rows)
            rows = np.flatnonzero(key == key[self.row])
            by = [self.source.block(name, rows) for name in order.by] if order and order.is_sorted else []
            placed = arrange([], by, len(rows)).permutation
            self._groups[order] = rows if placed is None else rows[placed]
        return self._groups[order]

    def _proposed(self, rule: Rule, run: Interpreter, rows: Rows, at: int) -> tuple[str, dict[str, str]]:
        """Return what the repair of a broken rule says, and the values that it would write."""
        fix = rule.repair
        if fix is None:
            return "", {}
        if fix.do in ("set", "clip"):
            vec = new_values(rule, run)
            if not bool(np.broadcast_to(known(vec), (run.block.count,))[at]):
                return fix.text, {fix.column: "null"}
            if self._is_contested(rule, rows):
                said, _ = self._tried(rule, np.sort(np.asarray(rows)))
                if said != fix.text:
                    return said, {}
            values = spread(vec.values, run.block.count)
            kind = self.source.columns[fix.column].type
            return fix.text, {fix.column: cell_text(self.source, kind, fix.column, Vec(values), at)}
        if fix.do in ("sort", "drop", "flag"):
            return fix.text, {}
        return self._tried(rule, np.sort(np.asarray(rows)))

    def _is_contested(self, rule: Rule, rows: Rows) -> bool:
        """Whether another repair has to do with the column, and the row's group alone shows the outcome."""
        assert rule.repair is not None
        own = [one for one in self.session.own_rules(self.place) if one.repair is not None]
        own = [one for one in own if one is not rule and not self.session.obstacle(one, self.source)]
        seeing = [one for one in own if rule.repair.column in one.columns]
        small = not isinstance(rows, slice) and len(rows) <= _MOST_ROWS
        alone = {one.order for one in own if one.order is not None} <= {rule.order}
        return bool(seeing) and small and alone and not any(map(sees_everything, [*own, rule]))

    def _tried(self, rule: Rule, rows: Int1D) -> tuple[str, dict[str, str]]:
        """Repair a copy of the row's group and return what became of the row."""
        assert rule.repair is not None
        if rule.repair.do == "resample":  # donors may stand anywhere in the table
            rows = np.arange(self.source.rows)
        part = taken(self.source.table, rows).append_column(_MARK, pa.array(rows))
        mended, report = repair(
            part, self.session.rules, self.params, name=self.place, others=self.others, excused=self.excused
        )
        lost = _lost(report, int(np.flatnonzero(rows == self.row)[0]))
        if lost is not None:
            return f"{rule.repair.text}; {lost.why}; the row would be {lost.done}", {}
        place = np.flatnonzero(mended.column(_MARK).to_numpy() == self.row)
        if not len(place):
            return f"{rule.repair.text}; the row is dropped", {}
        after = self.session.source(self.place, mended)
        return rule.repair.text, _changes(self.source, self.row, after, int(place[0]))


def _lost(report: RepairReport, row: int) -> GivenUp | None:
    """Return how a repair gave a row up, where it is one of the first that it did."""
    return next((one for one in report.given_up if row in one.rows), None)


def _changes(before: Source, row: int, after: Source, place: int) -> dict[str, str]:
    """Return the cells of a row that differ, as they are afterwards."""
    cells = {name: source_cell(after, name, place) for name in before.columns if name in before.headers}
    return {name: text for name, text in cells.items() if text != source_cell(before, name, row)}


def _at(flag: Any, place: int, rows: int) -> bool:
    return bool(counted(np.broadcast_to(flag, (rows,))[place : place + 1], 1))
