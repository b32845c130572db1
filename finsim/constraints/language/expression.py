"""The two forms of a rule: ``Expr``, its syntax tree, and ``Node``, the typed graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from finsim.constraints.language.types import Type


@dataclass(frozen=True)
class Expr:
    """One piece of a rule as written; ``start`` and ``end`` are offsets in the rule's text.

    ``op`` is ``number date label name ref call named set if => or and not compare between in isnull
    + - * / ^ neg assign``; ``text`` is the name, literal or operator where there is one.
    """

    op: str
    text: str
    args: tuple[Expr, ...]
    start: int
    end: int

    def parts(self) -> Iterator[Expr]:
        """Yield the piece and every piece below it."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(part.args)


@dataclass(frozen=True, eq=False)
class Node:
    """One typed operation. Equal operations are the same object, so results are shared by identity.

    ``op`` is ``column const param call if => or and not < <= > >= = != in isnull + - * / ^ neg
    float ts rescale integer``; ``data`` is the column name, the constant, the function name with its
    options, the tolerance of a comparison or the members of a set.
    """

    op: str
    type: Type
    args: tuple[Node, ...] = ()
    data: Any = None

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The node and everything below it, each object once, parents first."""
        seen: dict[int, Node] = {}
        waiting: list[Node] = [self]
        while waiting:
            current = waiting.pop()
            if id(current) not in seen:
                seen[id(current)] = current
                waiting.extend(reversed(current.args))
        return tuple(seen.values())


@dataclass(frozen=True)
class Span:
    """A place in a rule's text that stands for a value: its operand and where it is written."""

    start: int
    end: int
    node: Node


def walk(node: Node) -> tuple[Node, ...]:
    """Return a node and everything below it, each object once, parents first; worked out once a node."""
    return node.nodes
