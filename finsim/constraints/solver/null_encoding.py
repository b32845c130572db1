"""When a value is empty: the null side of the solver's arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

from finsim.constraints.language.expression import Node, walk
from finsim.constraints.solver.encoder_state import Encoding
from finsim.constraints.solver.float_rounding import opposite_infinities
from finsim.constraints.solver.node_traits import family, is_constant, why_unknown

_DEFINED = (
    "abs", "min", "max", "clamp", "round", "floor", "ceil", "year", "month", "day", "weekday", "days",
    "add_months",
)  # fmt: skip
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
    if node in run.scene.tested and _may_be_undefined(run, node):
        run.unknowns[node] = why_unknown(node)
        parts.append(forms.flag())
    return forms.any_of(parts)


def _is_undefined(run: Encoding, node: Node) -> bool:
    """Whether a constant expression has no value, such as a division by the constant 0."""
    if node.op == "/" and is_constant(node.args[1]):
        return run.computed(node.args[1]) == 0
    is_partial = node.op == "^" or family(node) == "row"
    return is_partial and is_constant(node) and node.type.kind != "bool" and run.computed(node) is None


def _may_be_undefined(run: Encoding, node: Node) -> bool:
    if node.op in ("/", "*"):
        return not any(is_constant(arg) for arg in (node.args if node.op == "*" else node.args[1:]))
    if node.op == "call":
        return str(node.data[0]) not in _DEFINED
    return node.op == "^"
