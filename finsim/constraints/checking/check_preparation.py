"""Prepare a check: tables under the pack's names, parameters with overrides, rules that can run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa

from finsim.constraints.checking.mixed_ids import unite_ids
from finsim.constraints.checking.repeated_keys import distinct_texts
from finsim.constraints.evaluating.cross_tables import CrossTables, linked_columns
from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.whole_table_functions import computed, whole_nodes
from finsim.constraints.language.expression import Node
from finsim.constraints.language.grammar import Misread
from finsim.constraints.language.node_builder import Builder
from finsim.constraints.language.today import TODAY, Today, today
from finsim.constraints.language.types import Clash, quoted
from finsim.constraints.packs.loading import param
from finsim.constraints.packs.rule import Param, Rule, key_names
from finsim.constraints.packs.rule_builder import completeness
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.key_columns import group_codes
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.constraints.tables.typed_columns import Source, missing
from finsim.errors import Problem, RuleError, did_you_mean


def _argument(run: Interpreter, source: Source, node: Node, arg: Node) -> Vec:
    """Return a whole column; texts by which rows are only grouped are numbered for themselves."""
    is_grouped = str(node.data[0]).startswith("group_") and arg.op == "column"
    if is_grouped and source.is_plain_text(str(arg.data)):
        return group_codes(source, str(arg.data))
    return run.value(arg)


@lru_cache(maxsize=256)
def _complete(rules: RuleSet, table: str, columns: tuple[str, ...]) -> Rule | None:
    """Return the rule that some columns have no empty cells: the same object in every check."""
    return completeness(Builder(), rules.tables[table], list(columns))


@dataclass(frozen=True)
class Settled:
    """Parameter values as evaluated, and what a caller changed: name -> (old, new) as written.

    ``values`` have ``today`` only when the caller gave it.
    """

    values: Mapping[str, Any]
    changed: Mapping[str, tuple[str, str]]


def settled(rules: RuleSet, params: Mapping[str, object] | None) -> Settled:
    """Return the pack's parameters with a caller's values in place of some.

    Raises RuleError for an unknown name or a value of another type.
    """
    values = {name: one.value for name, one in rules.params.items()}
    changed, problems = {}, []
    for name, written in (params or {}).items():
        place = f"parameter {name} of pack {rules.id}"
        if name == TODAY and name not in rules.params:
            day = _day_given(written)
            if day is None:
                problems.append(Problem(place, f"{written!r} is not a date", "", "write today=2026-01-31"))
            else:
                values[name], changed[name] = day, ("the current date", str(written))
            continue
        if name not in rules.params:
            remedy = did_you_mean(name, list(rules.params)) or "leave it out: the pack has no parameters"
            problems.append(Problem(place, "no such parameter", "", remedy))
            continue
        old = rules.params[name]
        try:
            new = _given(written, old.type.kind)
        except (Clash, Misread) as bad:
            problems.append(Problem(place, bad.found, "", bad.remedy))
            continue
        is_number = {old.type.kind, new.type.kind} <= {"int", "float", "ratio"} and old.type.kind != "int"
        empty = new.type.kind == old.type.kind == "set" and not new.value
        if new.type != old.type and not is_number and not empty:
            problems.append(
                Problem(place, f"{written!r} is {new.type}", str(old.type), f"such as {old.text}")
            )
            continue
        values[name] = float(new.value) if is_number else new.value
        changed[name] = (old.text, str(written))
    if problems:
        raise RuleError.of(problems)
    return Settled(values, changed)


def _given(written: object, kind: str) -> Param:
    """Return a value that a caller gives; dates and labels need no quotes. Raises Clash or Misread."""
    text = str(written)
    if kind == "date" and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return param(f"d'{text}'")
    if kind == "cat" and isinstance(written, str) and not re.fullmatch(r"'.*'", text, re.DOTALL):
        return param(quoted(text))
    return param(written)


def _day_given(written: object) -> int | None:
    """Return the number of a date that a caller gives; None when it is not one."""
    try:
        found = _given(written, "date")
    except (Clash, Misread):
        return None
    return int(found.value) if found.type.kind == "date" else None


class Session:
    """The tables of one check under one pack, and which rules can run on them."""

    def __init__(
        self, rules: RuleSet, tables: Mapping[str, pa.Table], params: Mapping[str, object] | None
    ) -> None:
        self.rules, self.labels = rules, Labels()
        self.params = settled(rules, params)
        self.today: Today | None = None
        if rules.reads_today or (TODAY in self.params.changed and TODAY not in rules.params):
            self.today = today(self.params.values.get(TODAY))
            self.params = Settled({**self.params.values, TODAY: self.today.number}, self.params.changed)
        self._cross = CrossTables(self.params.values, self.labels)
        problems = [
            problem
            for name, table in tables.items()
            for problem in missing(table.schema, rules.tables[name].columns, name)
        ]
        if problems:
            raise RuleError.of(problems)
        self.sources = {name: self.source(name, table) for name, table in tables.items()}
        unite_ids(rules.rules, self.sources)

    def source(self, name: str, table: pa.Table, first_row: int = 0) -> Source:
        """Return a table, or its rows from ``first_row`` on, under the pack's names; labels are shared."""
        spec = self.rules.tables[name]
        return Source(name, table, spec.columns, self.labels, None, first_row, 0, spec.dialect)

    def own_rules(self, name: str) -> list[Rule]:
        """Return the rules of one table; completeness asks only for columns that the table has."""
        spec, source = self.rules.tables[name], self.sources.get(name)
        rules = [rule for rule in self.rules.rules if rule.table == name]
        if source is None:
            return rules
        there = [one for one, column in spec.columns.items() if one in source.headers and not column.null]
        complete = _complete(self.rules, name, tuple(there))
        fitted = [complete if rule.id == f"{name}.complete" else rule for rule in rules]
        return [rule for rule in fitted if rule is not None]

    def obstacle(self, rule: Rule, source: Source | None) -> str:
        """Return why a rule cannot run, or nothing."""
        if source is None:
            return f"table {rule.table} is not given"
        absent = [name for name in sorted(rule.columns) if not source.has(name)]
        if absent:
            return f"column {', '.join(absent)} is absent"
        for name in sorted(rule.others):
            if name not in self.sources:
                return f"table {name} is not given"
        roots = [root for root in (rule.check, rule.when) if root is not None]
        for name, column in linked_columns(roots):
            if not self.sources[name].has(column):
                return f"column {name}.{column} is absent"
        return self.fault(rule, source)

    def fault(self, rule: Rule, source: Source | None) -> str:
        """Return why a rule cannot be judged on these tables: a parent of its rows is more than one row."""
        if source is None or not rule.others <= set(self.sources):
            return ""
        roots = [root for root in (rule.check, rule.when) if root is not None]
        if any(not self.sources[name].has(column) for name, column in linked_columns(roots)):
            return ""
        return self._cross.twins(roots, source, {**self.sources, source.name: source})

    def world(self, rules: list[Rule], source: Source, known: Mapping[Node, Vec] | None = None) -> World:
        """Return what the rules of one table see besides its rows.

        ``known`` are whole-table calls worked out already, of which ``source`` need not have the rows.
        """
        others = {name: one for name, one in self.sources.items() if one is not source}
        others[source.name] = source
        roots = [node for rule in rules for node in (rule.check, rule.when) if node is not None]
        joins, totals = self._cross.made(roots, source, others)
        keys = {name: key_names(spec) for name, spec in self.rules.tables.items()}
        whole = {**distinct_texts(whole_nodes(roots), source), **(known or {})}
        world = World(self.params.values, self.labels, joins, others, whole, keys, totals)
        run = Interpreter(world)
        run.begin(Block(source, slice(None), source.rows))
        for node in (one for one in whole_nodes(roots) if one not in whole):
            whole[node] = computed(
                node, [_argument(run, source, node, arg) for arg in node.args], source.rows
            )
        return world
