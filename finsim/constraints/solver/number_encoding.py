"""Encode numeric operations: exact where linear, an unknown elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from finsim.constraints.language.expression import Node
from finsim.constraints.language.types import DAY_NANOS
from finsim.constraints.solver.encoder_state import Encoding
from finsim.constraints.solver.float_error_bounds import limited, rounded, share_grid
from finsim.constraints.solver.linear_forms import ONE, Linear, fixed
from finsim.constraints.solver.node_traits import family, is_constant
from finsim.constraints.solver.unknown_bounds import power, product, quotient, unknown

HALF = Fraction(1, 2)


def _is_whole(node: Node) -> bool:
    return node.type.stored == "i"


def _column(run: Encoding, node: Node) -> Linear:
    run.numbers[node] = run.forms.number(_is_whole(node))
    if run.rounds:
        limited(run, run.numbers[node], node)
    return run.numbers[node]


def _const(run: Encoding, node: Node) -> Linear:
    return run.literal(node.data)


def _param(run: Encoding, node: Node) -> Linear:
    if str(node.data) not in run.scene.params:  # today, which no caller gave: any date
        return unknown(run, node)
    return run.literal(run.scene.params[str(node.data)])


def _float(run: Encoding, node: Node) -> Linear:
    return rounded(run, run.number(node.args[0]))


def _integer(run: Encoding, node: Node) -> Linear:
    yes = run.truth(node.args[0]).yes
    return chosen(run, yes, fixed(1), fixed(0), True)


def _times(factor: Callable[[Node], int]) -> Callable[[Encoding, Node], Linear]:
    def multiple(run: Encoding, node: Node) -> Linear:
        exact = run.number(node.args[0]).times(Fraction(factor(node)))
        return exact if _is_whole(node) else rounded(run, exact)

    return multiple


def _add(run: Encoding, node: Node) -> Linear:
    left, right = (run.number(arg) for arg in node.args)
    exact = left.plus(right, ONE if node.op == "+" else -ONE)
    return exact if _is_whole(node) else rounded(run, exact)


def _multiply(run: Encoding, node: Node) -> Linear:
    left, right = (run.number(arg) for arg in node.args)
    if left.terms and right.terms:
        exact = product(run, node, left, right)
    else:
        exact = left.times(right.constant) if left.terms else right.times(left.constant)
    return exact if _is_whole(node) else rounded(run, exact, may_vanish=True)


def _divide(run: Encoding, node: Node) -> Linear:
    left, right = (run.number(arg) for arg in node.args)
    if not right.terms and not right.constant:
        return unknown(run, node, "a division by zero")
    exact = quotient(run, node, left, right) if right.terms else left.times(1 / right.constant)
    return rounded(run, exact, may_vanish=True)


def _folded(make: Callable[[Encoding, Node], Linear]) -> Callable[[Encoding, Node], Linear]:
    """Return an operation that takes constants with the rounding that rows are judged with."""

    def number(run: Encoding, node: Node) -> Linear:
        value = run.computed(node) if node.type.stored == "f" and is_constant(node) else None
        return make(run, node) if value is None else run.literal(value)

    return number


def _negate(run: Encoding, node: Node) -> Linear:
    return run.number(node.args[0]).times(-ONE)


def chosen(run: Encoding, condition: int, yes: Linear, no: Linear, whole: bool) -> Linear:
    """Return a number that is one form where a condition holds, and another elsewhere."""
    if condition in (run.forms.true, -run.forms.true):
        return yes if condition > 0 else no
    new = run.forms.number(whole)
    share_grid(run, new, (yes, no))
    run.forms.fact(-condition, run.forms.same_number(new, yes))
    run.forms.fact(condition, run.forms.same_number(new, no))
    return new


def _choose(run: Encoding, node: Node) -> Linear:
    condition, yes, no = node.args
    return chosen(run, run.truth(condition).yes, run.number(yes), run.number(no), _is_whole(node))


def largest(run: Encoding, parts: Sequence[Linear], sign: int, whole: bool) -> Linear:
    """Return the largest (``sign`` 1) or smallest (-1) of some forms."""
    new = run.forms.number(whole)
    share_grid(run, new, parts)
    pairs = [(part, new) if sign > 0 else (new, part) for part in parts]
    for low, high in pairs:
        run.forms.fact(run.forms.below(low, high))
    run.forms.fact(*(run.forms.below(high, low) for low, high in pairs))
    return new


def absolute(run: Encoding, value: Linear, whole: bool) -> Linear:
    """Return a form without its sign."""
    return largest(run, (value, value.times(-ONE)), 1, whole)


def _clamped(run: Encoding, node: Node) -> Linear:
    x, low, high = (run.number(arg) for arg in node.args)
    raised = largest(run, (x, low), 1, _is_whole(node))
    return largest(run, (raised, high), -1, _is_whole(node))


def _rounded(run: Encoding, node: Node) -> Linear:
    """Return the multiple of a step within half a step.

    Of two as near, either: rounding in the arguments may decide. ``ties`` collects what would be a tie.
    """
    x, digits = run.number(node.args[0]), 0 if node.data[2] else int(node.data[1])
    step = Fraction(10) ** -digits
    steps, count = rounded(run, x.times(1 / step), may_vanish=True), run.forms.number(True, is_step=True)
    for low, high in ((count, steps), (steps, count)):
        run.forms.fact(run.forms.below(low, high.plus(fixed(HALF))))
        run.ties.append((low, high.plus(fixed(HALF))))
    return rounded(run, count.times(step), may_vanish=True)


def floored(run: Encoding, x: Linear) -> Linear:
    """Return the next whole number below."""
    new = run.forms.number(True, is_step=True)
    run.forms.fact(run.forms.below(new, x))
    run.forms.fact(run.forms.below(x, new.plus(fixed(1)), strict=True))
    return new


def _coalesced(run: Encoding, node: Node) -> Linear:
    *firsts, result = [run.number(arg) for arg in node.args]
    for arg, value in reversed(list(zip(node.args[:-1], firsts, strict=True))):
        result = chosen(run, -run.null(arg), value, result, _is_whole(node))
    return result


def _days(run: Encoding, node: Node) -> Linear:
    start, end = (run.number(arg) for arg in node.args)
    return end.plus(start, -ONE)


def _moved(run: Encoding, node: Node) -> Linear:
    """Return local time as an instant, or an instant as local time: an unknown unless it is constant."""
    value = run.computed(node) if is_constant(node) else None
    return unknown(run, node) if value is None else run.literal(value)


def _call(run: Encoding, node: Node) -> Linear:
    name = str(node.data[0])
    if family(node) == "row" and is_constant(node):
        value = run.computed(node)
        return fixed(0) if value is None else run.literal(value)
    if name == "ceil":
        return floored(run, run.number(node.args[0]).times(-ONE)).times(-ONE)
    return CALLS[name](run, node) if name in CALLS else unknown(run, node)


CALLS: dict[str, Callable[[Encoding, Node], Linear]] = {
    "abs": lambda run, node: absolute(run, run.number(node.args[0]), _is_whole(node)),
    "min": lambda run, node: largest(run, [run.number(arg) for arg in node.args], -1, _is_whole(node)),
    "max": lambda run, node: largest(run, [run.number(arg) for arg in node.args], 1, _is_whole(node)),
    "clamp": _clamped, "round": _rounded, "coalesce": _coalesced, "days": _days,
    "floor": lambda run, node: floored(run, run.number(node.args[0])),
}  # fmt: skip

NUMBERS: dict[str, Callable[[Encoding, Node], Linear]] = {
    "column": _column, "const": _const, "param": _param, "float": _folded(_float), "integer": _integer,
    "ts": _times(lambda node: DAY_NANOS), "rescale": _times(lambda node: int(str(node.data))),
    "+": _folded(_add), "-": _folded(_add), "*": _folded(_multiply), "/": _folded(_divide), "^": power,
    "neg": _negate, "if": _choose,
    "call": _call, "local": _moved, "instant": _moved,
}  # fmt: skip
