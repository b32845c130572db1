"""Which nodes a kernel may contain: operations that a loop over rows can vectorize."""

from __future__ import annotations

from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.language.expression import Node

_NATIVE_CALLS = frozenset(("abs", "min", "max", "clamp", "floor", "ceil", "sqrt", "coalesce", "days"))
_NATIVE_CALLS |= frozenset(("annuity", "round", "on_tick"))
_OPS = frozenset(("column", "const", "param", "float", "integer", "ts", "rescale", "+", "-", "*", "/", "neg"))
_OPS |= frozenset(("if", "and", "or", "not", "=>", "isnull", "in", "<", "<=", ">", ">=", "=", "!="))
_MOST_MEMBERS = 16


def is_native(node: Node, facts: Facts) -> bool:
    """Whether a node is written into the kernel (its arguments may not be)."""
    if node.op == "call":
        return _native_call(node, facts)
    if node.op == "in":
        members = facts.params[node.data[1]]
        assert isinstance(members, tuple)
        kinds = {"f": (float, int), "i": (int, str), "b": ()}[node.args[0].type.stored]
        return len(members) <= _MOST_MEMBERS and all(isinstance(one, kinds) for one in members)
    return node.op in _OPS


def _native_call(node: Node, facts: Facts) -> bool:
    name = node.data[0]
    if name == "on_tick":
        return facts.steady_tick(node)
    if node.type.stored == "b":
        return False
    if name == "round":
        return bool(node.data[1] == 0)
    return name in _NATIVE_CALLS
