"""Build a ``Repair`` from the `repair:` of a rule; it must fit the rule and the table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from finsim.constraints.language.binding import Binder
from finsim.constraints.language.expression import Expr, Node
from finsim.constraints.language.grammar import Misread, parse
from finsim.constraints.language.node_builder import Builder
from finsim.constraints.language.row_order import Order
from finsim.constraints.language.scope import Scope
from finsim.constraints.language.types import ANY, NUMERIC, Clash, Type
from finsim.constraints.packs.file_schema import REPAIR_KEYS, PackReader, RepairText, RuleText
from finsim.constraints.packs.linear_rules import half_spaces, touches
from finsim.constraints.packs.rule import Bound, Repair, Rule, Table
from finsim.documents import Loc
from finsim.errors import did_you_mean

MOST_REDRAWS = 8


def parsed(reader: PackReader, loc: Loc, text: str) -> Expr | None:
    """Parse an expression of the file; a problem is noted at its place."""
    try:
        return parse(text)
    except Misread as bad:
        reader.misread(loc, text, bad)
        return None


def reported(reader: PackReader, binder: Binder, loc: Loc, text: str) -> bool:
    """Note the problems of a bound expression; whether there were any."""
    for bad in binder.problems:
        reader.misread(loc, text, bad)
    return bool(binder.problems)


class RepairBuilder:
    """Builds the repair of one rule; problems go to the reader."""

    def __init__(self, reader: PackReader, make: Builder, table: Table, scope: Scope, loc: Loc) -> None:
        self.reader, self.make, self.table, self.scope, self.loc = reader, make, table, scope, loc

    def build(self, text: RepairText, check: Node, order: Order | None) -> Repair | None:
        """Return the repair, or None after noting its problems."""
        repair = self._built(text, check, order)
        if repair is None or text.otherwise is None or text.do == "resample":
            return repair
        return replace(repair, otherwise=text.otherwise, text=f"{repair.text} (else {text.otherwise})")

    def _built(self, text: RepairText, check: Node, order: Order | None) -> Repair | None:
        self._refuse_strangers(text)
        if text.do == "set":
            return self._set(text)
        if text.do == "clip":
            return self._clip(text, check)
        if text.do == "project":
            return self._project(text, check)
        if text.do == "resample":
            columns = self._columns(text)
            most, otherwise = text.max or MOST_REDRAWS, text.otherwise or "drop"
            said = f"resample {', '.join(columns)} (at most {most} times, then {otherwise})"
            return Repair("resample", "", None, (), said, columns, (), most, otherwise)
        if text.do == "sort" and (self.scope.is_sorted or not self.scope.ordered):
            self._complain(
                "sort repairs rows that stand out of order", "give the rule `order: {.., sort: false}`"
            )
        if text.whole:
            if order is None or not order.group:
                self._complain("which group is dropped?", "give the rule or the table `order: {group: [..]}`")
                return None
            said = f"drop the whole group of {', '.join(order.group)}"
            return Repair("drop", text=said, group=order.group)
        return Repair(text.do, text=f"{text.do} the row")

    def _complain(self, found: str, remedy: str, key: str = "") -> None:
        self.reader.complain((*self.loc, key) if key else self.loc, found, remedy)

    def _refuse_strangers(self, text: RepairText) -> None:
        written = text.model_dump(by_alias=True, exclude={"do"})
        named = [key for key, value in written.items() if value and key not in REPAIR_KEYS[text.do]]
        if named:
            taken = ", ".join(f"`{key}`" for key in REPAIR_KEYS[text.do])
            remedy = f"leave it out; {text.do} takes {taken}" if taken else "leave it out"
            self._complain(f"{text.do} takes no {', '.join(f'`{name}`' for name in named)}", remedy)

    def _one(self, text: RepairText) -> str | None:
        """Return the one column of ``on``."""
        if isinstance(text.on, list) and len(text.on) != 1:
            self._complain(f"{text.do} of {len(text.on)} columns", f"{text.do} one column")
            return None
        name = text.on[0] if isinstance(text.on, list) else text.on
        return name if self._is_column(name) else None

    def _is_column(self, name: str) -> bool:
        if name in self.scope.columns:
            return True
        self._complain(f"unknown column {name!r}", did_you_mean(name, list(self.scope.columns)))
        return False

    def _columns(self, text: RepairText) -> tuple[str, ...]:
        """Return the columns of ``on`` that may be changed together."""
        names = tuple(dict.fromkeys([text.on] if isinstance(text.on, str) else text.on))
        if not names or names == ("",):
            self._complain(f"which columns does it {text.do}?", "write `on: [column, ..]`")
            return ()
        own = self.table.order
        fixed = {*self.table.key, *((*own.group, *own.by) if own else ()), *self.scope.group}
        for name in names:
            if self._is_column(name) and name in fixed:
                found = f"{name!r} names or orders the rows"
                self._complain(found, f"take it out of `on`: no row would know itself after {text.do}", "on")
        return names

    def _clip(self, text: RepairText, check: Node) -> Repair | None:
        name = self._one(text)
        if name is None:
            return None
        bounds = tuple(_bounds(check, name))
        if not bounds:
            self._complain(f"the rule gives {name!r} no bound", f"write {name} <= .. or >= ..")
        return Repair("clip", name, None, bounds, f"clip {name}", (name,))

    def _project(self, text: RepairText, check: Node) -> Repair | None:
        columns, before = self._columns(text), len(self.reader.problems)
        kinds = [self.scope.columns[name] for name in columns if name in self.scope.columns]
        for name, kind in zip(columns, kinds, strict=False):
            if kind.kind not in (*NUMERIC, "money"):
                self._complain(f"{name!r} is {kind}, not a number", "use set or resample", "on")
        weights = text.weights or {}
        for name, weight in weights.items():
            if name not in columns:
                self._complain(
                    f"weight of {name!r}, which does not move", did_you_mean(name, columns), "weights"
                )
            elif not (weight > 0 and math.isfinite(weight)):
                self._complain(f"the weight of {name!r} is {weight}", "write a number above 0", "weights")
        if len({_unit(kind) for kind in kinds}) > 1 and set(weights) != set(columns):
            found = "columns of different units have no common distance"
            self._complain(found, "give each a weight: `weights: {column: 1, ..}`", "on")
        try:
            spaces = half_spaces(check, columns)
        except Clash as clash:
            self._complain(f"cannot project: {clash.found}", clash.remedy)
            return None
        if not spaces or len(self.reader.problems) > before or not kinds:
            if not spaces:
                self._complain(
                    f"the rule says nothing of {', '.join(columns)}", "name columns of `check`", "on"
                )
            return None
        amounts = tuple(float(weights.get(name, 1.0)) for name in columns)
        said = f"project {', '.join(columns)} to the nearest allowed values"
        return Repair("project", "", None, (), said, columns, amounts)

    def _set(self, text: RepairText) -> Repair | None:
        at, scope = (*self.loc, "expr"), self.scope
        expr = parsed(self.reader, at, text.expr)
        if expr is None:
            return None
        if expr.op == "assign":
            if text.on:
                self._complain("`on` beside `:=`", "leave `on` out")
            expr = Expr("assign", expr.text, expr.args, expr.start, expr.end)
        elif isinstance(text.on, str) and text.on:
            expr = Expr("assign", text.on, (expr,), expr.start, expr.end)
        else:
            self.reader.complain(at, "which column is set?", "write `column := expression`")
            return None
        column, kind = expr.text, scope.columns.get(expr.text)
        if kind is None:
            hint = did_you_mean(column, list(scope.columns))
            self.reader.misread(at, text.expr, Misread(f"unknown column {column!r}", 0, len(column), hint))
            return None
        binder = Binder(self.make, scope)
        node = binder.bind(expr.args[0])
        if not binder.problems and node.type != ANY:
            node = self._fitted(binder, expr.args[0], node, column)
        if reported(self.reader, binder, at, text.expr):
            return None
        said = text.expr if ":=" in text.expr else f"{column} := {text.expr}"
        return Repair("set", column, node, (), said, (column,))

    def _fitted(self, binder: Binder, expr: Expr, node: Node, column: str) -> Node:
        """Return the value in the type of the column, or note why it does not fit."""
        kind = self.scope.columns[column]
        try:
            target, value = self.make.alike((self.make.node("column", kind, (), column), node), "set")
            if value.type.stored != kind.stored and kind.stored != "f":
                raise Clash(f"{column} is exact, the value is not", "wrap it in round(..)")
            if kind.kind == "date" and value.type.kind == "ts":
                raise Clash(f"{column} is a date, the value a time", "take its day with date(..)")
            if target.type.scale != kind.scale:
                raise Clash(f"the value is finer than {column}", "round it")
            return value if kind.stored != "f" else self.make.as_float(value)
        except Clash as clash:
            binder.problems.append(Misread(clash.found, expr.start, expr.end, clash.remedy))
            return node


def _unit(kind: Type) -> tuple[str, int]:
    return (kind.ccy, kind.scale) if kind.kind == "money" else ("", 0)


def _bounds(node: Node, column: str) -> list[Bound]:
    """Return the limits on one column that hold whenever the rule does."""
    if node.op == "and":
        return [bound for arg in node.args for bound in _bounds(arg, column)]
    if node.op == "=>":
        return _bounds(node.args[1], column)
    if node.op not in ("<", "<=", ">", ">="):
        return []
    found = []
    for mine, other, lower in ((0, 1, node.op in (">", ">=")), (1, 0, node.op in ("<", "<="))):
        side = node.args[mine]
        side = side.args[0] if side.op == "float" else side
        if side.op == "column" and side.data == column and not touches(node.args[other], (column,)):
            found.append(Bound(lower, node.op in ("<", ">"), node.args[other]))
    return found


def computed_columns(rules: Sequence[Rule]) -> dict[str, str]:
    """Return column -> rule for the columns that a `set` computes from others (not from themselves)."""
    return {
        rule.repair.column: rule.id
        for rule in rules
        if rule.repair is not None
        and rule.repair.node is not None
        and not touches(rule.repair.node, (rule.repair.column,))
    }


def refuse_drawing_computed(
    reader: PackReader, texts: Sequence[RuleText | None], rules: Sequence[Rule]
) -> None:
    """Note every column that a rule computes and another draws or moves: identities are recomputed."""
    owners: Mapping[str, dict[str, str]] = {
        table: computed_columns([rule for rule in rules if rule.table == table])
        for table in {rule.table for rule in rules}
    }
    by_id = {rule.id: rule for rule in rules}
    for place, text in enumerate(texts):
        rule = by_id.get(text.id) if text is not None else None
        if rule is None or rule.repair is None or rule.repair.do not in ("project", "resample"):
            continue
        for column in rule.repair.columns:
            owner = owners[rule.table].get(column)
            if owner is not None:
                found = f"rule {owner} computes {column!r}, so it cannot be {_PAST[rule.repair.do]}"
                remedy = f"name the columns that {column!r} is computed from"
                reader.complain(("rules", place, "repair", "on"), found, remedy)


_PAST = {"project": "projected", "resample": "resampled"}
