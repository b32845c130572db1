"""Differentiable values of nodes in any array library: nulls masked, no NaN, a slope everywhere.

The interpreter keeps a null float as NaN; a NaN has no useful gradient, so here a mask travels with the
values and every operation masks its arguments before it computes. ``xp`` is numpy or a library with the
same names (torch), handed in as a ``Space``; this room imports no such library.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from finsim.constraints.evaluating.row_functions import ANNUITY_BITS, ROW_FUNCTIONS
from finsim.constraints.language.expression import Node
from finsim.constraints.language.types import DAY_NANOS, Type
from finsim.constraints.tables.nullable_vectors import Vec, both
from finsim.constraints.training.margin_frame import Cells, MarginRun, Space

# exp of it is finite in float64, and so are products with it of the sizes that occur in tables.
_EXPONENT = 700.0
_GROWTH = 1e18
_WHOLE = 2.0**62


def as_vec(space: Space, cells: Cells, kind: Type) -> Vec:
    """Return a column as the interpreter keeps it; a model's floats for whole numbers are rounded."""
    values = space.host(space.still(cells.values))
    known = None if cells.known is None else space.host(cells.known)
    if kind.stored == "i" and values.dtype.kind == "f":
        values = np.rint(values).astype(np.int64)
    if values.dtype.kind == "f":
        return Vec(values if known is None else np.where(known, values, np.nan))
    return Vec(values, known)


def lifted(space: Space, vec: Vec) -> Cells:
    """Return a column of the interpreter in another library, as constants."""
    values = np.asarray(vec.values)
    known = None if vec.valid is None else np.asarray(vec.valid)
    if values.dtype.kind == "f":
        fine = ~np.isnan(values)
        values, known = np.where(fine, values, 0.0), fine if known is None else fine & known
    return Cells(space.lift(values), None if known is None else space.lift(known))


def _float(run: MarginRun, node: Node) -> Cells:
    x = run.value(node.args[0])
    return Cells(run.space.floats(x.values), x.known)


def _integer(run: MarginRun, node: Node) -> Cells:
    yes, no = run.truth(node.args[0])
    return Cells(run.space.xp.asarray(yes, dtype=run.space.xp.int64), yes | no)


def _times(factor: Callable[[Node], int]) -> Callable[[MarginRun, Node], Cells]:
    def run_it(run: MarginRun, node: Node) -> Cells:
        x = run.value(node.args[0])
        return Cells(x.values * factor(node), x.known)

    return run_it


def _add(run: MarginRun, node: Node) -> Cells:
    a, b = (run.value(arg) for arg in node.args)
    values = a.values + b.values if node.op == "+" else a.values - b.values
    return run.space.tidy(values, both(a.known, b.known))


def _multiply(run: MarginRun, node: Node) -> Cells:
    a, b = (run.value(arg) for arg in node.args)
    known = both(a.known, b.known)
    if not run.space.is_float(a.values) and not run.space.is_float(b.values):
        size = run.space.floats(a.values) * run.space.floats(b.values)
        return Cells(a.values * b.values, both(known, abs(size) < _WHOLE))
    return run.space.tidy(a.values * b.values, known)


def _divide(run: MarginRun, node: Node) -> Cells:
    a, b = (run.value(arg) for arg in node.args)
    fine = b.values != 0
    return run.space.tidy(a.values / run.space.pick(fine, b.values, 1.0), both(both(a.known, b.known), fine))


def _power(run: MarginRun, node: Node) -> Cells:
    """Return a power; the exponent counts as a constant, and a base of 0 has no slope."""
    a, b = (run.value(arg) for arg in node.args)
    space, exponent = run.space, run.space.still(b.values)
    at_zero = space.still(a.values) ** exponent
    plain = (a.values == 0) | (at_zero != at_zero)
    values = space.xp.where(plain, at_zero, space.pick(~plain, a.values, 1.0) ** exponent)
    return space.tidy(values, both(a.known, b.known))


def _negate(run: MarginRun, node: Node) -> Cells:
    x = run.value(node.args[0])
    return Cells(-x.values, x.known)


def _choose(run: MarginRun, node: Node) -> Cells:
    yes, no = run.truth(node.args[0])
    a, b = (run.value(arg) for arg in node.args[1:])
    return Cells(run.space.xp.where(yes, a.values, b.values), both(yes, a.known) | both(no, b.known))


def _column(run: MarginRun, node: Node) -> Cells:
    return run.frame.column(str(node.data))


def _const(run: MarginRun, node: Node) -> Cells:
    return run.constant(node.data)


def _param(run: MarginRun, node: Node) -> Cells:
    return run.constant(run.frame.params[str(node.data)])


def _call(run: MarginRun, node: Node) -> Cells:
    name = str(node.data[0])
    if name in SMOOTH:
        return SMOOTH[name](run, node)
    if name in ROW_FUNCTIONS:
        found, _ = ROW_FUNCTIONS[name](
            [as_vec(run.space, run.value(arg), arg.type) for arg in node.args], node.data
        )
        return lifted(run.space, found)
    return run.around(node)


def _abs(run: MarginRun, node: Node) -> Cells:
    x = run.value(node.args[0])
    return Cells(run.space.xp.abs(x.values), x.known)


def _fold(name: str) -> Callable[[MarginRun, Node], Cells]:
    def run_it(run: MarginRun, node: Node) -> Cells:
        args = [run.value(arg) for arg in node.args]
        values = reduce(getattr(run.space.xp, name), (arg.values for arg in args))
        return Cells(values, reduce(both, (arg.known for arg in args)))

    return run_it


def _clamp(run: MarginRun, node: Node) -> Cells:
    x, low, high = (run.value(arg) for arg in node.args)
    values = run.space.xp.minimum(run.space.xp.maximum(x.values, low.values), high.values)
    return Cells(values, both(both(x.known, low.known), high.known))


def _coalesce(run: MarginRun, node: Node) -> Cells:
    *others, result = (run.value(arg) for arg in node.args)
    for x in reversed(others):
        if x.known is None:
            result = x
            continue
        known = None if result.known is None else x.known | result.known
        result = Cells(run.space.xp.where(x.known, x.values, result.values), known)
    return result


def _rounded(run: MarginRun, node: Node) -> Cells:
    """Return rounded values whose slope is that of the values themselves (straight through)."""
    space, name = run.space, str(node.data[0])
    x = run.value(node.args[0])
    digits, to_int = (node.data[1], node.data[2]) if name == "round" else (0, False)
    found, _ = ROW_FUNCTIONS[name]([as_vec(space, x, node.args[0].type)], (name, digits, False))
    whole = lifted(space, found)
    values = whole.values + (x.values - space.still(x.values))
    known = both(x.known, abs(x.values) < _WHOLE) if to_int else x.known
    return space.tidy(space.pick(known, values), known)


def _sqrt(run: MarginRun, node: Node) -> Cells:
    x = run.value(node.args[0])
    rises = x.values > 0
    root = run.space.xp.sqrt(run.space.pick(rises, x.values, 1.0))
    return Cells(run.space.pick(rises, root), both(x.known, x.values >= 0))


def _log(run: MarginRun, node: Node) -> Cells:
    x = run.value(node.args[0])
    fine = x.values > 0
    return Cells(run.space.xp.log(run.space.pick(fine, x.values, 1.0)), both(x.known, fine))


def _exp(run: MarginRun, node: Node) -> Cells:
    x = run.value(node.args[0])
    return Cells(run.space.xp.exp(run.space.xp.clip(x.values, None, _EXPONENT)), x.known)


def _annuity(run: MarginRun, node: Node) -> Cells:
    """Return the level payment by repeated squaring, step for step as the interpreter computes it.

    Growth beyond 10^18 is cut there: it is then lost in the last bit of the payment anyway, and slopes
    stay finite.
    """
    amount, rate, count = (run.value(arg) for arg in node.args)
    space, xp = run.space, run.space.xp
    n = count.values
    fine = (n == xp.floor(n)) & (n > 0) & (n < 2.0**ANNUITY_BITS) & (rate.values > -1)
    periods = space.pick(fine, n, 1.0)
    growing = fine & (rate.values != 0)
    step = per = space.pick(growing, rate.values, 1.0)
    grown, left = step * 0.0, space.still(periods)
    for _ in range(ANNUITY_BITS):
        half = xp.floor(left / 2.0)
        taken = xp.clip(grown + step * (1.0 + grown), None, _GROWTH)
        grown = xp.where(left - 2.0 * half == 1.0, taken, grown)
        step, left = xp.clip(step * (2.0 + step), None, _GROWTH), half
    top, bottom = space.pick(growing, per, 1.0), xp.where(growing, grown, periods)
    values = amount.values * (space.pick(growing, per, 0.0) + top / bottom)
    return space.tidy(values, both(both(both(amount.known, rate.known), count.known), fine))


SMOOTH: dict[str, Callable[[MarginRun, Node], Cells]] = {
    "abs": _abs, "min": _fold("minimum"), "max": _fold("maximum"), "clamp": _clamp, "coalesce": _coalesce,
    "round": _rounded, "floor": _rounded, "ceil": _rounded, "sqrt": _sqrt, "log": _log, "exp": _exp,
    "annuity": _annuity,
}  # fmt: skip
VALUES: dict[str, Callable[[MarginRun, Node], Cells]] = {
    "column": _column, "const": _const, "param": _param, "float": _float, "integer": _integer,
    "ts": _times(lambda node: DAY_NANOS), "rescale": _times(lambda node: int(str(node.data))),
    "+": _add, "-": _add, "*": _multiply, "/": _divide, "^": _power, "neg": _negate, "if": _choose,
    "call": _call,
}  # fmt: skip
