"""Encode nullability: the literal that a value is null."""

from __future__ import annotations

from collections.abc import Iterable

from finsim.constraints.evaluating.text_functions import TEXT_FUNCTIONS
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.solver.encoder_state import Encoding
from finsim.constraints.solver.float_error_bounds import opposite_infinities
from finsim.constraints.solver.linear_forms import fixed
from finsim.constraints.solver.missing_values import gaps
from finsim.constraints.solver.node_traits import family, is_constant, why_unknown

_DEFINED = (
    "abs", "min", "max", "clamp", "round", "floor", "ceil", "year", "month", "day", "weekday", "days",
    "add_months", "date", "hour", "minute", "time", *sorted(TEXT_FUNCTIONS),
)  # fmt: skip
_AS_ARGUMENT = ("cummax", "max_in", "count_in", "runlen", "group_count", "group_min", "group_max")
_ARITHMETIC = ("+", "-", "*", "/", "^")
_LOGIC = ("and", "or", "not", "=>", "isnull", "in", "<", "<=", ">", ">=", "=", "!=")


def tested_nodes(roots: Iterable[Node]) -> frozenset[Node]:
    """Return every node whose emptiness a rule asks for (``is null``, ``coalesce``)."""
    found: set[Node] = set()
    for root in roots:
        for node in walk(root):
            if node.op == "isnull" or (node.op == "call" and node.data[0] == "coalesce"):
                waiting = list(node.args)
                while waiting:
                    one = waiting.pop()
                    found.add(one)
                    if family(one) in ("", "row"):
                        waiting.extend(one.args)
    return frozenset(found)


def null(run: Encoding, node: Node) -> int:
    """Return the literal that a node is empty."""
    forms = run.forms
    if node.op in ("const", "param"):
        return -forms.true
    if node.op == "column":
        run.columns[str(node.data)] = node
        may_be = node in run.scene.tested and run.scene.columns[str(node.data)].null
        return forms.flag() if may_be else -forms.true
    if node.op in _LOGIC:
        yes, no = run.truth(node)
        return forms.all_of((-yes, -no))
    if node.op == "if":
        condition, first, second = node.args
        yes, no = run.truth(condition)
        sides = (forms.all_of((yes, run.null(first))), forms.all_of((no, run.null(second))))
        return forms.any_of((*sides, forms.all_of((-yes, -no))))
    if node.op == "call" and node.data[0] == "coalesce":
        return forms.all_of(run.null(arg) for arg in node.args)
    parts = [run.null(arg) for arg in node.args] if family(node) in ("", "row") else []
    if _is_undefined(run, node):
        return forms.true
    if run.rounds and node in run.scene.tested and node.op in ("+", "-") and node.type.stored == "f":
        parts.append(opposite_infinities(run, node))
    parts += gaps(node, forms, run.null)
    if node in run.scene.tested:
        parts += _undefined(run, node)
    return forms.any_of(parts)


def _is_undefined(run: Encoding, node: Node) -> bool:
    """Whether a constant expression has no value, such as a division by the constant 0."""
    if node.op == "/" and is_constant(node.args[1]) and run.computed(node.args[1]) == 0:
        return True
    is_partial = node.op in _ARITHMETIC or family(node) == "row"
    if not is_partial or not is_constant(node) or node.type.kind == "bool" or run.is_infinite(node):
        return False
    return run.computed(node) is None


def _undefined(run: Encoding, node: Node) -> list[int]:
    """Return literals of which one is true where an operation on values that are there has none."""
    if node.op == "/" and not is_constant(node.args[1]):
        by_zero = run.forms.same_number(run.number(node.args[1]), fixed(0))
        return [by_zero] if all(_is_finite(arg) for arg in node.args) else [by_zero, _any(run, node)]
    if node.op == "*" and not any(is_constant(arg) for arg in node.args):
        is_float = node.type.stored == "f" and all(_is_finite(arg) for arg in node.args)
        return [] if is_float else [_any(run, node)]  # whole numbers may leave 64 bits
    if node.op == "^":
        is_square = is_constant(node.args[1]) and run.computed(node.args[1]) == 2
        return [] if is_square and _is_finite(node.args[0]) else [_any(run, node)]
    return _undefined_call(run, node) if node.op == "call" else []


def _undefined_call(run: Encoding, node: Node) -> list[int]:
    name = str(node.data[0])
    if name in _DEFINED or (family(node) == "row" and is_constant(node)):  # a constant has its value here
        return []
    if name == "lookup":
        empty_key = [run.null(arg) for arg in node.args]
        return empty_key if node.data[1].is_strict else [*empty_key, _any(run, node)]
    if name in _AS_ARGUMENT:  # other rows may give a value where this one has none
        return [run.forms.all_of((_any(run, node), run.forms.any_of(run.null(arg) for arg in node.args)))]
    return [_any(run, node)]


def _any(run: Encoding, node: Node) -> int:
    """Return a literal of which nothing is known."""
    run.unknowns[node] = why_unknown(node)
    return run.forms.flag()


def _is_finite(node: Node) -> bool:
    """Whether a value cannot be infinite (infinite cells are left out)."""
    return node.op in ("column", "const", "param") or (
        node.op in ("float", "integer", "neg") and _is_finite(node.args[0])
    )
