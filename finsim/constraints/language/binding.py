"""Bind and type-check: ``Expr`` to ``Node``, names to columns, parameters and functions."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from finsim.constraints.language.cross_table_binding import crossed
from finsim.constraints.language.expression import Expr, Node, Span, walk
from finsim.constraints.language.function_types import Call, Rows
from finsim.constraints.language.functions import CROSS, FUNCTIONS, Function
from finsim.constraints.language.grammar import Misread
from finsim.constraints.language.node_builder import Builder
from finsim.constraints.language.scope import Scope
from finsim.constraints.language.types import ANY, BOOL, DATE, INT, LABEL, Clash, day_number, number
from finsim.errors import did_you_mean

_ORDER_FAMILIES = ("sequence", "window", "calendar")
_BRACKETS = "`where` reaches to the closing bracket: compare as (group_sum(x) where ..) > 5"


@dataclass
class Binder:
    """Binds the expressions of one table; ``spans`` collects what stands where in the current text.

    ``when`` is the condition of the rule: ``unique`` counts only the rows in which it is true.
    """

    make: Builder
    scope: Scope
    problems: list[Misread] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    tol: Hashable = None
    used_tol: bool = False
    when: Node | None = None
    _open: list[str] = field(default_factory=list)

    def bind(self, expr: Expr, tol: Hashable = None) -> Node:
        """Return the typed node; problems are collected, and stand as type ``any``."""
        self.spans, self.tol, self.used_tol = [], tol, False
        is_endless, fault = self.scope.endless(expr)
        if is_endless:
            self.problems += [] if fault is None else [fault]
            return self.make.node("any", ANY)
        return self._bind(expr)

    def condition(self, expr: Expr, tol: Hashable = None) -> Node:
        """Return the node of an expression that must be true or false."""
        node = self.bind(expr, tol)
        if node.type not in (BOOL, ANY):
            is_limited = expr.op == "call" and any(arg.text == "where" for arg in expr.args)
            remedy = _BRACKETS if is_limited else "write a comparison"
            self._report(expr, f"this is {node.type}, not true or false", remedy)
        return node

    def _report(self, expr: Expr, found: str, remedy: str) -> Node:
        self.problems.append(Misread(found, expr.start, expr.end, remedy))
        return self.make.node("any", ANY)

    def _bind(self, expr: Expr) -> Node:
        method = {"name": self._name, "call": self._call, "compare": self._compare, "between": self._between,
                  "in": self._in, "if": self._if, "neg": self._negative}.get(expr.op)  # fmt: skip
        try:
            if method is not None:
                return method(expr)
            if expr.op in ("+", "-", "*", "/", "^"):
                left, right = (self._bind(arg) for arg in expr.args)
                return self.make.arithmetic(expr.op, left, right)
            if expr.op in ("and", "or", "not", "=>"):
                return self.make.node(expr.op, BOOL, [self._truth(arg) for arg in expr.args])
            if expr.op == "isnull":
                return self.make.node("isnull", BOOL, (self._bind(expr.args[0]),))
            return self._literal(expr)
        except Clash as clash:
            return self._report(expr, clash.found, clash.remedy)

    def _literal(self, expr: Expr) -> Node:
        if expr.op == "number":
            return self.make.const(*number(expr.text))
        if expr.op == "date":
            return self.make.const(DATE, day_number(expr.text))
        if expr.op == "label":
            return self.make.const(LABEL, expr.text)
        hints = {
            "ref": "write exists(table.key = x), parent(table.x, table.key = y) or sum_of(table.x, ..)",
            "named": "only some functions take named arguments",
            "set": "write a set after `in`",
        }
        raise Clash(f"{expr.text or 'this'!r} cannot stand here", hints.get(expr.op, "write a value"))

    def _truth(self, expr: Expr) -> Node:
        node = self._bind(expr)
        if node.type not in (BOOL, ANY):
            return self._report(expr, f"this is {node.type}, not true or false", "write a comparison")
        return node

    def _name(self, expr: Expr) -> Node:
        name, scope = expr.text, self.scope
        if name in ("true", "false"):
            return self.make.const(BOOL, name == "true")
        if name in scope.columns:
            node = self._column(name)
        elif name in scope.lets:
            node = self._let(expr)
        elif name in scope.params:
            if scope.params[name].kind == "set":
                raise Clash(f"{name} is a list", f"write `x in {name}`")
            node = self.make.node("param", scope.params[name], (), name)
        else:
            known = [*scope.columns, *scope.lets, *scope.params]
            kind = "function without (..)" if name in FUNCTIONS else "unknown column"
            raise Clash(f"{kind} {name!r}", did_you_mean(name, known))
        self.spans.append(Span(expr.start, expr.end, node))
        return node

    def _let(self, expr: Expr) -> Node:
        name = expr.text
        if name in self._open:
            return self.make.node("any", ANY)  # a circle, reported where the `let` stands
        spans, found, tol = self.spans, len(self.problems), self.tol
        self._open.append(name)
        self.spans, self.tol = [], None
        node = self._bind(self.scope.lets[name])
        self.spans, self.tol = spans, tol
        self._open.pop()
        if len(self.problems) > found:  # reported where the `let` is written, not at each use
            del self.problems[found:]
            return self.make.node("any", ANY)
        return node

    def _call(self, expr: Expr) -> Node:
        if expr.text == "lookup":
            return self._lookup(expr)
        if expr.text in CROSS:
            return self._cross(expr)
        if expr.text not in FUNCTIONS:
            raise Clash(f"unknown function {expr.text!r}", did_you_mean(expr.text, [*FUNCTIONS, *CROSS]))
        function, before = FUNCTIONS[expr.text], len(self.spans)
        args = [self._bind(arg) for arg in expr.args if arg.op != "named"]
        named = self._named(expr, function)
        if not function.least <= len(args) <= function.most:
            raise Clash(f"{expr.text} with {len(args)} arguments", f"use {function.usage}")
        if function.family in _ORDER_FAMILIES:
            self._need_order(expr.text, function.family)
        elif function.family == "whole":
            self._limit_to_when(expr.text, named)
            if any(_looks_around(arg) for arg in (*args, *(one for many in named.values() for one in many))):
                raise Clash(
                    f"{expr.text} of a function that looks at other rows", "use a plain expression inside"
                )
        if any(node.type == ANY for node in (*args, *(one for many in named.values() for one in many))):
            return self.make.node("any", ANY)
        node = function.typing(self.make, Call(expr.text, args, named, self._rows()))
        if function.family != "row":  # the reader wants its value, not those of its arguments
            self.spans[before:] = [Span(expr.start, expr.end, node)]
        return node

    def _named(self, expr: Expr, function: Function) -> dict[str, list[Node]]:
        """Return the named arguments of a call; a set of columns gives several nodes."""
        named: dict[str, list[Node]] = {}
        for arg in expr.args:
            if arg.op != "named":
                continue
            if arg.text not in function.named:
                raise Clash(f"{expr.text} has no argument {arg.text!r}", f"use {function.usage}")
            if arg.text in named:
                raise Clash(f"{expr.text} has two `{arg.text}`", "keep one of them")
            tol, inner, found = self.tol, arg.args[0], len(self.problems)
            self.tol = None if arg.text == "where" else tol
            if inner.op == "set" and arg.text != "by":
                raise Clash(f"`{arg.text}` takes no set", f"use {function.usage}")
            named[arg.text] = [self._bind(one) for one in (inner.args if inner.op == "set" else (inner,))]
            self.tol = tol
            if arg.text == "where":
                self.problems[found:] = [
                    Misread(bad.found, bad.start, bad.end, f"{bad.remedy}; {_BRACKETS}")
                    for bad in self.problems[found:]
                ]
        return named

    def _limit_to_when(self, name: str, named: dict[str, list[Node]]) -> None:
        """Let ``unique`` count only the rows the rule speaks of, unless it says itself which count."""
        if name != "unique" or "where" in named or self.when is None or self.when.type == ANY:
            return
        if _looks_around(self.when):
            raise Clash(
                "unique counts the rows of `when`, and this `when` looks at other rows",
                "say which rows count: unique(..) where .. (`where true` for all)",
            )
        named["where"] = [self.when]

    def _rows(self) -> Rows:
        """Return how rows of the table follow one another, as nodes."""
        scope = self.scope
        time = self._column(scope.time) if scope.time else None
        group, by = ([self._column(name) for name in names] for names in (scope.group, scope.by))
        return Rows(scope.ordered, group, by if scope.is_sorted else [], time)

    def _column(self, name: str) -> Node:
        return self.make.node("column", self.scope.columns[name], (), name)

    def _need_order(self, name: str, family: str) -> None:
        if not self.scope.ordered:
            raise Clash(f"{name} needs rows in order", "give the table `order: {group: [..], by: [..]}`")
        if family != "sequence" and not self.scope.is_sorted:
            raise Clash(f"{name} needs rows sorted by time", "leave out `sort: false`")

    def _lookup(self, expr: Expr) -> Node:
        tables, first = self.scope.lookups, expr.args[0] if expr.args else None
        if first is None or first.op != "name" or any(arg.op in ("named", "ref") for arg in expr.args):
            raise Clash("lookup is not called like this", "use lookup(name, key, .. [, date])")
        if first.text not in tables:
            raise Clash(f"unknown lookup {first.text!r}", did_you_mean(first.text, list(tables)))
        table, before = tables[first.text], len(self.spans)
        args = [self._bind(arg) for arg in expr.args[1:]]
        if table is None:
            return self.make.node("any", ANY)
        if len(args) != len(table.by) + table.dated:
            raise Clash(f"lookup {table.name} with {len(args)} arguments", f"use {table.usage}")
        if any(node.type == ANY for node in args):
            return self.make.node("any", ANY)
        for node, name in zip(args, table.by, strict=False):
            if node.type.kind not in ("cat", "int", "bool"):
                raise Clash(f"lookup by {node.type} ({name})", "look up by labels, whole numbers or truths")
        for at in range(len(table.by)):
            if args[at].type.kind == "int":
                table.whole_numbers(at)
        if table.dated and args[-1].type.kind not in ("date", "ts"):
            raise Clash(f"lookup on {args[-1].type}", "give a date or time last")
        found = self.make.call(table.type, args, "lookup", table)
        self.spans[before:] = [Span(expr.start, expr.end, found)]
        return found

    def _cross(self, expr: Expr) -> Node:
        before = len(self.spans)
        made = crossed(expr, self.make, self.scope, self._bind, self._in_table)
        self.spans[before:] = [Span(expr.start, expr.end, made)]
        return made

    def _in_table(self, scope: Scope, expr: Expr) -> Node:
        """Return an expression that is about a row of another table; its problems are ours."""
        inner = Binder(self.make, scope)
        node = inner.bind(expr)
        self.problems += inner.problems
        return node

    def _compare(self, expr: Expr) -> Node:
        left, right = (self._bind(arg) for arg in expr.args)
        return self._compared(expr.text, left, right)

    def _compared(self, op: str, left: Node, right: Node) -> Node:
        node = self.make.compare(op, left, right, self._tolerance(left, right))
        self.used_tol = self.used_tol or node.data is not None
        return node

    def _tolerance(self, left: Node, right: Node) -> Hashable:
        """Return the rule's tolerance where it fits the sides: (kind, amount in their units)."""
        if not isinstance(self.tol, tuple):
            return None
        how, kind, amount = self.tol
        sides = (left.type, right.type)
        if how == "rel":
            return (
                ("rel", amount) if any(side.stored == "f" or side.kind == "money" for side in sides) else None
            )
        if kind.kind != "money":
            fits = all(side.kind in ("int", "float", "ratio") for side in sides)
            return ("abs", amount) if fits and amount else None
        if all(side.kind == "money" and side.ccy == kind.ccy for side in sides):
            return (
                ("abs", amount * 10 ** (max(side.scale for side in sides) - kind.scale)) if amount else None
            )
        return None

    def _between(self, expr: Expr) -> Node:
        x, low, high = (self._bind(arg) for arg in expr.args)
        return self.make.node("and", BOOL, (self._compared(">=", x, low), self._compared("<=", x, high)))

    def _in(self, expr: Expr) -> Node:
        x, members = self._bind(expr.args[0]), expr.args[1]
        if members.op == "name":
            kind = self.scope.params.get(members.text)
            if kind is None or kind.kind != "set":
                lists = [name for name, one in self.scope.params.items() if one.kind == "set"]
                raise Clash(
                    f"{members.text!r} is not a list", did_you_mean(members.text, lists) or "write {a, b}"
                )
            probe = LABEL if kind.values is not None else INT
            if x.type != ANY and (x.type.kind in ("cat", "id")) != (probe == LABEL):
                raise Clash(
                    f"cannot compare {x.type} with the members of {members.text}", "use a list of its type"
                )
            return self.make.node("in", BOOL, (x,), ("param", members.text))
        nodes = [self._bind(arg) for arg in members.args]
        for arg, node in zip(members.args, nodes, strict=True):
            if node.op != "const" and node.type != ANY:
                return self._report(arg, "members of a set must be constants", "use `or` for columns")
            self.make.alike((x, node), "compare")
        alike = self.make.alike((x, *nodes), "compare")
        if any(node.type == ANY for node in alike):
            return self.make.node("any", ANY)
        return self.make.node("or", BOOL, [self.make.node("=", BOOL, (alike[0], one)) for one in alike[1:]])

    def _if(self, expr: Expr) -> Node:
        condition = self._truth(expr.args[0])
        if len(expr.args) == 2:
            return self.make.node("=>", BOOL, (condition, self._truth(expr.args[1])))
        yes, no = self._bind(expr.args[1]), self._bind(expr.args[2])
        return self.make.choice(condition, yes, no)

    def _negative(self, expr: Expr) -> Node:
        return self.make.negated(self._bind(expr.args[0]))


def _looks_around(node: Node) -> bool:
    """Whether a value needs other rows of its own table."""
    return any(
        one.op == "call"
        and isinstance(one.data, tuple)
        and (one.data[0] in FUNCTIONS and FUNCTIONS[one.data[0]].family != "row")
        for one in walk(node)
    )
