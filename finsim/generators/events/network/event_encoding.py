"""An EventLog as tokens: every event in the memory of its entity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.network.event_fields import DAY, MONTHS, EventFields
from finsim.kernels.events.event_memory import FIRST_AMOUNT, read_events
from finsim.kernels.events.event_network import (
    FIRST_FREE,
    GAP,
    HOUR,
    IDENTITY,
    KNOWN,
    MAIN,
    MONTH,
    POINTER,
    WEEKDAY,
    Calendar,
)
from finsim.notation import Float1D, Float2D, Int1D, Int2D
from finsim.records.event_log import EventLog

HOUR_LENGTH = 3_600 * 10**9


@dataclass(frozen=True)
class Encoded:
    """Tokens int64[n, J] of the events of entities (``starts`` int64[E + 1]), days int64[n] in the period.

    past float64[n + E, 4] before each event, and after the last one of each entity: counterparties, share of
    the first, events of the day so far, identity of the first.
    """

    tokens: Int2D
    days: Int1D
    starts: Int1D
    past: Float2D

    @property
    def count(self) -> int:
        """Number of entities."""
        return len(self.starts) - 1

    def before(self) -> Int1D:
        """Return the day of the event before each, -1 for the first of an entity."""
        found = np.concatenate([[-1], self.days[:-1]]) if len(self.days) else self.days
        starts = self.starts[:-1][np.diff(self.starts) > 0]
        found[starts] = -1
        return found

    def entity(self) -> Int1D:
        """Return the entity of each event."""
        return np.repeat(np.arange(self.count), np.diff(self.starts))


def encoded(log: EventLog, fields: EventFields) -> Encoded:
    """Return a log as tokens of ``fields``; words that were not learned count as missing."""
    n, roles = log.events.rows, log.roles
    days = log.times // DAY - log.begin // DAY
    tokens = np.zeros((n, len(fields.field_sizes())), dtype=np.int64)
    entity = log.entity()
    before = np.full(n, 0)
    before[1:] = np.where(entity[1:] == entity[:-1], days[:-1], 0)
    tokens[:, GAP] = np.searchsorted(fields.gap_edges, days - before, side="right") - 1
    tokens[:, WEEKDAY] = (days + log.begin // DAY + 3) % 7
    tokens[:, MONTH] = np.minimum(days // month_length(fields.days), MONTHS - 1)
    if fields.clock:
        tokens[:, HOUR] = log.times % DAY // HOUR_LENGTH
    partners = np.full(n, -1, dtype=np.int64)
    identity = np.zeros(1, dtype=np.int64)
    if fields.partner is not None and roles.partner is not None:
        identity = fields.partner.identity
        partners = log.events[roles.partner].values.astype(np.int64)
        unknown = (partners >= len(identity) - 1) | (identity[np.minimum(partners, len(identity) - 1)] == 0)
        partners[unknown] = -1
    amounts = np.zeros((n, 2), dtype=np.int64)
    amounts[:, 0] = -1
    if fields.amount is not None and roles.amount is not None:
        values = log.events[roles.amount].values
        known = ~np.isnan(values)
        amounts[known, 0] = np.unique(values[known], return_inverse=True)[1]
        amounts[:, 1] = fields.amount.tokens(values)
    past = np.zeros((n + log.count, 4))
    out = [np.zeros(n, dtype=np.int64) for _ in range(6)]
    read_events(log.starts, partners, amounts, identity, fields.ranks, (*out, past))
    tokens[:, POINTER], tokens[:, IDENTITY], tokens[:, MAIN], tokens[:, KNOWN] = out[:4]
    if fields.partner is None:
        tokens[:, [POINTER, IDENTITY, MAIN]] = 0
    for place, name in enumerate(fields.names(), start=FIRST_FREE):
        if name == "amount":
            tokens[:, place] = out[4]
        elif name == "level":
            assert fields.amount is not None
            levels = fields.amount.levels(log.events[str(roles.amount)].values)
            tokens[:, place] = np.where(out[4] >= fields.amount.first_bin, levels, 0)
        elif name.startswith("word "):
            column = name.removeprefix("word ")
            tokens[:, place] = fields.words[column].tokens(log.events[column].values)
        else:
            tokens[:, place] = fields.number_tokens(log, name.removeprefix("number "))
    past[:, 2] = _run(log.starts, days)
    return Encoded(tokens, days, log.starts, past)


def month_length(days: int) -> int:
    """Return the days of one of the parts of a period."""
    return max(1, -(-days // MONTHS))


def calendar(fields: EventFields, begin: int, days: int, busy: Float1D, window: int) -> Calendar:
    """Return what each of ``days`` days from the first day means to the network; see ``Calendar``."""
    day = np.arange(days)
    known = np.zeros(days)
    known[: min(days, len(busy))] = busy[:days]
    first_level = fields.amount.first_bin if fields.amount is not None else FIRST_AMOUNT
    sizes = np.array([len(fields.gap_edges), window, fields.ranks, first_level], dtype=np.int64)
    return Calendar(
        np.searchsorted(fields.gap_edges, np.arange(days + 1), side="right") - 1,
        (day + begin // DAY + 3) % 7,
        np.minimum(day // month_length(fields.days), MONTHS - 1),
        known,
        sizes,
    )


def _run(starts: Int1D, days: Int1D) -> Float1D:
    """Return, before each event and after the last, how many events the entity had on its latest day."""
    n = len(days)
    entity = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    new = np.ones(n, dtype=np.bool_)
    new[1:] = (days[1:] != days[:-1]) | (entity[1:] != entity[:-1])
    first = np.maximum.accumulate(np.where(new, np.arange(n), 0)) if n else np.zeros(0, dtype=np.int64)
    size = np.arange(n) - first + 1
    found = np.zeros(n + len(starts) - 1)
    # The events of entity e fill the places 1 to its number, shifted by one place for each entity before.
    found[np.arange(n) + entity + 1] = size
    return found
