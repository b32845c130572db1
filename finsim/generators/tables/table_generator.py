"""The contract of every table generator: rows of mixed columns in, rows of mixed columns out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

from finsim.generators.generator import Budget, FitReport, Progress, State
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable

Cell = float | str | None
"""A given cell: a number (times as nanoseconds UTC), a word, or None for a missing cell."""


@runtime_checkable
class TableGenerator(Protocol):
    """A model of the rows of one table; one file or room, one class, one line in the catalogue.

    Words of sampled columns are words of the training table (``words`` may be a part of them). Rows are
    made in batches of a fixed size that belongs to the settings: row i of a call is row ``first + i`` of the
    whole and its bytes do not depend on how a sample is cut into calls, on threads or on workers.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Any]]
    report: FitReport

    @classmethod
    def refuse(cls, data: MixedTable, settings: Any) -> None:
        """Raise FitError for what ``fit`` would refuse before its first step; nothing is computed."""
        ...

    @classmethod
    def fit(
        cls, data: MixedTable, settings: Any, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Learn the joint law of the columns. Raises FitError for a table that cannot be learned."""
        ...

    def sample(
        self, count: int, streams: Streams, first: int = 0, given: Mapping[str, Cell] | None = None
    ) -> MixedTable:
        """Return ``count`` rows with the columns of the training table; ``given`` cells hold in every row.

        Raises FitError for given columns that are unknown and cells that were never seen.
        """
        ...

    def state(self) -> State:
        """Return everything needed to restore the generator."""
        ...

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a generator; raises FitError when the state does not fit together."""
        ...


@runtime_checkable
class HasRowLoss(Protocol):
    """A table generator that can tell how well it knows a row: who was learned from may show there."""

    def row_losses(self, rows: MixedTable, streams: Streams) -> Any:
        """Return the negative log likelihood of every row, float64[N], in nats."""
        ...


def with_label(settings: Any, label: str | None, key: str = "label") -> Any:
    """Return the settings of a generator with the outcome column, if they have an empty key for it.

    ``key`` : that of the outcome, or of another column that the generator is told of.
    """
    has_key = key in {item.name for item in fields(settings)}
    return replace(settings, **{key: label}) if label and has_key and not getattr(settings, key) else settings
