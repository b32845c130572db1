"""``EventCase``: what every metric of the case ``events`` gets to see: rows of entities in order of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Float1D, Int1D
from finsim.randomness import Streams
from finsim.tables.statements.two_sides import TwoSides


@dataclass(frozen=True)
class Sequences:
    """The rows of one side by entity and, inside, by time: entity e owns order[start[e] : start[e + 1]].

    ``order`` int64[n] row numbers of the table, ``start`` int64[E + 1], ``days`` float64[n] time in days
    since 1970 in that order (NaN where missing).
    """

    order: Int1D
    start: Int1D
    days: Float1D

    @property
    def count(self) -> int:
        """Number of entities E."""
        return len(self.start) - 1

    def lengths(self) -> Int1D:
        """Return int64[E] the number of rows of each entity."""
        return np.diff(self.start)

    def entity(self) -> Int1D:
        """Return int64[n] the entity of each row in that order."""
        return np.repeat(np.arange(self.count), self.lengths())


@dataclass(frozen=True)
class EventSide:
    """One side: its sequences, and the columns that events are told by, each in the order of the sequences.

    ``amount`` float64[n] (NaN where missing); ``partner`` int64[n] codes of counterparties that all sides
    share, -1 where missing; ``owner`` int64[E] the entity's own code among the counterparties, -1 where it
    is none; ``channel`` int64[n] codes. None where there is no such column.
    """

    sequences: Sequences
    amount: Float1D | None
    partner: Int1D | None
    owner: Int1D | None
    channel: Int1D | None


@dataclass(frozen=True)
class EventColumns:
    """Which columns are the amount, the counterparty and the channel, and how that is known.

    ``sides`` where the amount has two columns: that of what goes out is ``amount`` then.
    """

    amount: str | None = None
    partner: str | None = None
    channel: str | None = None
    told: str = ""
    sides: TwoSides | None = None


@dataclass(frozen=True)
class EventCase:
    """The rows as a table (all its metrics apply), and the sequences of both sides and the hold-out.

    ``sides`` are the real, the synthetic and, if given, the held-out side, with at most ``MOST_ENTITIES``
    entities each; ``why`` says why there are none.
    """

    rows: TableCase
    real: Sequences
    own: Sequences
    spare: Sequences | None
    columns: EventColumns = EventColumns()
    sides: tuple[EventSide, ...] = ()
    why: str = ""

    @property
    def streams(self) -> Streams:
        """The random streams of the rows."""
        return self.rows.streams

    @property
    def settings(self) -> Settings:
        """The settings of the rows."""
        return self.rows.settings

    @property
    def held_out(self) -> EventSide | None:
        """The held-out side, if given."""
        return self.sides[2] if len(self.sides) > 2 else None

    @property
    def has_clock(self) -> bool:
        """Whether times of the real side have an hour of the day, and are not whole days."""
        days = self.sides[0].sequences.days
        return bool(np.any(np.abs(days - np.round(days)) > 1e-6))


def sequences(entity: Int1D, days: Float1D) -> Sequences:
    """Sort rows by entity and time (rows of one time stay in their order)."""
    order = np.lexsort((days, entity))
    count = int(entity.max(initial=-1)) + 1
    start = np.concatenate([[0], np.cumsum(np.bincount(entity, minlength=count))])
    return Sequences(order.astype(np.int64), start.astype(np.int64), days[order])


def some_entities(whole: Sequences, chosen: Int1D) -> tuple[Sequences, Int1D]:
    """Return the sequences of the chosen entities, and int64[m] the places of their rows in the whole."""
    sizes = whole.lengths()[chosen]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    kept = np.repeat(whole.start[chosen] - start[:-1], sizes) + np.arange(start[-1])
    return Sequences(whole.order[kept], start, whole.days[kept]), kept
