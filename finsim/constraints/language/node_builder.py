"""Build typed nodes: equal nodes are shared, conversions are explicit, type clashes are refused."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from finsim.constraints.language.expression import Node
from finsim.constraints.language.types import (
    ANY,
    BOOL,
    DUR,
    FLOAT,
    INT,
    NUMERIC,
    RATIO,
    TS,
    Clash,
    Type,
    money,
)
from finsim.errors import did_you_mean

ORDERED = (*NUMERIC, "money", "date", "ts", "dur")


class Builder:
    """Makes nodes of one rule pack."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Node] = {}

    def node(self, op: str, kind: Type, args: Sequence[Node] = (), data: Hashable = None) -> Node:
        """Return the node of an operation; the same operation gives the same object."""
        key = (op, kind, tuple(id(arg) for arg in args), type(data), data)
        if key not in self._known:
            self._known[key] = Node(op, kind, tuple(args), data)
        return self._known[key]

    def const(self, kind: Type, value: Hashable) -> Node:
        """Return a constant."""
        return self.node("const", kind, (), value)

    def call(self, kind: Type, args: Sequence[Node], *data: Hashable) -> Node:
        """Return a function call; ``data`` is the name and its options."""
        return self.node("call", kind, args, data)

    def as_float(self, node: Node) -> Node:
        """Return the node as float64, where NaN is null."""
        if node.type.stored == "f" or node.type == ANY:
            return node
        return self.node(
            "float", replace(node.type, exact=False) if node.type.kind == "money" else FLOAT, (node,)
        )

    def as_int(self, node: Node) -> Node:
        """Return a boolean as 0 and 1."""
        return self.node("integer", INT, (node,)) if node.type == BOOL else node

    def as_time(self, node: Node) -> Node:
        """Return a date as the time of its midnight (UTC)."""
        return self.node("ts", TS, (node,)) if node.type.kind == "date" else node

    def scaled(self, node: Node, scale: int) -> Node:
        """Return money in units of a finer scale."""
        if node.type.scale == scale:
            return node
        return self.node("rescale", replace(node.type, scale=scale), (node,), 10 ** (scale - node.type.scale))

    def alike(self, nodes: Sequence[Node], what: str) -> list[Node]:
        """Return the nodes converted to one common type; raises Clash when there is none."""
        if any(node.type == ANY for node in nodes):
            return list(nodes)
        solid = [node for node in nodes if not _zero(node)] or list(nodes)
        kinds = {node.type.kind for node in solid}
        if len(kinds) == 1 and solid[0].type.kind in ("money", "dur"):
            nodes = [self.const(solid[0].type, 0) if _zero(node) else node for node in nodes]
        kinds = {node.type.kind for node in nodes}
        if kinds <= set(NUMERIC):
            return list(nodes) if kinds == {"int"} else [self.as_float(node) for node in nodes]
        if kinds == {"money"}:
            return self._one_currency(nodes, what)
        if kinds == {"date", "ts"}:
            return [self.as_time(node) for node in nodes]
        if kinds == {"cat"}:
            _check_labels(nodes)
            return list(nodes)
        if len(kinds) == 1:
            return list(nodes)
        names = " with ".join(dict.fromkeys(str(node.type) for node in nodes))
        raise Clash(f"cannot {what} {names}", _unit_hint(kinds))

    def _one_currency(self, nodes: Sequence[Node], what: str) -> list[Node]:
        if len({node.type.ccy for node in nodes}) > 1:
            names = " with ".join(dict.fromkeys(node.type.ccy for node in nodes))
            raise Clash(f"cannot {what} {names}", "convert one of them with a rate first")
        finest = max(node.type.scale for node in nodes)
        nodes = [self.scaled(node, finest) for node in nodes]
        exact = all(node.type.exact for node in nodes)
        return list(nodes) if exact else [self.as_float(node) for node in nodes]

    def arithmetic(self, op: str, left: Node, right: Node) -> Node:
        """Return ``left op right`` for one of ``+ - * / ^``; raises Clash."""
        if left.type == ANY or right.type == ANY:
            return self.node(op, ANY, (left, right))
        if op in "+-":
            return self._sum(op, left, right)
        if op == "^":
            _need(NUMERIC, (left, right), "raise to a power")
            return self.node("^", FLOAT, (self.as_float(left), self.as_float(right)))
        return self._product(left, right) if op == "*" else self._quotient(left, right)

    def _sum(self, op: str, left: Node, right: Node) -> Node:
        verb = "add" if op == "+" else "subtract"
        if left.type.kind in ("date", "ts") and right.type == DUR:
            return self.node(op, TS, (self.as_time(left), right))
        a, b = self.alike([left, right], verb)
        if op == "-" and a.type.kind in ("date", "ts"):
            return self.node("-", DUR, (self.as_time(a), self.as_time(b)))
        _need((*NUMERIC, "money", "dur"), (a, b), verb)
        kind = (
            RATIO if a.type == b.type == RATIO else (FLOAT if a.type.kind in ("float", "ratio") else a.type)
        )
        return self.node(op, kind, (a, b))

    def _product(self, left: Node, right: Node) -> Node:
        if left.type.kind in NUMERIC and right.type.kind not in NUMERIC:
            left, right = right, left
        _need((*NUMERIC, "money", "dur"), (left,), "multiply")
        _need(NUMERIC, (right,), "multiply")
        if left.type.stored == right.type.stored == "i":
            return self.node("*", left.type, (left, right))
        if left.type == DUR:
            raise Clash("cannot multiply dur with a fraction", "multiply by a whole number")
        a, b = self.as_float(left), self.as_float(right)
        return self.node("*", a.type if a.type.kind == "money" else FLOAT, (a, b))

    def _quotient(self, left: Node, right: Node) -> Node:
        if right.type.kind in NUMERIC and left.type.kind in (*NUMERIC, "money"):
            a, b = self.as_float(left), self.as_float(right)
            kind = a.type if a.type.kind == "money" else (RATIO if left.type == right.type == INT else FLOAT)
            return self.node("/", kind, (a, b))
        if left.type.kind == right.type.kind and left.type.kind in ("money", "dur"):
            a, b = self.alike([left, right], "divide")
            return self.node("/", RATIO, (self.as_float(a), self.as_float(b)))
        raise Clash(
            f"cannot divide {left.type} by {right.type}", "divide numbers, or two amounts of one unit"
        )

    def negated(self, node: Node) -> Node:
        """Return ``-node``; raises Clash."""
        if node.type == ANY:
            return node
        _need((*NUMERIC, "money", "dur"), (node,), "negate")
        if node.op == "const" and isinstance(node.data, int | float):
            return self.const(node.type, -node.data)
        return self.node("neg", node.type, (node,))

    def compare(self, op: str, left: Node, right: Node, tol: Hashable = None) -> Node:
        """Return a comparison; ``tol`` loosens it. Raises Clash, also for ``float = float`` without one."""
        a, b = self.alike([left, right], "compare")
        if ANY in (a.type, b.type):
            return self.node(op, BOOL, (a, b))
        if op not in ("=", "!="):
            _need(ORDERED, (a, b), "order")
        elif tol is None and not left.type.exact and not right.type.exact:
            raise Clash(
                "float = float compares rounding", "give the rule a `tol:`, or write abs(a - b) <= 1e-9"
            )
        return self.node(op, BOOL, (a, b), tol)

    def choice(self, condition: Node, yes: Node, no: Node) -> Node:
        """Return ``if condition then yes else no`` with branches of one type; raises Clash."""
        a, b = self.alike([yes, no], "choose between")
        kind = (
            a.type if a.type == b.type else (FLOAT if a.type.stored == "f" else replace(a.type, values=None))
        )
        if "money" in (a.type.kind, b.type.kind):
            kind = a.type if not a.type.exact else b.type
        return self.node("if", ANY if ANY in (a.type, b.type) else kind, (condition, a, b))


def unstated(kind: Type) -> Type:
    """Return money that carries rounding, or float: the type of a product with a rate."""
    return money(kind.ccy, kind.scale, exact=False) if kind.kind == "money" else FLOAT


def _zero(node: Node) -> bool:
    return node.op == "const" and node.type == INT and node.data == 0


def _need(kinds: Sequence[str], nodes: Sequence[Node], verb: str) -> None:
    for node in nodes:
        if node.type != ANY and node.type.kind not in kinds:
            raise Clash(f"cannot {verb} {node.type}", f"use {', '.join(kinds)}")


def _check_labels(nodes: Sequence[Node]) -> None:
    """Refuse a label that no column of the comparison can hold."""
    known = {label for node in nodes for label in node.type.values or ()}
    open_ended = any(node.op != "const" and node.type.values is None for node in nodes)
    for node in nodes:
        if known and not open_ended and node.op == "const" and node.data not in known:
            raise Clash(f"no value is called {node.data!r}", did_you_mean(str(node.data), sorted(known)))


def _unit_hint(kinds: set[str]) -> str:
    if "money" in kinds:
        return "write the amount with its currency, such as 10 USD"
    if "dur" in kinds:
        return "write the duration with its unit, such as 24h"
    if "date" in kinds or "ts" in kinds:
        return "write a date as d'2026-01-31'"
    return "write labels in single quotes and numbers without"
