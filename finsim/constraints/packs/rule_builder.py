"""Build a ``Rule`` from one entry of a file: expressions, tolerance, repair, columns it reads."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter

from finsim.constraints.language.binding import Binder
from finsim.constraints.language.expression import Expr, Node, Span, walk
from finsim.constraints.language.functions import FUNCTIONS
from finsim.constraints.language.grammar import Misread
from finsim.constraints.language.node_builder import Builder
from finsim.constraints.language.row_order import Order
from finsim.constraints.language.scope import Scope
from finsim.constraints.language.table_links import is_match, link_of
from finsim.constraints.language.types import BOOL, Clash, number
from finsim.constraints.packs.file_schema import PackReader, RuleText
from finsim.constraints.packs.repair_builder import RepairBuilder, parsed, reported
from finsim.constraints.packs.rule import Rule, Table
from finsim.documents import Loc

_SEQUENCED = ("sequence", "window", "calendar")


class RuleBuilder:
    """Builds the rules of one table; problems go to the reader."""

    def __init__(self, reader: PackReader, make: Builder, table: Table, scope: Scope) -> None:
        self.reader, self.make, self.table, self.scope = reader, make, table, scope

    def check_lets(self, lets: Mapping[str, Expr], written: Mapping[str, object], loc: Loc) -> None:
        """Bind every ``let`` once, so that its problems are reported where it stands."""
        unresolved = _unresolved(lets)
        for name, expr in lets.items():
            if name in unresolved and name in _reached(expr, lets):
                found = f"`let` {name!r} is defined by itself"
                self.reader.complain((*loc, name), found, "break the circle")
            binder = Binder(self.make, self.scope)
            binder.bind(expr)
            reported(self.reader, binder, (*loc, name), str(written[name]))

    def rule(self, text: RuleText, loc: Loc, order: Order | None) -> Rule | None:
        """Return one rule, or None after noting its problems."""
        before = len(self.reader.problems)
        scope = self.scope.ordered_by(order)
        check_text, when_text = _written(text.check), "" if text.when is None else _written(text.when)
        tol = self._tol(text, loc)
        when = self._condition(scope, (*loc, "when"), when_text, None) if when_text else None
        check = self._condition(scope, (*loc, "check"), check_text, tol, when[0] if when else None)
        self._check_expect(text, loc)
        if check is None or (when_text and when is None):
            return None
        node, spans, used_tol = check
        if tol and text.tol and not used_tol:
            self.reader.complain(
                (*loc, "tol"), "the tolerance fits no comparison", "give it the unit of the sides"
            )
        mending = RepairBuilder(self.reader, self.make, self.table, scope, (*loc, "repair"))
        repair = mending.build(text.repair, node, order) if text.repair else None
        if len(self.reader.problems) > before:
            return None
        roots = [node, *([when[0]] if when else []), *([repair.node] if repair and repair.node else [])]
        own = self._own_order(roots, order)
        columns = _columns(roots) | (set(own.group) | set(own.by) if own else set())
        antecedent = _antecedent(self.make, when[0] if when else None, node)
        return Rule(
            text.id, self.table.name, text.level, text.kind, node, when[0] if when else None, antecedent,
            check_text, when_text, spans, when[1] if when else (), own, text.nulls,
            (text.expect[0], text.expect[1]) if text.expect else None, repair, frozenset(columns),
            frozenset(link_of(node).table for root in roots for node in walk(root) if is_match(node)),
            text.why, text.cite, text.assumption,
        )  # fmt: skip

    def _own_order(self, roots: list[Node], order: Order | None) -> Order | None:
        names = [data[0] for data in _calls(roots)]
        needs = any(name in FUNCTIONS and FUNCTIONS[str(name)].family in _SEQUENCED for name in names)
        return order if needs else None

    def _condition(
        self, scope: Scope, loc: Loc, text: str, tol: Hashable, when: Node | None = None
    ) -> tuple[Node, tuple[Span, ...], bool] | None:
        expr = parsed(self.reader, loc, text)
        if expr is None:
            return None
        if expr.op == "assign":
            self.reader.misread(loc, text, Misread("`:=` in a condition", 0, len(text), "compare with `=`"))
            return None
        binder = Binder(self.make, scope, when=when)
        node = binder.condition(expr, tol)
        if reported(self.reader, binder, loc, text):
            return None
        return node, tuple(binder.spans), binder.used_tol

    def _tol(self, text: RuleText, loc: Loc) -> Hashable:
        """Return the tolerance as (kind, type, amount) or ("rel", None, share)."""
        tol = text.tol
        if isinstance(tol, dict):
            if set(tol) == {"rel"} and 0 <= tol["rel"] < math.inf:
                return ("rel", None, float(tol["rel"]))
        elif tol is not None:
            try:
                written = repr(tol) if isinstance(tol, float) else str(tol)
                kind, amount = number(_spaced(written))
            except (Clash, ArithmeticError, ValueError):
                amount = math.nan
            if 0 <= amount < math.inf:
                return ("abs", kind, amount)
        if tol is not None:
            remedy = "write a number from 0 on, 0.01 USD or {rel: 1e-9}"
            self.reader.complain((*loc, "tol"), f"{tol!r} is not a tolerance", remedy)
        return None

    def _check_expect(self, text: RuleText, loc: Loc) -> None:
        if text.level == "plausible" and text.expect is None:
            self.reader.complain(
                loc, "a plausible rule needs the share that holds", "add `expect: [0.98, 1]`"
            )
        if text.level != "plausible" and text.expect is not None:
            self.reader.complain(
                (*loc, "expect"), f"`expect` on a rule of level {text.level}", "use level plausible"
            )


def _reached(expr: Expr, lets: Mapping[str, Expr]) -> set[str]:
    """Return the `let` names that an expression needs, directly and through others."""
    seen: set[str] = set()
    waiting = list(_named_in(expr, lets))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(_named_in(lets[name], lets))
    return seen


def _named_in(expr: Expr, lets: Mapping[str, Expr]) -> set[str]:
    """Return the `let` names that stand in an expression."""
    return {part.text for part in expr.parts() if part.op == "name" and part.text in lets}


def _unresolved(lets: Mapping[str, Expr]) -> set[str]:
    """Return the `let` names that are in a circle or lead into one, in time that grows with the file."""
    graph = {name: _named_in(expr, lets) for name, expr in lets.items()}
    order = TopologicalSorter(graph)
    with suppress(CycleError):  # what is before the circle can still be resolved
        order.prepare()
    resolved: set[str] = set()
    while order.is_active():
        ready = order.get_ready()
        resolved.update(ready)
        order.done(*ready)
        if not ready:
            break
    return set(lets) - resolved


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spaced(text: str) -> str:
    """Return ``0.01USD`` or ``5%`` with a space before the unit."""
    head = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ% ")
    return f"{head} {text[len(head) :].strip()}".strip()


def _columns(roots: list[Node]) -> set[str]:
    return {str(node.data) for root in roots for node in walk(root) if node.op == "column"}


def _calls(roots: list[Node]) -> list[tuple[object, ...]]:
    return [node.data for root in roots for node in walk(root) if node.op == "call"]


def _antecedent(make: Builder, when: Node | None, check: Node) -> Node | None:
    """Return the condition under which the rule says anything: ``when``, and the left side of ``=>``."""
    left = check.args[0] if check.op == "=>" else None
    if when is None or left is None:
        return when if left is None else left
    return make.node("and", BOOL, (when, left))


def key_rules(make: Builder, table: Table) -> list[Rule]:
    """Return the two rules every table has: its key is unique, its columns are filled where declared so."""
    rules = []
    if table.key:
        nodes = [make.node("column", table.columns[name].type, (), name) for name in table.key]
        check = make.call(BOOL, nodes, "unique")
        text = f"unique({', '.join(table.key)})"
        spans, at = [], len("unique(")
        for name, node in zip(table.key, nodes, strict=True):
            spans.append(Span(at, at + len(name), node))
            at += len(name) + 2
        rules.append(_implied(table, "key", "referential", check, text, spans, "Every row has its own key"))
    complete = completeness(make, table, [name for name, column in table.columns.items() if not column.null])
    return rules if complete is None else [*rules, complete]


def completeness(make: Builder, table: Table, names: list[str]) -> Rule | None:
    """Return the rule that some columns have no empty cells; None for no columns."""
    parts: list[Node] = []
    spans: list[Span] = []
    text = ""
    for name in names:
        node = make.node("column", table.columns[name].type, (), name)
        parts.append(make.node("not", BOOL, (make.node("isnull", BOOL, (node,)),)))
        text += " and " if text else ""
        spans.append(Span(len(text), len(text) + len(name), node))
        text += f"{name} is not null"
    if not parts:
        return None
    check = make.node("and", BOOL, parts) if len(parts) > 1 else parts[0]
    return _implied(table, "complete", "completeness", check, text, spans, "No cell may be empty")


def _implied(table: Table, name: str, kind: str, check: Node, text: str, spans: list[Span], why: str) -> Rule:
    return Rule(
        f"{table.name}.{name}", table.name, "invariant", kind, check, None, None, text, "", tuple(spans), (),
        None, "unknown", None, None, frozenset(_columns([check])), frozenset(), why,
        f"declared by the columns of table {table.name}", "",
    )  # fmt: skip
