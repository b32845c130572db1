"""Half-spaces of linear rules in numbers, for some rows of a block.

``bid + tick <= ask`` over (bid, ask) is one half-space; ``high >= max(open, close)`` is two; behind ``=>``
and beside ``or`` a half-space holds only in the rows where the fixed part says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from finsim.constraints.evaluating.evaluator_interface import Evaluator
from finsim.constraints.language.expression import Node
from finsim.constraints.packs.linear_rules import HalfSpace, touches
from finsim.constraints.tables.nullable_vectors import known, spread
from finsim.notation import Array, Bool1D, Float2D, Float3D, Int1D


class Rows(NamedTuple):
    """Half-spaces in numbers: rows ``a @ dx <= slack`` for a move dx of the columns.

    ``a`` [k, m, n], ``slack`` [k, m] (infinite where a half-space says nothing), ``size`` [k, m] the
    magnitude of the numbers that went in, ``strict`` [m].
    """

    a: Float3D
    slack: Float2D
    size: Float2D
    strict: Bool1D


def in_rows(spaces: Sequence[HalfSpace], columns: Sequence[str], run: Evaluator, places: Int1D) -> Rows:
    """Return half-spaces in some places of the interpreter's block; nulls make one say nothing."""
    count, k = run.block.count, len(places)
    a = np.zeros((k, len(spaces), len(columns)))
    slack, size = np.full((k, len(spaces)), np.inf), np.zeros((k, len(spaces)))
    for m, space in enumerate(spaces):
        there = np.ones(k, dtype=bool)
        for node, truth in space.given:
            rails = run.rails(node)
            there &= np.broadcast_to(rails.yes if truth else rails.no, (count,))[places]
        total: Any = np.zeros(k, dtype=np.int64)
        for sign, node in space.terms:
            vec = run.value(node)
            values = spread(vec.values, count)[places]
            there &= np.broadcast_to(known(vec), (count,))[places]
            total = total + sign * values
            size[:, m] = np.maximum(size[:, m], np.abs(values.astype(np.float64)))
        for n, column in enumerate(columns):
            for sign, node in space.terms:
                a[:, m, n] += sign * np.broadcast_to(_slope(node, column, run), (count,))[places]
        there &= np.isfinite(a[:, m]).all(axis=1) & np.isfinite(total)
        slack[:, m] = np.where(there, -total.astype(np.float64), np.inf)
        a[~there, m] = 0.0
    return Rows(a, slack, size, np.array([space.strict for space in spaces], dtype=bool))


def _slope(node: Node, column: str, run: Evaluator) -> Any:
    """Return how much a linear value moves with one unit of a column."""
    op, args = node.op, node.args
    if not touches(node, (column,)):
        return 0.0
    if op == "column":
        return 1.0
    if op == "*":
        mine, other = args if touches(args[0], (column,)) else (args[1], args[0])
        return _slope(mine, column, run) * _number(other, run)
    with np.errstate(divide="ignore", invalid="ignore"):
        if op == "/":
            return _slope(args[0], column, run) / _number(args[1], run)
    slopes = [_slope(arg, column, run) for arg in args]
    if op == "-":
        return slopes[0] - slopes[1]
    if op == "rescale":
        return slopes[0] * float(str(node.data))
    return -slopes[0] if op == "neg" else sum(slopes)


def _number(node: Node, run: Evaluator) -> Array:
    return np.asarray(run.value(node).values, dtype=np.float64)
