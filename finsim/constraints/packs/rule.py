"""``Rule``, ``Table`` and ``Param``: the parts of a rule pack after parsing and typing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from finsim.constraints.language.column_declaration import Column
from finsim.constraints.language.expression import Node, Span
from finsim.constraints.language.row_order import Order
from finsim.constraints.language.types import Type
from finsim.tables import Dialect


@dataclass(frozen=True)
class Bound:
    """A limit on one column that a rule implies: ``column >= node`` (or <=, strictly or not)."""

    is_low: bool
    strict: bool
    node: Node


@dataclass(frozen=True)
class Repair:
    """How a breach is mended: ``do`` is ``set clip project resample sort drop flag``.

    ``columns`` are those it writes (``column`` is the one of ``set`` and ``clip``), ``weights`` what a
    unit of move costs in each (project), ``most`` the redraws of a row (resample), ``otherwise`` what
    becomes of a row that stays broken (``drop``, ``flag``; empty: not said), ``group`` the columns of the
    group that is dropped whole (drop).
    """

    do: str
    column: str = ""
    node: Node | None = None
    bounds: tuple[Bound, ...] = ()
    text: str = ""
    columns: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    most: int = 0
    otherwise: str = ""
    group: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Rule:
    """One rule of a pack. A row breaks it when ``when`` is true (or absent) and ``check`` is false.

    ``antecedent`` is the condition under which the rule says anything; ``order`` is set when it looks at
    other rows of a group; ``columns`` and ``others`` are the columns and tables it reads.
    """

    id: str
    table: str
    level: str
    kind: str
    check: Node
    when: Node | None
    antecedent: Node | None
    check_text: str
    when_text: str
    check_spans: tuple[Span, ...]
    when_spans: tuple[Span, ...]
    order: Order | None
    nulls: str
    expect: tuple[float, float] | None
    repair: Repair | None
    columns: frozenset[str]
    others: frozenset[str]
    why: str
    cite: str
    assumption: str

    @property
    def text(self) -> str:
        """The rule as one line."""
        return f"if {self.when_text} then {self.check_text}" if self.when_text else self.check_text


@dataclass(frozen=True)
class Table:
    """One table of a pack: what its columns are, its key, and how its rows follow one another.

    An ``optional`` table may be absent: its rules are skipped and say so. ``dialect`` is how its text is
    written.
    """

    name: str
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    order: Order | None
    optional: bool = False
    dialect: Dialect = field(default_factory=Dialect)


@dataclass(frozen=True)
class Param:
    """A named value that a caller may override: its type, its value and the value as written."""

    type: Type
    value: Any
    text: str


def key_names(table: Table) -> tuple[str, ...]:
    """Return the columns that name a row in reports."""
    if table.key:
        return table.key
    return (*table.order.group, *table.order.by) if table.order else ()
