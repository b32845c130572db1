"""``Evaluator``: the interface through which an operation reads a block of rows and its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from finsim.constraints.evaluating.key_index import KeyIndex
from finsim.constraints.evaluating.sequence_functions import Sequenced
from finsim.constraints.language.expression import Node
from finsim.constraints.language.table_links import Link
from finsim.constraints.tables.group_layout import Layout
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.nullable_vectors import Rails, Vec
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Int1D

Rows = slice | Int1D


@dataclass(frozen=True)
class Block:
    """Some rows of a table; ``layout`` says where groups lie in them (sequence rules only).

    ``numbers`` are their row numbers in the whole table, where the source is only a piece of it.
    """

    source: Source
    rows: Rows
    count: int
    layout: Layout | None = None
    numbers: Rows | None = None


@dataclass(frozen=True)
class World:
    """What rules see besides the block: parameters, labels, rows of other tables, whole-table results.

    ``params`` values are numbers, or tuples of numbers or labels. ``joins[link]`` finds keys of another
    table, ``totals[node]`` turns what was found into a sum or count of its rows; ``whole[node]`` is a column
    of the whole table; ``keys`` name a row in reports. ``asked[node]`` are the texts with which alone an
    identifier read as text is compared.
    """

    params: Mapping[str, Any]
    labels: Labels
    joins: Mapping[Link, KeyIndex]
    others: Mapping[str, Source]
    whole: Mapping[Node, Vec]
    keys: Mapping[str, Sequence[str]]
    totals: Mapping[Node, Callable[[Vec], Vec]] = field(default_factory=dict)
    asked: Mapping[Node, tuple[str, ...]] = field(default_factory=dict)


class Evaluator(Protocol):
    """Evaluates nodes on one block after the other."""

    @property
    def world(self) -> World:
        """What rules see besides the block."""
        ...

    @property
    def block(self) -> Block:
        """The current block."""
        ...

    def rails(self, node: Node) -> Rails:
        """Return a truth per row."""
        ...

    def value(self, node: Node) -> Vec:
        """Return a value per row."""
        ...

    def knows(self, node: Node) -> bool:
        """Whether a node's column of the block was computed already."""
        ...

    def note(self, node: Node, count: int) -> None:
        """Count rows where a node is null because its result is not defined."""
        ...

    def state(self, node: Node) -> Sequenced:
        """Return the state of a sequence function."""
        ...

    def local_times(self, instants: Any, zone: str, /) -> Any:
        """Return the local time of instants in a zone."""
        ...

    def constant(self, kind: str, value: Any) -> Any:
        """Return a literal or parameter as values of a column: labels become codes."""
        ...
