"""Bounds and relations of values that the solver does not compute."""

from __future__ import annotations

from finsim.constraints.language.expression import Node
from finsim.constraints.solver.encoder_state import Encoding
from finsim.constraints.solver.linear_forms import ONE, Linear, fixed
from finsim.constraints.solver.node_traits import is_constant, why_unknown

_LEAST = {
    "count_in": 1, "group_count": 1, "group_distinct": 0, "runlen": 0, "sqrt": 0, "exp": 0,
    "month": 1, "day": 1, "weekday": 1, "group_std": 0, "count_of": 0,
}  # fmt: skip
_MOST = {"month": 12, "day": 31, "weekday": 7}
_AT_LEAST_ITSELF = ("cummax", "max_in", "group_max")
_SUMS = ("cumsum", "sum_in", "sum_day", "sum_month", "group_sum")
RELATED = (*_AT_LEAST_ITSELF, "group_min", *_SUMS)


def unknown(run: Encoding, node: Node, reason: str = "") -> Linear:
    """Return an unknown number for a node, with its range."""
    run.unknowns[node] = reason or why_unknown(node)
    new = run.forms.number(node.type.stored == "i")
    if node.op == "call":
        _known_range(run, node, new)
    return new


def _known_range(run: Encoding, node: Node, value: Linear) -> None:
    name, forms = str(node.data[0]), run.forms
    if name == "lookup" and node.data[1].values:
        values = node.data[1].values
        forms.fact(forms.below(run.literal(min(values)), value))
        forms.fact(forms.below(value, run.literal(max(values))))
    is_limited = node.data[-1] == "where"  # then the row itself need not be among those that count
    if name in _LEAST:
        least = 0 if is_limited else _LEAST[name]
        forms.fact(forms.below(fixed(least), value, strict=name == "exp" and not run.rounds))
    if name in _MOST:
        forms.fact(forms.below(value, fixed(_MOST[name])))
    if name == "group_mean" and node.args[0].op == "integer":
        forms.fact(forms.below(fixed(0), value))
        forms.fact(forms.below(value, fixed(1)))
    if not is_limited and (name in _AT_LEAST_ITSELF or name == "group_min"):
        own = run.number(node.args[0])
        order = (own, value) if name in _AT_LEAST_ITSELF else (value, own)
        forms.fact(run.null(node.args[0]), forms.below(*order))
    if name in _SUMS and node.args[0].op == "integer":
        if not is_limited:
            forms.fact(run.null(node.args[0]), forms.below(run.number(node.args[0]), value))
        forms.fact(forms.below(fixed(0), value))
    if name == "add_months" and is_constant(node.args[1]):
        months = run.number(node.args[1]).constant
        if months >= 0:
            start = run.number(node.args[0])
            forms.fact(forms.below(start.plus(fixed(28 * months - 3)), value))
            forms.fact(forms.below(value, start.plus(fixed(31 * months))))


def _signs(run: Encoding, result: Linear, left: Linear, right: Linear) -> None:
    """State the sign of a product or quotient."""
    forms, zero = run.forms, fixed(0)
    for mirror in (ONE, -ONE):
        for other in (ONE, -ONE):
            a, b, c = left.times(mirror), right.times(other), result.times(mirror * other)
            both = (-forms.below(zero, a), -forms.below(zero, b, strict=True))
            forms.fact(*both, forms.below(zero, c))
            strict = (-forms.below(zero, a, strict=True), both[1])
            forms.fact(*strict, forms.below(zero, c, strict=True))


def product(run: Encoding, node: Node, left: Linear, right: Linear) -> Linear:
    """Return the product of two columns: only its sign is known."""
    new = unknown(run, node, "is a product of columns")
    run.forms.floats.difference_update(new.terms)
    if node.args[0] is node.args[1]:
        run.forms.fact(run.forms.below(fixed(0), new))
    else:
        _signs(run, new, left, right)
    for side in (left, right):
        run.forms.fact(-run.forms.same_number(side, fixed(0)), run.forms.same_number(new, fixed(0)))
    return new


def quotient(run: Encoding, node: Node, left: Linear, right: Linear) -> Linear:
    """Return a quotient by a column: its sign is known, and on which side of a constant it lies."""
    new = unknown(run, node, "is a quotient of columns")
    _signs(run, new, left, right)
    (name,) = new.terms
    run.forms.floats.discard(name)
    run.quotients[name] = (left, right)
    return new


def compared_quotient(run: Encoding, gap: Linear, literal: int, strict: bool) -> None:
    """State what ``a / b <= k`` says of a and b, for a literal that stands for ``gap <= 0``."""
    if len(gap.terms) != 1:
        return
    ((name, factor),) = gap.terms.items()
    if name not in run.quotients:
        return
    forms = run.forms
    left, right = run.quotients[name]
    distance = left.times(factor).plus(right, gap.constant)  # has the sign of gap where b > 0
    positive, negative = forms.below(fixed(0), right, strict=True), forms.below(right, fixed(0), strict=True)
    for sign, side in ((ONE, positive), (-ONE, negative)):
        same = forms.below(distance.times(sign), fixed(0), strict)
        forms.fact(-side, -literal, same)
        forms.fact(-side, literal, -same)


def power(run: Encoding, node: Node) -> Linear:
    """Return a power: computed for constants, else an unknown, at least 0 for an even exponent."""
    if is_constant(node):
        value = run.computed(node)
        return fixed(0) if value is None else run.literal(value)
    exponent = run.number(node.args[1])
    if not exponent.terms and exponent.constant == 1:
        return run.number(node.args[0])
    new = unknown(run, node, "is a power")
    if not exponent.terms and exponent.constant % 2 == 0:
        run.forms.fact(run.forms.below(fixed(0), new))
    return new
