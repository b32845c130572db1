"""``repair``: mend the rows that break rules, in the order of their dependencies, and say what moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.check import BLOCK, Excused, check
from finsim.constraints.columns import Source
from finsim.constraints.forward import one_by_one
from finsim.constraints.mending import Mended, at_once, looks_back_at_itself
from finsim.constraints.order import arrange
from finsim.constraints.repair_order import repair_order
from finsim.constraints.ruleset import Rule, RuleSet
from finsim.constraints.running import recomputed, running_identity
from finsim.constraints.session import AnyTable, Session, as_arrow, table_name
from finsim.constraints.stored import written
from finsim.constraints.vectors import spread
from finsim.errors import Problem, RuleError
from finsim.notation import Int1D

MAX_ROUNDS = 4
FLAG_COLUMN = "_rules"


@dataclass
class RuleRepair:
    """What one rule's repair did: rows changed, removed or flagged, and how far values moved.

    ``move`` is the mean absolute move of changed values in standard deviations of the column as given;
    None when nothing numeric moved.
    """

    id: str
    do: str
    touched: int = 0
    move: float | None = None
    _sum: float = field(default=0.0, repr=False)
    _count: int = field(default=0, repr=False)

    def moved(self, distance: float, count: int, spread_of_column: float) -> None:
        """Add the moves of one round."""
        self._sum, self._count = self._sum + distance, self._count + count
        if self._count and spread_of_column > 0:
            self.move = self._sum / self._count / spread_of_column

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {"id": self.id, "do": self.do, "touched": self.touched, "move": self.move}


@dataclass(frozen=True)
class RepairReport:
    """What a repair did, rule by rule. ``left`` are rules still broken that have no repair."""

    pack: str
    rows_before: int
    rows_after: int
    rounds: int
    rules: tuple[RuleRepair, ...]
    left: Mapping[str, int]

    def touched(self) -> dict[str, int]:
        """Return rule id -> rows changed, removed or flagged."""
        return {rule.id: rule.touched for rule in self.rules}

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "pack": self.pack,
            "rows_before": self.rows_before,
            "rows_after": self.rows_after,
            "rounds": self.rounds,
            "rules": [rule.to_dict() for rule in self.rules],
            "left": dict(self.left),
        }

    def to_text(self) -> str:
        """Return the report for a terminal."""
        lines = [f"repaired with pack {self.pack}: {self.rows_before:,} rows in, {self.rows_after:,} out"]
        for rule in self.rules:
            if rule.touched:
                move = f", mean move {rule.move:.3g} s.d." if rule.move is not None else ""
                share = rule.touched / max(self.rows_before, 1)
                warning = "  (more than 5 %: the data and the rule disagree)" if share > 0.05 else ""
                lines.append(f"  {rule.id}: {rule.do}, {rule.touched:,} rows{move}{warning}")
        if len(lines) == 1:
            lines.append("  nothing to repair")
        lines += [
            f"  {name}: {count:,} rows break it and it has no repair" for name, count in self.left.items()
        ]
        return "\n".join(lines)


def repair(
    table: AnyTable,
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    *,
    name: str = "",
    others: Mapping[str, AnyTable] | None = None,
    excused: Excused | None = None,
    blocks: int = BLOCK,
) -> tuple[pa.Table, RepairReport]:
    """Return a table in which every repairable rule holds, and a report.

    Repairs run along their dependencies, and again, at most four rounds, on the values as stored until
    nothing breaks. Rows that break no rule stay as they are; repairing twice changes nothing more.
    ``name`` is the table's name in the pack (found from the columns when left out), ``others`` are
    tables that ``exists`` and ``parent`` look into. Raises RuleError that names rules and rows when four
    rounds do not suffice.
    """
    data = as_arrow(table)
    known = name or table_name(data, rules)
    given = {other: as_arrow(one) for other, one in (others or {}).items()}
    work = _Work(rules, known, given, params, excused, blocks, data)
    mended, rounds = work.until_it_holds(data)
    flagged = work.flagged(mended)
    after = check({**given, known: flagged}, rules, params, blocks, excused=excused)
    own = [result for result in after.results if result.table == known]
    left = {one.id: one.violations for one in own if one.verdict == "broken" and not one.repair}
    report = RepairReport(rules.id, data.num_rows, flagged.num_rows, rounds, tuple(work.done.values()), left)
    return flagged, report


class _Work:
    """One repair under way."""

    def __init__(
        self,
        rules: RuleSet,
        name: str,
        others: Mapping[str, pa.Table],
        params: Mapping[str, object] | None,
        excused: Excused | None,
        blocks: int,
        data: pa.Table,
    ) -> None:
        self.rules, self.name, self.others, self.params = rules, name, others, params
        self.excused, self.blocks = excused, blocks
        session = Session(rules, {**others, name: data}, params)
        source = session.sources[name]
        own = repair_order([rule for rule in rules.rules if rule.table == name])
        self.mending = [rule for rule in own if self._possible(rule, session, source)]
        self.done = {rule.id: RuleRepair(rule.id, _do(rule)) for rule in self.mending}
        self.spreads = {rule.id: _spread(source, rule) for rule in self.mending}

    def _possible(self, rule: Rule, session: Session, source: Source) -> bool:
        column = rule.repair.column if rule.repair else ""
        return not session.obstacle(rule, source) and (not column or column in source.headers)

    def until_it_holds(self, table: pa.Table) -> tuple[pa.Table, int]:
        """Run rounds of repairs until one finds nothing to do."""
        acting = [rule for rule in self.mending if _do(rule) != "flag"]
        broken: dict[str, Int1D] = {}
        for rounds in range(MAX_ROUNDS + 1):
            before, broken = broken, {}
            for rule in acting:
                new, rows = self._once(rule, table, act=rounds < MAX_ROUNDS)
                if len(rows):
                    broken[rule.id] = rows
                table = new
            if not broken:
                return table, rounds
        raise self._failure(table, broken, list(before))

    def _once(self, rule: Rule, table: pa.Table, act: bool) -> tuple[pa.Table, Int1D]:
        session = Session(self.rules, {**self.others, self.name: table}, self.params)
        source = session.sources[self.name]
        world = session.world([rule], source)
        found, placed = at_once(rule, world, source, self.blocks, self.excused)
        if not len(found.rows) or not act:
            return table, found.rows
        if placed is not None and looks_back_at_itself(rule):
            parts = running_identity(rule) if rule.level == "invariant" else None
            quick = recomputed(rule, parts, world, source, placed, found) if parts is not None else None
            if quick is None:
                quick = one_by_one(rule, world, source, placed, found, self.blocks, self.excused)
            found = quick
        return self._applied(rule, source, found), found.rows

    def _applied(self, rule: Rule, source: Source, found: Mended) -> pa.Table:
        done, do = self.done[rule.id], _do(rule)
        if do == "sort":
            table, moved = _sorted(source, rule, found.rows)
            done.touched += moved
            return table
        if do == "drop":
            done.touched += len(found.rows)
            kept = np.ones(source.rows, dtype=bool)
            kept[found.rows] = False
            return source.table.filter(pa.array(kept))
        assert rule.repair is not None
        column, rows, values = rule.repair.column, found.rows[found.valid], found.values[found.valid]
        done.touched += len(rows)
        if source.columns[column].type.kind not in ("cat", "id", "bool"):
            old = spread(source.block(column, rows).values, len(rows)).astype(np.float64)
            distance = np.abs(values.astype(np.float64) - old)
            finite = distance[np.isfinite(distance)]
            done.moved(float(finite.sum()), len(finite), self.spreads[rule.id])
        return written(source, column, rows, values)

    def flagged(self, table: pa.Table) -> pa.Table:
        """Write the ids of rules with repair ``flag`` into ``_rules`` of the rows that break them."""
        there = FLAG_COLUMN in table.column_names
        marks = (
            [set((text or "").split(",")) - {""} for text in table[FLAG_COLUMN].to_pylist()] if there else []
        )
        for rule in self.mending:
            if _do(rule) == "flag":
                _, rows = self._once(rule, table, act=False)
                marks = marks or [set() for _ in range(table.num_rows)] if len(rows) else marks
                fresh = [row for row in rows.tolist() if rule.id not in marks[row]]
                self.done[rule.id].touched = len(fresh)
                for row in fresh:
                    marks[row].add(rule.id)
        if not marks:
            return table
        column = pa.array([",".join(sorted(ids)) or None for ids in marks], pa.string())
        if there:
            return table.set_column(table.column_names.index(FLAG_COLUMN), FLAG_COLUMN, column)
        return table.append_column(FLAG_COLUMN, column)

    def _failure(self, table: pa.Table, broken: Mapping[str, Int1D], acted: list[str]) -> RuleError:
        """Name the rules still broken, and those that kept changing rows in the last round."""
        report = check({**self.others, self.name: table}, self.rules, self.params, excused=self.excused)
        problems = []
        for name, rows in broken.items():
            first = report[name].first
            shown = f", such as row {first[0].row}: {first[0].text}" if first else ""
            listed = ", ".join(str(row) for row in rows[:5].tolist())
            problems.append(
                Problem(
                    f"table {self.name}, rule {name}",
                    f"still broken after {MAX_ROUNDS} rounds in {len(rows)} rows ({listed}){shown}",
                    "",
                    f"these rules contradict each other, or a value is missing: {', '.join(acted)}",
                )
            )
        error = RuleError.of(problems)
        assert isinstance(error, RuleError)
        return error


def _do(rule: Rule) -> str:
    return rule.repair.do if rule.repair is not None else ""


def _spread(source: Source, rule: Rule) -> float:
    """Return the standard deviation of the column a rule repairs, as the data came."""
    column = rule.repair.column if rule.repair else ""
    if not column or source.columns[column].type.kind in ("cat", "id", "bool") or not source.rows:
        return 0.0
    values = spread(source.block(column, slice(None)).values, source.rows).astype(np.float64)
    finite = values[np.isfinite(values)]
    return float(finite.std()) if len(finite) else 0.0


def _sorted(source: Source, rule: Rule, broken: Int1D) -> tuple[pa.Table, int]:
    """Return the table with the rows of each offending group sorted by its `by` columns, stably.

    The rows of a group share out the places that the group had; other groups stay as they are.
    """
    assert rule.order is not None
    group = [source.block(name, slice(None)) for name in rule.order.group]
    by = [source.block(name, slice(None)) for name in rule.order.by]
    stands, wanted = arrange(group, [], source.rows), arrange(group, by, source.rows)
    every = np.arange(source.rows)
    places = every if stands.permutation is None else stands.permutation
    rows = every if wanted.permutation is None else wanted.permutation
    slot_of = np.empty(source.rows, dtype=np.int64)
    slot_of[places] = stands.slots
    bad = np.isin(stands.slots, np.unique(slot_of[broken]))
    order = every.copy()
    order[places[bad]] = rows[bad]
    return source.table.take(pa.array(order)), int(np.count_nonzero(order != every))
