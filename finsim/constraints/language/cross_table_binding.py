"""``exists``, ``parent``, ``sum_of`` and their kin: which rows of another table belong to a row.

``sum_of(lines.amount, lines.inv_id = inv_id and lines.status = 'posted')``: an equation of a column of the
other table with something of this row is a key; what is only about the other table limits its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from finsim.constraints.language.expression import Expr, Node, walk
from finsim.constraints.language.functions import CROSS, FUNCTIONS
from finsim.constraints.language.node_builder import ORDERED, Builder, unstated
from finsim.constraints.language.scope import Scope
from finsim.constraints.language.table_links import Link
from finsim.constraints.language.types import ANY, BOOL, INT, NUMERIC, RATIO, Clash, Type
from finsim.errors import did_you_mean

Bind = Callable[[Expr], Node]
BindThere = Callable[[Scope, Expr], Node]
_CONSTANTS = ("true", "false")
_TAKES = {
    "sum_of": (*NUMERIC, "money", "dur", "bool"), "mean_of": (*NUMERIC, "money", "bool"),
    "min_of": ORDERED, "max_of": ORDERED,
}  # fmt: skip


@dataclass
class _Join:
    """What the condition of a call says: pairs of a key column and this row's value, and what limits rows."""

    keys: list[tuple[str, Expr]] = field(default_factory=list)
    limits: list[Expr] = field(default_factory=list)


def crossed(expr: Expr, make: Builder, scope: Scope, own: Bind, there: BindThere) -> Node:
    """Return the node of a call that looks into another table.

    ``own`` binds an expression of this row, ``there`` one of the other table's row. Raises Clash.
    """
    name, wrong = expr.text, Clash(f"{expr.text} is not called like this", f"use {CROSS[expr.text]}")
    plain = [arg for arg in expr.args if arg.op != "named"]
    conditions = [arg.args[0] for arg in expr.args if arg.op == "named" and arg.text == "where"]
    if not plain or len(plain) + len(conditions) != len(expr.args):
        raise wrong
    about = None if name == "exists" else plain.pop(0)
    if len(plain) > 1 or (not plain and name != "parent"):
        raise wrong
    if name == "count_of" and (about is None or about.op != "name"):
        raise wrong
    parts = [*([about] if about is not None else []), *plain, *conditions]
    table = _table(parts, about if name == "count_of" else None, scope, wrong)
    columns, key = scope.others[table]
    call = _Call(expr, make, scope, table, own, there)
    join = call.joined([*plain, *conditions])
    if not plain:
        join.keys = [(column, Expr("name", column, (), expr.start, expr.end)) for column in key]
    if not join.keys and not join.limits:
        raise Clash(f"which rows of {table} belong to a row?", f"write {table}.key = column")
    match = call.match(join)
    if name == "exists":
        return make.call(BOOL, (match,), name, table)
    if name == "count_of":
        return make.call(INT, (match,), name, table)
    assert about is not None
    if name == "parent":
        if about.op != "ref":
            raise wrong
        column = about.text.partition(".")[2]
        call.column(column)
        return make.call(columns[column], (match,), name, table, column)
    return call.total(match, about)


def _table(parts: Sequence[Expr], counted: Expr | None, scope: Scope, wrong: Clash) -> str:
    """Return the table that a call looks into: the one that is counted, else that of its first column."""
    if counted is not None:
        table = counted.text
    else:
        refs = [one.text for part in parts for one in _refs(part)]
        if not refs:
            raise wrong
        table = refs[0].partition(".")[0]
    if table not in scope.others:
        raise Clash(f"unknown table {table!r}", did_you_mean(table, list(scope.others)))
    return table


def _refs(expr: Expr) -> Iterator[Expr]:
    """Yield the columns of other tables in an expression."""
    if expr.op == "ref":
        yield expr
    for arg in expr.args:
        yield from _refs(arg)


def _names(expr: Expr) -> Iterator[Expr]:
    """Yield the plain names in an expression."""
    if expr.op == "name":
        yield expr
    for arg in expr.args:
        yield from _names(arg)


@dataclass(frozen=True)
class _Call:
    """One call that looks into ``table``."""

    expr: Expr
    make: Builder
    scope: Scope
    table: str
    own: Bind
    there: BindThere

    def column(self, name: str) -> Type:
        """Return the type of a column of the other table; raises Clash when it has none of that name."""
        columns = self.scope.others[self.table][0]
        if name not in columns:
            raise Clash(f"table {self.table} has no column {name!r}", did_you_mean(name, list(columns)))
        return columns[name]

    def joined(self, conditions: Sequence[Expr]) -> _Join:
        """Return what the condition says, part by part of its `and`."""
        join, waiting = _Join(), list(conditions)
        while waiting:
            part = waiting.pop(0)
            if part.op == "and":
                waiting = [*part.args, *waiting]
                continue
            pair = self._pair(part)
            if pair is not None:
                join.keys.append(pair)
            elif any(self._is_own(name) for name in _names(part)):
                found = f"only `=` joins {self.table} with this table"
                raise Clash(
                    found, f"write {self.table}.key = column and ..; other conditions name {self.table} only"
                )
            else:
                join.limits.append(part)
        return join

    def _is_own(self, name: Expr) -> bool:
        return name.text not in _CONSTANTS and name.text not in self.scope.params

    def _pair(self, part: Expr) -> tuple[str, Expr] | None:
        """Return the key column and this row's value when a part is such an equation."""
        if part.op != "compare" or part.text != "=":
            return None
        for ref, value in (part.args, part.args[::-1]):
            if ref.op == "ref" and not list(_refs(value)) and any(map(self._is_own, _names(value))):
                if ref.text.partition(".")[0] != self.table:
                    raise Clash(f"{self.expr.text} joins a different table", f"use {CROSS[self.expr.text]}")
                return ref.text.partition(".")[2], value
        return None

    def match(self, join: _Join) -> Node:
        """Return the node that finds the rows."""
        values = []
        for column, value in join.keys:
            kind, node = self.column(column), self.own(value)
            if node.type != ANY and not _comparable(kind, node.type):
                raise Clash(f"cannot compare {kind} with {node.type}", "join on a key of one type")
            values.append(node)
        where = None
        limits = [self.bound(part) for part in join.limits]
        for node in limits:
            if node.type not in (BOOL, ANY):
                raise Clash(f"the condition on {self.table} is {node.type}", "write a comparison")
        if limits:
            where = limits[0] if len(limits) == 1 else self.make.node("and", BOOL, limits)
        if any(node.type == ANY for node in (*values, *limits)):
            return self.make.node("any", ANY)
        return self.make.call(
            INT, values, "match", Link(self.table, tuple(key for key, _ in join.keys), where)
        )

    def bound(self, expr: Expr) -> Node:
        """Return an expression about a row of the other table."""
        others = self.scope.others[self.table][0]
        scope = replace(Scope(others), params=self.scope.params, lookups=self.scope.lookups)
        node = self.there(scope, self._inside(expr))
        for one in walk(node):
            if one.op == "call" and one.data[0] in FUNCTIONS and FUNCTIONS[one.data[0]].family != "row":
                raise Clash(
                    f"{one.data[0]} cannot look at rows of {self.table}", "use a plain expression here"
                )
        return node

    def _inside(self, expr: Expr) -> Expr:
        """Return an expression as it reads inside the other table: ``lines.amount`` is ``amount`` there."""
        if expr.op == "ref":
            table, _, column = expr.text.partition(".")
            if table != self.table:
                raise Clash(f"{table} and {self.table} in one call", "name columns of one table")
            self.column(column)
            return replace(expr, op="name", text=column)
        if expr.op == "name" and self._is_own(expr):
            raise Clash(f"{expr.text!r} is not of table {self.table}", f"write {self.table}.{expr.text}")
        return replace(expr, args=tuple(map(self._inside, expr.args)))

    def total(self, match: Node, about: Expr) -> Node:
        """Return a sum, mean, least or largest value of the rows found."""
        x, name, make = self.bound(about), self.expr.text, self.make
        if ANY in (x.type, match.type):
            return make.node("any", ANY)
        if x.type.kind not in _TAKES[name]:
            raise Clash(f"{name} takes {', '.join(_TAKES[name])}, not {x.type}", "convert the argument first")
        kind = replace(x.type, values=None)
        if name == "mean_of":
            kind = RATIO if x.type.kind in ("bool", "ratio") else unstated(x.type)
        elif name == "sum_of":
            kind = replace(make.as_int(x).type, values=None)
        value = x if name in ("min_of", "max_of") else make.as_int(x)
        return make.call(kind, (match,), name, self.table, value)


def _comparable(kind: Type, other: Type) -> bool:
    if kind.kind == "money":
        return (kind.kind, kind.ccy, kind.scale, True) == (other.kind, other.ccy, other.scale, other.exact)
    return kind.kind == other.kind or {kind.kind, other.kind} == {"cat", "id"}
