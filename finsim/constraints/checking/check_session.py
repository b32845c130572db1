"""Prepare a check: tables under the pack's names, parameters with overrides, rules that can run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from finsim.constraints.checking.cross_table_rows import CrossTables, linked_columns
from finsim.constraints.checking.mixed_ids import unite_ids
from finsim.constraints.evaluating.evaluator import Block, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.whole_table_functions import computed, whole_nodes
from finsim.constraints.language.expression import Node
from finsim.constraints.language.grammar import Misread
from finsim.constraints.language.node_builder import Builder
from finsim.constraints.language.types import Clash
from finsim.constraints.packs.loading import param
from finsim.constraints.packs.rule import Rule, key_names
from finsim.constraints.packs.rule_builder import completeness
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.constraints.tables.typed_columns import Source, missing
from finsim.errors import Problem, RuleError, did_you_mean


@dataclass(frozen=True)
class Settled:
    """Parameter values as evaluated, and what a caller changed: name -> (old, new) as written."""

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
        if name not in rules.params:
            problems.append(Problem(place, "no such parameter", "", did_you_mean(name, list(rules.params))))
            continue
        old = rules.params[name]
        try:
            new = param(written)
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


class Session:
    """The tables of one check under one pack, and which rules can run on them."""

    def __init__(
        self, rules: RuleSet, tables: Mapping[str, pa.Table], params: Mapping[str, object] | None
    ) -> None:
        self.rules, self.labels = rules, Labels()
        self.params = settled(rules, params)
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
        complete = completeness(Builder(), spec, there)
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
        whole = dict(known or {})
        world = World(self.params.values, self.labels, joins, others, whole, keys, totals)
        run = Interpreter(world)
        run.begin(Block(source, slice(None), source.rows))
        for node in (one for one in whole_nodes(roots) if one not in whole):
            whole[node] = computed(node, [run.value(arg) for arg in node.args], source.rows)
        return world
