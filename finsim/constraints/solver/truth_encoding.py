"""Encode truth operations: Kleene's three-valued logic on two literals."""

from __future__ import annotations

from collections.abc import Callable

from finsim.constraints.language.expression import Node
from finsim.constraints.solver.encoder_state import Encoding
from finsim.constraints.solver.float_error_bounds import ordered_alike, rounded
from finsim.constraints.solver.label_encoding import label_is, same_label
from finsim.constraints.solver.linear_forms import ONE, Linear, fixed
from finsim.constraints.solver.node_traits import Truth, why_unknown
from finsim.constraints.solver.number_encoding import absolute, floored, largest
from finsim.constraints.solver.unknown_bounds import compared_quotient


def _column(run: Encoding, node: Node) -> Truth:
    run.flags[node] = run.forms.flag()
    return run.filled(run.flags[node], (node,))


def _fixed(run: Encoding, value: object) -> Truth:
    literal = run.forms.true if value else -run.forms.true
    return Truth(literal, -literal)


def _and(run: Encoding, node: Node) -> Truth:
    parts = [run.truth(arg) for arg in node.args]
    return Truth(run.forms.all_of(one.yes for one in parts), run.forms.any_of(one.no for one in parts))


def _or(run: Encoding, node: Node) -> Truth:
    parts = [run.truth(arg) for arg in node.args]
    return Truth(run.forms.any_of(one.yes for one in parts), run.forms.all_of(one.no for one in parts))


def _not(run: Encoding, node: Node) -> Truth:
    yes, no = run.truth(node.args[0])
    return Truth(no, yes)


def _implies(run: Encoding, node: Node) -> Truth:
    a, b = (run.truth(arg) for arg in node.args)
    return Truth(run.forms.any_of((a.no, b.yes)), run.forms.all_of((a.yes, b.no)))


def _choose(run: Encoding, node: Node) -> Truth:
    condition, first, second = (run.truth(arg) for arg in node.args)
    all_of, any_of = run.forms.all_of, run.forms.any_of
    return Truth(
        any_of((all_of((condition.yes, first.yes)), all_of((condition.no, second.yes)))),
        any_of((all_of((condition.yes, first.no)), all_of((condition.no, second.no)))),
    )


def _is_null(run: Encoding, node: Node) -> Truth:
    empty = run.null(node.args[0])
    return Truth(empty, -empty)


def _compare(run: Encoding, node: Node) -> Truth:
    left, right = node.args
    if left.type.kind == "bool":
        return _same_truth(run, node)
    if left.type.kind == "cat":
        literal = same_label(run, left, right)
        return run.filled(literal if node.op == "=" else -literal, node.args)
    x, y = run.number(left), run.number(right)
    slack = fixed(0)
    if node.data is not None:
        how, amount = node.data
        slack = run.literal(amount)
        if how == "rel":
            whole = run.rounds and left.type.stored == "i"
            sizes = [absolute(run, side, whole) for side in (x, y)]
            size = rounded(run, largest(run, sizes, 1, whole))
            slack = rounded(run, size.times(slack.constant), may_vanish=True)
        if run.rounds and (how == "rel" or isinstance(amount, float) or left.type.stored == "f"):
            return run.filled(_rounded(run, node.op, x, y, slack), node.args)
    return run.filled(_ordered(run, node.op, x, y, slack), node.args)


def _ordered(run: Encoding, op: str, x: Linear, y: Linear, slack: Linear) -> int:
    """Return the literal of a comparison that is loosened by a slack."""
    if op in ("=", "!="):
        literal = run.forms.all_of((_below(run, x, y.plus(slack)), _below(run, y, x.plus(slack))))
        return literal if op == "=" else -literal
    low, high = (x, y) if op in ("<", "<=") else (y, x)
    return _below(run, low, high.plus(slack), op in ("<", ">"))


def _rounded(run: Encoding, op: str, x: Linear, y: Linear, slack: Linear) -> int:
    """Return the literal of a loosened comparison whose difference or loosened side is a float."""
    if op in ("=", "!="):
        gap = rounded(run, x.plus(y, -ONE))
        literal = run.forms.all_of((_below(run, gap, slack), _below(run, slack.times(-ONE), gap)))
        return literal if op == "=" else -literal
    low, high = (rounded(run, one) for one in ((x, y) if op in ("<", "<=") else (y, x)))
    return _below(run, low, rounded(run, high.plus(slack)), op in ("<", ">"))


def _below(run: Encoding, low: Linear, high: Linear, strict: bool = False) -> int:
    literal = run.forms.below(low, high, strict)
    if run.rounds:
        ordered_alike(run, low, high)
    compared_quotient(run, low.plus(high, -ONE), literal, strict)
    return literal


def _same_truth(run: Encoding, node: Node) -> Truth:
    a, b = (run.truth(arg) for arg in node.args)
    all_of, any_of = run.forms.all_of, run.forms.any_of
    same = any_of((all_of((a.yes, b.yes)), all_of((a.no, b.no))))
    other = any_of((all_of((a.yes, b.no)), all_of((a.no, b.yes))))
    return Truth(same, other) if node.op == "=" else Truth(other, same)


def _in(run: Encoding, node: Node) -> Truth:
    x, members = node.args[0], run.scene.params[node.data[1]]
    if x.type.kind == "cat":
        literal = run.forms.any_of(label_is(run, x, str(one)) for one in members)
    else:
        value = run.number(x)
        literal = run.forms.any_of(run.forms.same_number(value, run.literal(one)) for one in members)
    return run.filled(literal, node.args)


def _call(run: Encoding, node: Node) -> Truth:
    name = str(node.data[0])
    if name == "coalesce":
        return _coalesced(run, node)
    if name == "on_tick":
        return _on_tick(run, node)
    run.unknowns[node] = why_unknown(node)
    return run.filled(run.forms.flag(), (node,))


def _coalesced(run: Encoding, node: Node) -> Truth:
    *firsts, result = [run.truth(arg) for arg in node.args]
    for yes, no in reversed(firsts):
        rest = run.forms.all_of((-yes, -no))
        result = Truth(
            run.forms.any_of((yes, run.forms.all_of((rest, result.yes)))),
            run.forms.any_of((no, run.forms.all_of((rest, result.no)))),
        )
    return result


def _on_tick(run: Encoding, node: Node) -> Truth:
    x, tick = (run.number(arg) for arg in node.args)
    exact = all(arg.type.stored == "i" for arg in node.args)
    if not exact or tick.terms or not tick.constant:
        run.unknowns[node] = "has a tick that is not a whole constant"
        return run.filled(run.forms.flag(), (node,))  # nothing is a multiple of 0, and nothing is not
    count = floored(run, x.times(1 / tick.constant))
    return run.filled(run.forms.same_number(x, count.times(tick.constant)), node.args)


TRUTHS: dict[str, Callable[[Encoding, Node], Truth]] = {
    "column": _column, "const": lambda run, node: _fixed(run, node.data),
    "param": lambda run, node: _fixed(run, run.scene.params[str(node.data)]),
    "and": _and, "or": _or, "not": _not, "=>": _implies, "if": _choose, "isnull": _is_null, "in": _in,
    "<": _compare, "<=": _compare, ">": _compare, ">=": _compare, "=": _compare, "!=": _compare,
    "call": _call,
}  # fmt: skip
