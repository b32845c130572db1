"""Properties of nodes that the encoders share: what a node depends on and what is linear in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from finsim.constraints.evaluating.text_functions import TEXT_FUNCTIONS
from finsim.constraints.language.column_declaration import Column
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.functions import FUNCTIONS
from finsim.constraints.language.today import TODAY

REASONS = {
    "sequence": "looks at other rows", "window": "looks at other rows", "calendar": "looks at other rows",
    "whole": "looks at the whole table", "cross": "looks at another table", "row": "is not linear",
}  # fmt: skip


class Truth(NamedTuple):
    """A truth of three values: the literal that it is true, and the literal that it is false."""

    yes: int
    no: int


@dataclass(frozen=True)
class Scene:
    """What the rules of one table have in common.

    ``params`` are values, ``tested`` the nodes that may be empty, ``labels`` the labels that a category is
    compared with anywhere; ``is_known`` tells that only nodes whose emptiness some rule asks for are tested.
    """

    columns: Mapping[str, Column]
    params: Mapping[str, Any]
    tested: frozenset[Node]
    labels: Mapping[Node, tuple[str, ...]]
    is_known: bool = False


def family(node: Node) -> str:
    """Return the family of a call (``cross`` for another table), else nothing."""
    if node.op != "call":
        return ""
    name = str(node.data[0])
    return FUNCTIONS[name].family if name in FUNCTIONS else "cross"


def is_ordered(node: Node) -> bool:
    """Whether a value depends on the order of rows."""
    return any(family(one) in ("sequence", "window", "calendar") for one in walk(node))


def is_constant(node: Node) -> bool:
    """Whether a value is the same in every row."""
    return all(one.op != "column" and not _is_today(one) and family(one) in ("", "row") for one in walk(node))


def _is_today(node: Node) -> bool:
    return node.op == "param" and node.data == TODAY


def why_unknown(node: Node) -> str:
    """Return why a value is not computed by the solver."""
    if node.op == "call" and node.data[0] == "lookup":
        return "is looked up"
    if node.op == "text" or (node.op == "call" and node.data[0] in TEXT_FUNCTIONS):
        return "is a function of text"
    if node.op in ("local", "instant"):
        return "depends on the time zone"
    if node.op == "param":
        return "is the current date"
    return REASONS.get(family(node), "is not linear")
