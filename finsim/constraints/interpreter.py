"""The blocked NumPy interpreter: nodes in, columns and truths of one block out.

It is one implementation of ``Evaluator``; another (compiled) one may stand in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, Protocol

import numpy as np

from finsim.constraints.columns import Labels, Source
from finsim.constraints.expression import Node
from finsim.constraints.functions import FUNCTIONS
from finsim.constraints.order import Layout
from finsim.constraints.row_functions import ROW_FUNCTIONS
from finsim.constraints.sequence import First, Lag, Period, RunLength, Running, Sequenced
from finsim.constraints.types import DAY_NANOS
from finsim.constraints.vectors import (
    FALSE,
    TRUE,
    Rails,
    Vec,
    both,
    certain,
    choose,
    compare,
    flags,
    known,
    product,
    quotient,
    solid,
    spread,
    truth,
)  # fmt: skip
from finsim.constraints.windows import Window
from finsim.notation import Int1D

Rows = slice | Int1D


@dataclass(frozen=True)
class Block:
    """Some rows of a table; ``layout`` says where groups lie in them (sequence rules only)."""

    source: Source
    rows: Rows
    count: int
    layout: Layout | None = None


class Evaluator(Protocol):
    """Evaluates nodes on one block after the other."""

    def begin(self, block: Block) -> None:
        """Start a block."""
        ...

    def rails(self, node: Node) -> Rails:
        """Return a truth per row."""
        ...

    def value(self, node: Node) -> Vec:
        """Return a value per row."""
        ...

    def commit(self) -> None:
        """Move the state of sequence functions past the block."""
        ...


@dataclass(frozen=True)
class World:
    """What rules see besides the block: parameters, labels, joined rows and whole-table results.

    ``params`` values are numbers, or tuples of numbers or labels. ``joins[table, column]`` finds rows of
    another table; ``whole[node]`` is a column of the whole table; ``keys`` name a row in reports.
    """

    params: Mapping[str, Any]
    labels: Labels
    joins: Mapping[tuple[str, str], Callable[[Vec], Vec]]
    others: Mapping[str, Source]
    whole: Mapping[Node, Vec]
    keys: Mapping[str, Sequence[str]]


def _state(node: Node) -> Sequenced:
    name = node.data[0]
    if name == "lag":
        return Lag(node.data[1])
    if name in ("count_in", "sum_in", "max_in"):
        return Window(name, node.data[1])
    if name in ("sum_day", "sum_month"):
        return Period(name == "sum_month")
    if name == "runlen":
        return RunLength()
    return First() if name == "first" else Running(name == "cumsum")


class Interpreter:
    """Evaluates nodes; results of a block are shared by all rules, state lives from block to block."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.undefined: dict[int, int] = {}
        self._states: dict[Node, Sequenced] = {}
        self._values: dict[int, Vec] = {}
        self._rails: dict[int, Rails] = {}
        self._block: Block | None = None

    def begin(self, block: Block) -> None:
        """Start a block: results of the one before are forgotten, state is kept."""
        self._block = block
        self._values.clear()
        self._rails.clear()

    def commit(self) -> None:
        """Move every sequence function past the block."""
        for node, state in self._states.items():
            if self._block is not None and self._block.layout is not None and self._block.count:
                state.commit(self._block.layout, [self.value(arg) for arg in node.args])

    @property
    def block(self) -> Block:
        """The current block."""
        assert self._block is not None
        return self._block

    def rails(self, node: Node) -> Rails:
        """Return a boolean node as true / false arrays (or scalars for constants)."""
        found = self._rails.get(id(node))
        if found is None:
            method = _TRUTHS.get(node.op)
            found = truth(self.value(node)) if method is None else method(self, node)
            self._rails[id(node)] = found
        return found

    def value(self, node: Node) -> Vec:
        """Return a node's column of the block (a scalar for constants)."""
        found = self._values.get(id(node))
        if found is None:
            if node.op in _TRUTHS and node.type.kind == "bool":
                found = flags(self.rails(node))
            else:
                found = _VALUES[node.op](self, node)
            self._values[id(node)] = found
        return found

    def note(self, node: Node, count: int) -> None:
        """Count rows where a node is null because its result is not defined."""
        if count:
            self.undefined[id(node)] = self.undefined.get(id(node), 0) + count

    def state(self, node: Node) -> Sequenced:
        """Return the state of a sequence function."""
        if node not in self._states:
            self._states[node] = _state(node)
        return self._states[node]

    def constant(self, kind: str, value: Any) -> Any:
        """Return a literal or parameter as the interpreter keeps it: labels become codes."""
        if isinstance(value, str):
            return np.int64(self.world.labels.code(value))
        if isinstance(value, bool):
            return TRUE if value else FALSE
        return np.float64(value) if isinstance(value, float) else np.int64(value)


Operator = Callable[[Interpreter, Node], Vec]


def _column(run: Interpreter, node: Node) -> Vec:
    return run.block.source.block(str(node.data), run.block.rows)


def _const(run: Interpreter, node: Node) -> Vec:
    return Vec(run.constant(node.type.kind, node.data))


def _param(run: Interpreter, node: Node) -> Vec:
    return Vec(run.constant(node.type.kind, run.world.params[str(node.data)]))


def _float(run: Interpreter, node: Node) -> Vec:
    vec = run.value(node.args[0])
    values = np.asarray(vec.values, dtype=np.float64)
    return Vec(values[()] if vec.valid is None else np.where(vec.valid, values, np.nan))


def _integer(run: Interpreter, node: Node) -> Vec:
    rails = run.rails(node.args[0])
    return Vec(np.asarray(rails.yes).astype(np.int64)[()], rails.yes | rails.no)


def _times(factor: Callable[[Node], int]) -> Operator:
    def run_it(run: Interpreter, node: Node) -> Vec:
        vec = run.value(node.args[0])
        return Vec(vec.values * factor(node), vec.valid)

    return run_it


def _add(run: Interpreter, node: Node) -> Vec:
    a, b = (run.value(arg) for arg in node.args)
    with np.errstate(over="ignore", invalid="ignore"):
        return Vec(a.values + b.values if node.op == "+" else a.values - b.values, both(a.valid, b.valid))


def _multiply(run: Interpreter, node: Node) -> Vec:
    a, b = (run.value(arg) for arg in node.args)
    if node.type.stored == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return Vec(a.values * b.values)
    result, lost = product(a, b)
    run.note(node, lost)
    return result


def _divide(run: Interpreter, node: Node) -> Vec:
    a, b = (run.value(arg) for arg in node.args)
    result, made = quotient(a.values, b.values)
    run.note(node, made)
    return Vec(result)


def _power(run: Interpreter, node: Node) -> Vec:
    a, b = (run.value(arg).values for arg in node.args)
    with np.errstate(all="ignore"):
        result = np.asarray(np.power(a, b))
    lost = np.isnan(result) & ~np.isnan(a) & ~np.isnan(b)
    run.note(node, int(np.count_nonzero(lost)))
    return Vec(result)


def _negate(run: Interpreter, node: Node) -> Vec:
    vec = run.value(node.args[0])
    return Vec(-vec.values, vec.valid)


def _choose(run: Interpreter, node: Node) -> Vec:
    return choose(run.rails(node.args[0]), run.value(node.args[1]), run.value(node.args[2]))


def _call(run: Interpreter, node: Node) -> Vec:
    name = node.data[0]
    if name in ROW_FUNCTIONS:
        result, undefined = ROW_FUNCTIONS[name]([run.value(arg) for arg in node.args], node.data)
        run.note(node, undefined)
        return result
    if name in ("match", "exists", "parent"):
        return _crossed(run, node)
    if FUNCTIONS[name].family == "whole":
        values, valid = run.world.whole[node]
        return Vec(values[run.block.rows], None if valid is None else valid[run.block.rows])
    layout = run.block.layout
    assert layout is not None
    return run.state(node).read(layout, [run.value(arg) for arg in node.args])


def _crossed(run: Interpreter, node: Node) -> Vec:
    name, table = node.data[0], node.data[1]
    if name == "match":
        return run.world.joins[table, node.data[2]](run.value(node.args[0]))
    found = run.value(node.args[0])
    if name == "exists":
        return Vec(np.asarray(found.values) >= 0, found.valid)
    rows = spread(found.values, run.block.count)
    there = solid(found.valid, run.block.count) & (rows >= 0)
    other = run.world.others[table]
    if not other.rows:
        empty = np.zeros(run.block.count, dtype=np.float64 if node.type.stored == "f" else np.int64)
        return Vec(empty * np.nan) if node.type.stored == "f" else Vec(empty, there)
    taken = other.block(node.data[2], np.where(there, rows, 0))
    if node.type.stored == "f":
        return Vec(np.where(there, taken.values, np.nan))
    return Vec(spread(taken.values, run.block.count), both(taken.valid, there))


_VALUES: dict[str, Operator] = {
    "column": _column, "const": _const, "param": _param, "float": _float, "integer": _integer,
    "ts": _times(lambda node: DAY_NANOS), "rescale": _times(lambda node: int(str(node.data))),
    "+": _add, "-": _add, "*": _multiply, "/": _divide, "^": _power, "neg": _negate, "if": _choose,
    "call": _call,
}  # fmt: skip

Truth = Callable[[Interpreter, Node], Rails]


def _and(run: Interpreter, node: Node) -> Rails:
    parts = [run.rails(arg) for arg in node.args]
    return Rails(
        lambda: reduce(and_, (part.yes for part in parts)), lambda: reduce(or_, (part.no for part in parts))
    )


def _or(run: Interpreter, node: Node) -> Rails:
    parts = [run.rails(arg) for arg in node.args]
    return Rails(
        lambda: reduce(or_, (part.yes for part in parts)), lambda: reduce(and_, (part.no for part in parts))
    )


def _not(run: Interpreter, node: Node) -> Rails:
    inner = run.rails(node.args[0])
    return Rails(lambda: inner.no, lambda: inner.yes)


def _implies(run: Interpreter, node: Node) -> Rails:
    a, b = (run.rails(arg) for arg in node.args)
    return Rails(lambda: a.no | b.yes, lambda: a.yes & b.no)


def _is_null(run: Interpreter, node: Node) -> Rails:
    there = known(run.value(node.args[0]))
    return Rails(~there, there)


def _compare(run: Interpreter, node: Node) -> Rails:
    a, b = (run.value(arg) for arg in node.args)
    if node.data is None:
        return compare(node.op, a, b)
    how, amount = node.data
    return compare(node.op, a, b, amount, how == "rel")


def _in(run: Interpreter, node: Node) -> Rails:
    x = run.value(node.args[0])
    members: Sequence[Any] = [run.constant("", one) for one in run.world.params[node.data[1]]]
    yes = np.isin(x.values, np.array(members)) if members else np.zeros(np.shape(x.values), dtype=bool)
    return certain(yes, known(x))


_TRUTHS: dict[str, Truth] = {
    "and": _and, "or": _or, "not": _not, "=>": _implies, "isnull": _is_null, "in": _in,
    "<": _compare, "<=": _compare, ">": _compare, ">=": _compare, "=": _compare, "!=": _compare,
}  # fmt: skip
