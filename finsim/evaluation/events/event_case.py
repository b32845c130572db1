"""``EventCase``: what every metric of the case ``events`` gets to see: rows of entities in order of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Float1D, Int1D
from finsim.randomness import Streams


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


@dataclass(frozen=True)
class EventCase:
    """The rows as a table (all its metrics apply), and the sequences of both sides and the hold-out."""

    rows: TableCase
    real: Sequences
    own: Sequences
    spare: Sequences | None

    @property
    def streams(self) -> Streams:
        """The random streams of the rows."""
        return self.rows.streams

    @property
    def settings(self) -> Settings:
        """The settings of the rows."""
        return self.rows.settings


def sequences(entity: Int1D, days: Float1D) -> Sequences:
    """Sort rows by entity and time (rows of one time stay in their order)."""
    order = np.lexsort((days, entity))
    count = int(entity.max(initial=-1)) + 1
    start = np.concatenate([[0], np.cumsum(np.bincount(entity, minlength=count))])
    return Sequences(order.astype(np.int64), start.astype(np.int64), days[order])
