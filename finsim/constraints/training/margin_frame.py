"""Input of margins: masked columns in an array library, and the interface of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from finsim.constraints.language.expression import Node
from finsim.constraints.tables.group_layout import Layout
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.nullable_vectors import both
from finsim.notation import Array


class Cells(NamedTuple):
    """One column: ``values`` (0 where null) and ``known``, the mask of rows that are not null (None: all)."""

    values: Any
    known: Any = None


@dataclass(frozen=True)
class Space:
    """An array library: its namespace, and what libraries spell differently.

    ``lift`` makes one of its arrays of a numpy array, ``host`` a numpy array of one of its arrays, and
    ``still`` gives the same values as constants, through which no gradient flows.
    """

    xp: Any
    lift: Callable[[Array], Any]
    host: Callable[[Any], Array]
    still: Callable[[Any], Any]

    def is_float(self, values: Any) -> bool:
        """Whether an array holds floats."""
        return values.dtype in (self.xp.float64, self.xp.float32)

    def floats(self, values: Any) -> Any:
        """Return values as floats; floats as they are."""
        return values if self.is_float(values) else self.xp.asarray(values, dtype=self.xp.float64)

    def pick(self, where: Any, values: Any, other: float = 0.0) -> Any:
        """Return ``values`` where a mask is true (None: everywhere), ``other`` elsewhere."""
        if where is None:
            return values
        return self.xp.where(where, values, self.xp.zeros_like(values) + type(other)(other))

    def tidy(self, values: Any, known: Any) -> Cells:
        """Return a column without NaN: its cells become null."""
        if not self.is_float(values):
            return Cells(values, known)
        known = both(known, values == values)
        return Cells(self.pick(known, values), known)


NUMPY = Space(np, np.asarray, np.asarray, lambda values: values)


@dataclass(frozen=True)
class Frame:
    """Rows of one table, under a pack's names.

    ``column`` gives a column by name; rows stand in group order, and ``layout`` says where the groups lie,
    when a rule looks at other rows. ``scales`` is what 1 means in a comparison (``scales_of``; else 1).
    """

    rows: int
    column: Callable[[str], Cells]
    params: Mapping[str, Any]
    labels: Labels
    layout: Layout | None = None
    scales: Mapping[Node, float] = field(default_factory=dict)


class MarginRun(Protocol):
    """Values and truths of nodes on one frame, in the arrays of one library."""

    @property
    def frame(self) -> Frame:
        """The rows of the table."""
        ...

    @property
    def space(self) -> Space:
        """The array library."""
        ...

    def value(self, node: Node) -> Cells:
        """Return the values of a node."""
        ...

    def truth(self, node: Node) -> tuple[Any, Any]:
        """Return where a truth is true, and where it is false."""
        ...

    def short(self, node: Node, wanted: bool) -> Any:
        """Return how far a truth is from the wanted one: above 0 exactly where it is the other one."""
        ...

    def constant(self, value: Any) -> Cells:
        """Return a literal or parameter; labels are codes."""
        ...

    def around(self, node: Node) -> Cells:
        """Return a function that looks at other rows."""
        ...
