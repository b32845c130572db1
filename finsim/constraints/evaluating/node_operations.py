"""Operations of the interpreter: one function for each kind of node, values and truth values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import numpy as np

from finsim.constraints.evaluating.evaluator_interface import Evaluator
from finsim.constraints.evaluating.lookup_search import looked_up
from finsim.constraints.evaluating.row_functions import ROW_FUNCTIONS
from finsim.constraints.evaluating.text_functions import TEXT_FUNCTIONS, as_text, text_called
from finsim.constraints.language.expression import Node
from finsim.constraints.language.functions import FUNCTIONS
from finsim.constraints.language.table_links import link_of
from finsim.constraints.language.time_zones import instants
from finsim.constraints.language.types import DAY_NANOS
from finsim.constraints.tables.nullable_vectors import (
    Rails,
    Vec,
    both,
    certain,
    choose,
    compare,
    known,
    product,
    quotient,
    spread,
)

Operator = Callable[[Evaluator, Node], Vec]


def _column(run: Evaluator, node: Node) -> Vec:
    return run.block.source.block(str(node.data), run.block.rows)


def _const(run: Evaluator, node: Node) -> Vec:
    return Vec(run.constant(node.type.kind, node.data))


def _param(run: Evaluator, node: Node) -> Vec:
    return Vec(run.constant(node.type.kind, run.world.params[str(node.data)]))


def _float(run: Evaluator, node: Node) -> Vec:
    vec = run.value(node.args[0])
    values = np.asarray(vec.values, dtype=np.float64)
    return Vec(values[()] if vec.valid is None else np.where(vec.valid, values, np.nan))


def _integer(run: Evaluator, node: Node) -> Vec:
    rails = run.rails(node.args[0])
    return Vec(np.asarray(rails.yes).astype(np.int64)[()], rails.yes | rails.no)


def _times(factor: Callable[[Node], int]) -> Operator:
    def run_it(run: Evaluator, node: Node) -> Vec:
        vec = run.value(node.args[0])
        return Vec(vec.values * factor(node), vec.valid)

    return run_it


def _local(run: Evaluator, node: Node) -> Vec:
    vec = run.value(node.args[0])
    return Vec(run.local_times(vec.values, str(node.data)), vec.valid)


def _instant(run: Evaluator, node: Node) -> Vec:
    vec = run.value(node.args[0])
    return Vec(instants(vec.values, str(node.data)), vec.valid)


def _add(run: Evaluator, node: Node) -> Vec:
    a, b = (run.value(arg) for arg in node.args)
    with np.errstate(over="ignore", invalid="ignore"):
        return Vec(a.values + b.values if node.op == "+" else a.values - b.values, both(a.valid, b.valid))


def _multiply(run: Evaluator, node: Node) -> Vec:
    a, b = (run.value(arg) for arg in node.args)
    if node.type.stored == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return Vec(a.values * b.values)
    result, lost = product(a, b)
    run.note(node, lost)
    return result


def _divide(run: Evaluator, node: Node) -> Vec:
    a, b = (run.value(arg) for arg in node.args)
    result, made = quotient(a.values, b.values)
    run.note(node, made)
    return Vec(result)


def _power(run: Evaluator, node: Node) -> Vec:
    a, b = (run.value(arg).values for arg in node.args)
    with np.errstate(all="ignore"):
        result = np.asarray(np.power(a, b))
    lost = np.isnan(result) & ~np.isnan(a) & ~np.isnan(b)
    run.note(node, int(np.count_nonzero(lost)))
    return Vec(result)


def _negate(run: Evaluator, node: Node) -> Vec:
    vec = run.value(node.args[0])
    return Vec(-vec.values, vec.valid)


def _choose(run: Evaluator, node: Node) -> Vec:
    return choose(run.rails(node.args[0]), run.value(node.args[1]), run.value(node.args[2]))


def _call(run: Evaluator, node: Node) -> Vec:
    name = node.data[0]
    if name in ROW_FUNCTIONS:
        result, undefined = ROW_FUNCTIONS[name]([run.value(arg) for arg in node.args], node.data)
        run.note(node, undefined)
        return result
    if name in TEXT_FUNCTIONS:
        return text_called(run, node)
    if name == "lookup":
        return looked_up(run, node)
    if name in _CROSSING:
        return _CROSSING[name](run, node)
    if node in run.world.totals:
        return run.world.totals[node](run.value(node.args[0]))
    if FUNCTIONS[name].family == "whole":
        values, valid = run.world.whole[node]
        rows = run.block.rows if run.block.numbers is None else run.block.numbers
        return Vec(values[rows], None if valid is None else valid[rows])
    layout = run.block.layout
    assert layout is not None
    return run.state(node).read(layout, [run.value(arg) for arg in node.args])


def _matched(run: Evaluator, node: Node) -> Vec:
    return run.world.joins[node.data[1]].find([run.value(arg) for arg in node.args], run.block.count)


def _exists(run: Evaluator, node: Node) -> Vec:
    found = run.value(node.args[0])
    return Vec(found.values >= 0, found.valid)


def _parent(run: Evaluator, node: Node) -> Vec:
    found, other = run.value(node.args[0]), run.world.others[node.data[1]]
    there = found.values >= 0 if found.valid is None else found.valid & (found.values >= 0)
    keys = run.world.joins[link_of(node)]
    if not len(keys.rows):
        empty = np.zeros(run.block.count, dtype=np.float64 if node.type.stored == "f" else np.int64)
        return Vec(empty * np.nan) if node.type.stored == "f" else Vec(empty, there)
    taken = other.block(node.data[2], keys.rows[found.values])  # a row that is not asked for where -1
    if node.type.stored == "f":
        return Vec(np.where(there, taken.values, np.nan))
    return Vec(spread(taken.values, run.block.count), both(taken.valid, there))


_CROSSING: dict[str, Operator] = {"match": _matched, "exists": _exists, "parent": _parent}


VALUES: dict[str, Operator] = {
    "column": _column, "const": _const, "param": _param, "float": _float, "integer": _integer,
    "ts": _times(lambda node: DAY_NANOS), "rescale": _times(lambda node: int(str(node.data))),
    "+": _add, "-": _add, "*": _multiply, "/": _divide, "^": _power, "neg": _negate, "if": _choose,
    "call": _call, "text": as_text, "local": _local, "instant": _instant,
}  # fmt: skip

Truth = Callable[[Evaluator, Node], Rails]


def _and(run: Evaluator, node: Node) -> Rails:
    parts = [run.rails(arg) for arg in node.args]
    return Rails(
        lambda: reduce(and_, (part.yes for part in parts)), lambda: reduce(or_, (part.no for part in parts))
    )


def _or(run: Evaluator, node: Node) -> Rails:
    parts = [run.rails(arg) for arg in node.args]
    return Rails(
        lambda: reduce(or_, (part.yes for part in parts)), lambda: reduce(and_, (part.no for part in parts))
    )


def _not(run: Evaluator, node: Node) -> Rails:
    inner = run.rails(node.args[0])
    return Rails(lambda: inner.no, lambda: inner.yes)


def _implies(run: Evaluator, node: Node) -> Rails:
    a, b = (run.rails(arg) for arg in node.args)
    return Rails(lambda: a.no | b.yes, lambda: a.yes & b.no)


def _is_null(run: Evaluator, node: Node) -> Rails:
    arg = node.args[0]
    is_column = arg.op == "column" and not run.knows(arg)
    there = run.block.source.filled(str(arg.data), run.block.rows) if is_column else known(run.value(arg))
    return Rails(~there, there)


def _compare(run: Evaluator, node: Node) -> Rails:
    a, b = (run.value(arg) for arg in node.args)
    if node.data is None:
        return compare(node.op, a, b)
    how, amount = node.data
    return compare(node.op, a, b, amount, how == "rel")


def _in(run: Evaluator, node: Node) -> Rails:
    x = run.value(node.args[0])
    members: Sequence[Any] = [run.constant("", one) for one in run.world.params[node.data[1]]]
    yes = np.isin(x.values, np.array(members)) if members else np.zeros(np.shape(x.values), dtype=bool)
    return certain(yes, known(x))


TRUTHS: dict[str, Truth] = {
    "and": _and, "or": _or, "not": _not, "=>": _implies, "isnull": _is_null, "in": _in,
    "<": _compare, "<=": _compare, ">": _compare, ">=": _compare, "=": _compare, "!=": _compare,
}  # fmt: skip
