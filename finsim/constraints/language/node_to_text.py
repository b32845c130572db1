"""A node as rule text, for messages about a part of a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from finsim.constraints.language.aggregate_types import parts_of
from finsim.constraints.language.expression import Node
from finsim.constraints.language.functions import CROSS
from finsim.constraints.language.table_links import link_of
from finsim.constraints.language.types import shown

_BINDING = {
    "=>": 1, "if": 1, "or": 2, "and": 3, "not": 4, "<": 5, "<=": 5, ">": 5, ">=": 5, "=": 5, "!=": 5,
    "in": 5, "isnull": 5, "+": 6, "-": 6, "*": 7, "/": 7, "neg": 8, "^": 9,
}  # fmt: skip


def written(node: Node) -> str:
    """Return the text of a node; conversions that the language makes by itself are left out."""
    op, args = node.op, node.args
    if op in ("column", "param"):
        return str(node.data)
    if op == "const":
        return _constant(node)
    if op in ("float", "integer", "ts", "rescale"):
        return written(args[0])
    if op == "call":
        return _call(node)
    if op == "if":
        condition, yes, no = (_inner(arg, 1) for arg in args)
        return f"if {condition} then {yes} else {no}"
    if op == "not":
        return _negation(args[0])
    if op == "neg":
        return f"-{_inner(args[0], 8)}"
    if op == "isnull":
        return f"{_inner(args[0], 5)} is null"
    if op == "in":
        return f"{_inner(args[0], 5)} in {node.data[1]}"
    strength = _BINDING[op]
    parts = [_inner(arg, strength + (place > 0 and op in ("-", "/"))) for place, arg in enumerate(args)]
    return f" {op} ".join(parts)


def _inner(node: Node, strength: int) -> str:
    bare = node
    while bare.op in ("float", "integer", "ts", "rescale"):
        bare = bare.args[0]
    text = written(bare)
    return f"({text})" if _BINDING.get(bare.op, 10) < strength or bare.op == "if" else text


def _constant(node: Node) -> str:
    if node.type.kind == "cat":
        return f"'{node.data}'"
    if node.type.kind == "date":
        return f"d'{shown(node.type, node.data)}'"
    return shown(node.type, node.data)


def _negation(inner: Node) -> str:
    if inner.op == "isnull":
        return f"{_inner(inner.args[0], 5)} is not null"
    if inner.op == "in":
        return f"{_inner(inner.args[0], 5)} not in {inner.data[1]}"
    return f"not {_inner(inner, 5)}"


def _call(node: Node) -> str:
    name, args = str(node.data[0]), [written(arg) for arg in node.args]
    if name in ("match", *CROSS) and name != "lookup":
        return _cross(name, node)
    if name == "lookup":
        return f"lookup({', '.join((node.data[1].name, *args))})"
    if name == "lag":
        steps = [str(node.data[1])] if node.data[1] != 1 else []
        default = [f"default: {args[1]}"] if len(args) > 1 else []
        return f"lag({', '.join((args[0], *steps, *default))})"
    if name in ("count_in", "sum_in", "max_in"):
        width = shown(node.args[-1].type.__class__("dur"), node.data[1])
        return f"{name}({', '.join((*args[:-1], width))})"
    if name in ("sum_day", "sum_month"):
        return f"{name}({args[0]})"
    if name == "next":
        steps = [str(node.data[1])] if node.data[1] != 1 else []
        default = [f"default: {args[1]}"] if node.data[2] > 1 else []
        return f"next({', '.join((args[0], *steps, *default))})"
    if name.startswith("group_") or name == "unique":
        return _of_group(name, node, args)
    if name == "round" and node.data[1]:
        return f"round({args[0]}, {node.data[1]})"
    return f"{name}({', '.join(args)})"


def _of_group(name: str, node: Node, args: Sequence[str]) -> str:
    """Return the text of a group total or of ``unique``."""
    parts = parts_of(node, args)
    by = ", ".join(parts.by)
    told = [] if name == "unique" else [f"by: {by}" if len(parts.by) == 1 else f"by: {{{by}}}"]
    text = f"{name}({', '.join((*parts.values, *told))})"
    return text if parts.where is None else f"({text} where {parts.where})"


def _cross(name: str, node: Node) -> str:
    """Return the text of a function that looks into another table."""
    link = link_of(node)
    match = node if name == "match" else node.args[0]
    parts = [f"{link.table}.{key} = {written(arg)}" for key, arg in zip(link.keys, match.args, strict=True)]
    parts += [_inner(_within(link.table, link.where), 3)] if link.where is not None else []
    about = {"count_of": link.table, "parent": f"{link.table}.{node.data[-1]}"}.get(name, "")
    if name.endswith("_of") and not about:
        about = written(_within(link.table, node.data[2]))
    return f"{name}({', '.join((*([about] if about else []), ' and '.join(parts)))})"


def _within(table: str, node: Node) -> Node:
    """Return an expression of another table with the table's name before its columns."""
    if node.op == "column":
        return replace(node, data=f"{table}.{node.data}")
    return replace(node, args=tuple(_within(table, arg) for arg in node.args))
