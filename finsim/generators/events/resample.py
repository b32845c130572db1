"""Resampled entities: the baseline, whole real entities drawn again."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from finsim.errors import FitError
from finsim.generators.events.log_state import log_arrays, log_facts, restored_log
from finsim.generators.events.requests import check_log, check_sample
from finsim.generators.generator import Budget, FitReport, Progress, State
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MixedColumn

DAY = 86_400_000_000_000


class Resample:
    """Every entity of a sample is an entity of the data, with all its events: it copies by design.

    A shorter period shows the first days, a longer one begins again. Where partners are entities, a partner
    is the sampled entity at the same place, modulo their number. Source: bootstrap, Efron 1979.
    """

    name: ClassVar[str] = "resample"

    @dataclass(frozen=True)
    class Settings:
        """Nothing to set."""

    def __init__(self, settings: Settings, log: EventLog, report: FitReport):
        """Hold the log."""
        self.settings, self.log, self.report = settings, log, report

    @classmethod
    def refuse(cls, data: EventLog, settings: Settings) -> None:
        """Raise FitError for a log without events."""
        check_log(data)

    @classmethod
    def fit(
        cls, data: EventLog, settings: Settings, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Keep the log; nothing is learned."""
        cls.refuse(data, settings)
        started = time.process_time()
        progress(1.0, f"{data.count} entities are copied")
        return cls(settings, data, FitReport(cpu_seconds=time.process_time() - started))

    def sample(
        self, count: int, streams: Streams, first: int = 0, days: int | None = None, total: int | None = None
    ) -> EventLog:
        """Return copies of entities; see the contract."""
        whole = check_sample(count, first, days, total)
        draws = np.empty((count, 1))
        if count:
            fill_uniforms(np.uint64(streams.word("entities")), first, draws)
        chosen = np.minimum((draws[:, 0] * self.log.count).astype(np.int64), self.log.count - 1)
        log = self.log.take(chosen)
        if days is not None:
            log = _within(log, self.log.begin // DAY * DAY + days * DAY)
        return self._renamed(log, count, first, whole)

    def _renamed(self, log: EventLog, count: int, first: int, total: int) -> EventLog:
        """Return the log with the partners among the sampled entities, where they are entities."""
        if not self.log.partner_is_entity:
            return log
        name = str(self.log.roles.partner)
        column, size = log.events[name], self.log.count
        codes = column.values.astype(np.int64)
        moved = np.where(codes < size, codes % max(total, 1), codes - size + total)
        words = (*(str(k) for k in range(total)), *column.words[size:])
        found = MixedColumn(column.kind, np.where(codes < 0, -1, moved).astype(np.int32), words, column.step)
        events = log.events.with_columns({name: found})
        return replace(log, events=events, partner_is_entity=first == 0 and total == count)

    def state(self) -> State:
        """Return the log."""
        return State(
            log_arrays(self.log), {"settings": write_settings(self.settings), "log": log_facts(self.log)}
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore the log; raises FitError when a part lacks."""
        try:
            log = restored_log(state.facts["log"], state.arrays)
        except (KeyError, TypeError, ValueError, IndexError) as bad:
            raise FitError(f"the log does not fit together: {bad}", place="resample") from None
        return cls(read_settings(cls, state.facts["settings"]), log, FitReport())


def _within(log: EventLog, end: int) -> EventLog:
    """Return the log up to ``end``: cut, or repeated period after period."""
    length = -((log.begin // DAY * DAY - log.end) // DAY) * DAY
    rounds = max(-((log.begin - end) // length), 1)
    entity = np.tile(log.entity(), rounds)
    row = np.tile(np.arange(log.events.rows), rounds)
    time_of = log.times[row] + np.repeat(np.arange(rounds), log.events.rows) * length
    kept = time_of < end
    entity, row, time_of = entity[kept], row[kept], time_of[kept]
    order = np.lexsort((time_of, entity))
    events = log.events.take(row[order])
    events = events.with_columns({log.roles.time: events[log.roles.time].with_values(time_of[order])})
    return EventLog(events, _starts(entity, log.count), log.entities, log.roles, log.begin, end)


def _starts(entity: Int1D, count: int) -> Array:
    return np.concatenate([[0], np.cumsum(np.bincount(entity, minlength=count))]).astype(np.int64)
