"""Input and output types of a kernel run: kernels, parts of a table, counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from finsim.constraints.codegen.kernel_plan import Plan
from finsim.constraints.codegen.precomputed_calls import Inputs
from finsim.constraints.evaluating.rule_counts import FIRST_ROWS
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Array, Bool1D, Int1D


class Wild(Exception):
    """Columns hold empty cells, or numbers so large that arithmetic may overflow: plan for nulls there."""

    def __init__(self, columns: frozenset[str]) -> None:
        super().__init__()
        self.columns = columns


@dataclass
class Counts:
    """What one rule did: as in ``Tally``, with the smallest broken rows instead of findings."""

    rows: int = 0
    fired: int = 0
    held: int = 0
    violations: int = 0
    excused: int = 0
    unknown: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Add the counts of other rows."""
        for name in ("rows", "fired", "held", "violations", "excused", "unknown"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.first = sorted((*self.first, *other.first))[:FIRST_ROWS]


@dataclass(frozen=True)
class Ready:
    """A plan with its compiled kernel."""

    plan: Plan
    kernel: Callable[..., int]
    inputs: Inputs | None = None
    input_kernel: Callable[..., int] | None = None


@dataclass
class Part:
    """Rows handed to a run: a source, some of its rows, and their numbers in the whole table.

    ``around`` are the same rows with those before them that a rule may look at, of which the last ``known``
    are rows of the table; ``keys`` are the keys of all these. ``same`` says whether a row goes on with the
    group of the row before, for what is worked out outside kernels.
    """

    source: Source
    rows: slice | Int1D
    count: int
    numbers: slice | Int1D
    same: Bool1D | None
    around: slice | Int1D
    known: int
    keys: Sequence[Array]
