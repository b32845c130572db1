"""Which rows of a log answer which: the same two parties and the same sum, the other way.

What meets by chance is counted the other way round in time: a refund comes after its purchase, never before
it, and sums that two friends send each other meet as often before as after (a test of signs, own).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Bool1D, Float1D, Int1D
from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import MixedTable

LONGEST = 62
"""Days after a row within which one may answer it (assumption: payments are given back within two months)."""
REACHES = (LONGEST, 10, 3, 1)
"""Days within which answers are looked for, one after the other: what is paid each month is given back
within days, before time run back meets the payment of the next month (assumption)."""
NONE = -1
NANOS_PER_DAY = 86_400_000_000_000


@dataclass(frozen=True)
class Sides:
    """Rows of a log as moves between two parties, n rows.

    entity, partner int64[n]: partners that are entities have their numbers, other ones come behind them, -1
    lacks; where rows name nobody at all, ``named`` is false and all have one partner, who is no entity;
    ``side`` int64[n]: word of the direction and sign of the amount; ``size`` float64[n] the sum
    without its sign, NaN where it lacks; ``time`` int64[n] nanoseconds; ``entities`` E, of partners that are
    entities, 0 where none is.
    """

    entity: Int1D
    partner: Int1D
    side: Int1D
    size: Float1D
    time: Int1D
    entities: int
    named: bool = True

    @classmethod
    def of(cls, log: EventLog) -> Sides | None:
        """Return the moves of a log with amounts, and with partners or two sides of rows, else None."""
        partner, amount = log.part("partner"), log.part("amount")
        if amount is None or not log.events.rows:
            return None
        named = partner is not None
        if not named and len(np.unique(sides_of(log.events, log.roles))) < 2:
            return None
        other = np.full(log.events.rows, log.count) if partner is None else partner.astype(np.int64)
        return cls(
            log.entity(), other, sides_of(log.events, log.roles), np.abs(amount),
            log.times, log.count if named and log.partner_is_entity else 0, named,
        )  # fmt: skip

    def take(self, rows: Array) -> Sides:
        """Return some rows."""
        return Sides(self.entity[rows], self.partner[rows], self.side[rows], self.size[rows],
                     self.time[rows], self.entities, self.named)  # fmt: skip

    def between_entities(self) -> Bool1D:
        """Return bool[n], rows whose partner is another entity."""
        return np.asarray(
            (self.partner >= 0) & (self.partner < self.entities) & (self.partner != self.entity)
        )


def sides_of(table: MixedTable, roles: EventRoles) -> Int1D:
    """Return int64[n], twice the place of the direction's word (0 lacks), and 1 for amounts below 0."""
    found = np.zeros(table.rows, np.int64)
    if roles.direction is not None:
        found += 2 * (table[roles.direction].values.astype(np.int64) + 1)
    return found if roles.amount is None else found + (table[roles.amount].values < 0)


def answered(sides: Sides, turned: bool) -> tuple[Int1D, Int1D]:
    """Return int64[n] the row that each answers, and the row it would answer if time ran back; -1 for none.

    Rows of one pair and sum stand in order of time, and each answers the one before it that goes the other
    way: ``turned`` from the partner to the entity in the partner's own rows, else in the entity's own rows
    with another side.
    """
    way = (sides.entity < sides.partner).astype(np.int64) if turned else sides.side
    usable = (sides.partner >= 0) & (sides.size > 0)
    if turned:
        usable &= sides.between_entities()
    rows = np.flatnonzero(usable)
    low, high = sides.entity[rows], sides.partner[rows]
    if turned:
        low, high = np.minimum(low, high), np.maximum(low, high)
    sums = np.unique(sides.size[rows], return_inverse=True)[1]
    order = np.lexsort((sides.time[rows], sums, high, low))
    same = np.ones(max(len(rows) - 1, 0), dtype=np.bool_)
    for key in (low, high, sums):
        same &= key[order][1:] == key[order][:-1]
    rows = rows[order]
    wait = np.diff(sides.time[rows])
    same &= (way[rows][1:] != way[rows][:-1]) & (wait > 0) & (wait <= LONGEST * NANOS_PER_DAY)
    if turned:
        same &= sides.side[rows][1:] == sides.side[rows][:-1]
    before, after = np.full(len(sides.entity), NONE), np.full(len(sides.entity), NONE)
    before[rows[1:][same]] = rows[:-1][same]
    after[rows[:-1][same]] = rows[1:][same]
    return before, after


def larger_before(sides: Sides, rows: Int1D, may: Bool1D, turned: bool, *, back: bool = False) -> Int1D:
    """Return for each of ``rows`` the nearest earlier row of a larger sum that it may answer in part.

    int64[len(rows)], -1 for none; ``may`` bool[n] rows that are answered. ``back``: the nearest later one.
    """
    entity, partner = sides.entity, sides.partner
    wide = int(max(entity.max(initial=0), partner.max(initial=0))) + 2
    able = np.flatnonzero(may & (partner >= 0))
    key = entity[able] * wide + partner[able]
    able = able[np.lexsort((sides.time[able], key))]
    key = np.sort(key)
    asked = partner[rows] * wide + entity[rows] if turned else entity[rows] * wide + partner[rows]
    found = np.full(len(rows), NONE)
    for k in np.flatnonzero(partner[rows] >= 0):
        mine = able[np.searchsorted(key, asked[k], "left") : np.searchsorted(key, asked[k], "right")]
        wait = sides.time[rows[k]] - sides.time[mine]
        wait = -wait if back else wait
        near = (wait > 0) & (wait <= LONGEST * NANOS_PER_DAY) & (sides.size[mine] > sides.size[rows[k]])
        if near.any():
            found[k] = mine[near][np.argmin(wait[near])]
    return found
