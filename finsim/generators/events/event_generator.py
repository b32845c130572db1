"""The contract of every event generator: entities with their events in, new entities out."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self, runtime_checkable

from finsim.generators.generator import Budget, FitReport, Progress, State
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MixedTable


@runtime_checkable
class EventGenerator(Protocol):
    """A model of entities and their events; one room, one class, one line in the catalogue.

    Sampled logs have the roles, columns and words of the training log (partners: merchants keep their
    words; where partners are entities, they are places among all sampled entities). Entity i of a call is
    entity ``first + i`` of the whole run: its bytes do not depend on how a run is cut into calls.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Any]]
    report: FitReport

    @classmethod
    def refuse(cls, data: EventLog, settings: Any) -> None:
        """Raise FitError for what ``fit`` would refuse before its first step; nothing is computed."""
        ...

    @classmethod
    def fit(cls, data: EventLog, settings: Any, streams: Streams, budget: Budget, progress: Progress) -> Self:
        """Learn how entities live. Raises FitError for a log that cannot be learned."""
        ...

    def sample(
        self, count: int, streams: Streams, first: int = 0, days: int | None = None, total: int | None = None
    ) -> EventLog:
        """Return ``count`` new entities over ``days`` days from the first day of the training log.

        days : None for the training period. total : entities of the whole run, where the partners are
        entities themselves (None: ``first + count``). Raises FitError for an impossible request.
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
class HasEntityLoss(Protocol):
    """An event generator that can tell how well it knows an entity: the choice between bodies rests on it."""

    def entity_losses(self, log: EventLog, streams: Streams) -> Any:
        """Return the negative log likelihood per event of every entity, float64[E], in nats.

        Over the same fields in the same units for every body, so that bodies can be compared: the day of
        the event, the time of day in hours, every word, and the log amount at a resolution of 1 %.
        """
        ...


@runtime_checkable
class HasMonths(Protocol):
    """An event generator whose entities pay on days of the month."""

    def in_months(self, later: int) -> Self:
        """Return the generator with the months of a period that lies ``later`` days behind the learned one.

        Samples keep the days of the learned period: who moves them by as many days finds wages and rents on
        the days of the month on which they were learned.
        """
        ...


@runtime_checkable
class HasRemarks(Protocol):
    """An event generator that tells what it found in the log."""

    def remarks(self) -> tuple[str, ...]:
        """Return one sentence a fact; none where there is nothing to tell."""
        ...


@runtime_checkable
class HasTurnedRows(Protocol):
    """An event generator whose samples may hold rows of the counterparty (``EventLog.turned``)."""

    @property
    def turns_rows(self) -> bool:
        """Whether it makes such rows."""
        ...

    def attributes(self, total: int, streams: Streams) -> MixedTable:
        """Return the attributes of all ``total`` entities of a run of ``sample`` with the same streams."""
        ...
