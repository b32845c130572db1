"""``EventLog``: ragged sequences of mixed events per entity, with attributes of the entities."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from finsim.errors import DataError
from finsim.notation import Array, Bool1D, Int1D
from finsim.records.mixed_table import TIME, MixedTable

NAME_ONLY = "\x1f"
"""Begins the words of counterparties that are no accounts, in ledgers where others are."""


@dataclass(frozen=True)
class EventRoles:
    """Which columns of the events play which part; None where a log has no such column.

    time : when. amount : how much. partner : the counterparty (a merchant, an account), a word. category,
    channel, direction (such as in and out, debit and credit), currency : words.
    """

    time: str
    amount: str | None = None
    partner: str | None = None
    category: str | None = None
    channel: str | None = None
    direction: str | None = None
    currency: str | None = None

    def named(self) -> dict[str, str]:
        """Return part -> column of the parts that there are."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {part: name for part, name in found.items() if name is not None}


@dataclass(frozen=True)
class EventLog:
    """Events of entities: entity e owns the rows ``starts[e]`` to ``starts[e + 1]``, in order of time.

    ``events`` MixedTable of n rows without the entity; ``starts`` int64[E + 1]; ``entities`` MixedTable of E
    rows: attributes that never change within an entity. ``partner_is_entity`` : the words of the partner are
    entities themselves (account to account): the first E words are then the entities in order.
    ``begin`` and ``end`` nanoseconds UTC bound the observed period: begin <= time < end.
    ``turned`` bool[n]: rows of the partner, in which the entity is the counterparty (a shop's refund, the
    second side of a transfer); they stand with the entity that they follow from, and whoever writes rows
    exchanges the two. None where no row is.
    Raises DataError when the parts do not fit together.
    """

    events: MixedTable
    starts: Int1D
    entities: MixedTable
    roles: EventRoles
    begin: int
    end: int
    partner_is_entity: bool = False
    turned: Bool1D | None = None

    def __post_init__(self) -> None:
        lacking = [name for name in self.roles.named().values() if name not in self.events]
        if lacking or self.events[self.roles.time].kind != TIME:
            raise DataError(f"roles {self.roles}", expected="columns of the events, the time one of times")
        starts = self.starts
        if len(starts) != self.entities.rows + 1 or starts[0] != 0 or starts[-1] != self.events.rows:
            raise DataError(f"{len(starts)} starts for {self.entities.rows} entities", expected="one more")
        if self.turned is not None and len(self.turned) != self.events.rows:
            raise DataError(f"{len(self.turned)} marks of turned rows", expected=f"{self.events.rows}")
        times = self.events[self.roles.time].values
        if len(times) and (times.min() < self.begin or times.max() >= self.end):
            raise DataError("events outside the period", expected="begin <= time < end")
        if (np.diff(starts) < 0).any() or (np.diff(times)[self._inside()] < 0).any():
            raise DataError("events out of order", expected="rows by entity, and by time inside")

    def _inside(self) -> Array:
        """Return bool[n - 1]: whether a row and the next are of one entity."""
        same = np.ones(max(self.events.rows - 1, 0), dtype=np.bool_)
        edges = self.starts[1:-1]
        same[edges[(edges > 0) & (edges < self.events.rows)] - 1] = False
        return same

    @property
    def count(self) -> int:
        """Number of entities E."""
        return len(self.starts) - 1

    @property
    def times(self) -> Int1D:
        """Nanoseconds UTC of every event: int64[n]."""
        return self.events[self.roles.time].values

    def lengths(self) -> Int1D:
        """Return int64[E] the number of events of each entity."""
        return np.diff(self.starts)

    def entity(self) -> Int1D:
        """Return int64[n] the entity of each event."""
        return np.repeat(np.arange(self.count), self.lengths())

    def links(self) -> int:
        """Return how many pairs of an entity and a partner there are; without partners that of entities."""
        partner = self.part("partner")
        if partner is None or not len(partner):
            return self.count
        key = self.entity() * (int(partner.max()) + 2) + partner  # a row without a partner has -1
        return len(np.unique(key))

    def part(self, role: str) -> Array | None:
        """Return the values of the column that plays a role, None where there is none."""
        name = getattr(self.roles, role)
        return None if name is None else self.events[name].values

    def take(self, entities: Int1D) -> EventLog:
        """Return the log of some entities, in their order (partners keep their words)."""
        sizes = self.lengths()[entities]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        rows = np.repeat(self.starts[entities] - starts[:-1], sizes) + np.arange(starts[-1])
        turned = None if self.turned is None else self.turned[rows]
        return EventLog(self.events.take(rows), starts, self.entities.take(entities), self.roles,
                        self.begin, self.end, turned=turned)  # fmt: skip

    def blocks(self, entities: int) -> Iterator[EventLog]:
        """Yield the log in blocks of so many entities."""
        for first in range(0, self.count, entities):
            yield self.take(np.arange(first, min(first + entities, self.count)))

    def digest(self) -> str:
        """Return the sha256 of events, starts and entities, hexadecimal."""
        digest = hashlib.sha256(f"{self.roles} {self.begin} {self.end}".encode())
        digest.update(self.events.digest().encode() + self.entities.digest().encode())
        digest.update(np.ascontiguousarray(self.starts).tobytes())
        if self.turned is not None:
            digest.update(self.turned.tobytes())
        return digest.hexdigest()
