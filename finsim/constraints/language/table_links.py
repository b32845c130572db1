"""How a row finds rows of another table: by which key columns, among which of its rows."""

from __future__ import annotations

from dataclasses import dataclass

from finsim.constraints.language.expression import Node


@dataclass(frozen=True)
class Link:
    """Rows of ``table`` whose columns ``keys`` equal some values and in which ``where`` is true.

    ``where`` is a condition about the columns of that table (None: all its rows). The values stand as
    arguments of the ``match`` that carries the link; ``match`` is the number of the key, -1 for none.
    """

    table: str
    keys: tuple[str, ...]
    where: Node | None = None


def link_of(node: Node) -> Link:
    """Return the link of ``match`` and of a function of the rows it finds (``exists``, ``sum_of``, ..)."""
    link = node.data[1] if node.data[0] == "match" else node.args[0].data[1]
    assert isinstance(link, Link)
    return link


def is_match(node: Node) -> bool:
    """Whether a node looks for rows of another table."""
    return node.op == "call" and bool(node.data[0] == "match")
