"""Payments of which a ledger has the rows of both accounts: each is counted once."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.echoes.answering_rows import NANOS_PER_DAY, Sides
from finsim.generators.events.habits.echoes.second_sides import Pairs, paired, second_sides
from finsim.generators.events.habits.echoes.side_fees import EQUAL, Difference
from finsim.notation import Array, Bool1D, Int1D
from finsim.records.event_log import EventLog

FIRST, SECOND = 0, 1


def pairs_of(log: EventLog) -> Pairs | None:
    """Return the second sides of a ledger's transfers, as ``habits`` finds them; None where it has none."""
    sides = Sides.of(log)
    return None if sides is None else second_sides(sides, int(sides.side.max(initial=0)) + 1)


def second_rows(pairs: Pairs, log: EventLog) -> Bool1D:
    """Return bool[n], the rows of the ledger itself whose payment another row is too."""
    found = np.zeros(log.events.rows, dtype=np.bool_)
    found[pairs.two] = True
    return found


def answering_sides(pairs: Pairs, log: EventLog, entities: int, entity: Int1D) -> Bool1D:
    """Return bool[n], rows on the second side between entities, of a model that learned both sides apart.

    Its rows do not say which two are one payment; first sides alone are as many as there were payments.
    """
    sides = Sides.of(log)
    assert sides is not None
    partner = sides.partner
    inside = (partner >= 0) & (partner < entities) & (partner != entity)
    return np.asarray(inside & (sides.side != pairs.side))


def turned_twice(
    turned: Bool1D, parties: tuple[Int1D, Int1D, Bool1D], amounts: Array, times: Int1D, reach: int,
    laws: tuple[Difference, ...] = (EQUAL,),
) -> Bool1D:  # fmt: skip
    """Return bool[n], rows that are the second side of one before: one of both is the partner's row.

    ``parties``: the entity that a row stands with, the other side, and whether the entity pays. A second side
    stands with the entity of the first, so no row of another one is looked at and shards may be of any size.
    Same payer, payee and sum (or sums that differ by one of ``laws``, in their units), at most ``reach``
    nanoseconds later, and a day more where the day counts.
    """
    entity, other, pays = parties
    longest = reach + (NANOS_PER_DAY if reach >= NANOS_PER_DAY else 0)
    own = 2 * entity.astype(np.int64) + pays
    them = other.astype(np.int64) + int(own.max(initial=0)) + 1
    wide = int(them.max(initial=0)) + 1
    sums = np.nan_to_num(amounts)
    found = np.zeros(len(turned), dtype=np.bool_)
    for first in (False, True):
        rows = np.flatnonzero(~found)
        is_first = (turned == first)[rows]
        one, two = np.where(is_first, own[rows], them[rows]), np.where(is_first, them[rows], own[rows])
        some = Sides(one, two, np.where(is_first, FIRST, SECOND), sums[rows], times[rows], wide)
        found[rows[paired(some, (FIRST, SECOND), laws, reach=longest)[1]]] = True
    return found
