"""New entities pay at home, and elsewhere on visits: payees of other places give way to ones of the place."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.places.home_places import NONE, Places
from finsim.kernels.events.payment_laws import Payments
from finsim.kernels.keys import keyed_uniforms
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Float1D, Int1D, Int2D
from finsim.randomness import Streams

MOST_VISITS, SHIFT = 24, 7
"""Visits of a new entity in a learned period at most; days by which one is moved at most (assumptions)."""


def placed(
    places: Places, events: Payments, who: tuple[Int1D, Int1D, Int1D], day: Int1D, streams: Streams
) -> Payments:
    """Return payments whose local payees are those of the place where the entity is on the day.

    ``who`` : the number int64[S] of each entity, the learned one int64[S] whose home it has, and the entity
    int64[n] of each payment; day int64[n]. An entity makes as many visits as one of its home, each that of
    any of its home, moved by some days, so no learned one's. A payee gives way to one of the same kind, the
    same one each time.
    """
    number, like, entity = who
    home = places.home[like]
    own = places.place[events.payee]
    wanted = home[entity]
    local = (own >= 0) & (wanted >= 0)
    visits = _visits(places, number, home, int(day.max(initial=0)) + 1, streams)
    for at in range(visits.shape[1]):
        first, length, there = (visits[:, at, k] for k in range(3))
        inside = (there[entity] >= 0) & (day >= first[entity]) & (day <= first[entity] + length[entity])
        wanted = np.where(inside, there[entity], wanted)
    rows = np.flatnonzero(local & (own != wanted))
    if not len(rows):
        return events
    keys = np.stack([number[entity[rows]], events.payee[rows], wanted[rows]]).astype(np.uint64)
    found = _payees(
        places, wanted[rows], places.kind[events.payee[rows]], keyed_uniforms(keys, streams.word("payee"))
    )
    rows, found = rows[found >= 0], found[found >= 0]
    payee, offer, repeated = events.payee.copy(), events.offer.copy(), events.like.copy()
    payee[rows], offer[rows] = found, NONE
    back = repeated >= 0
    broken = np.flatnonzero(
        back & (payee[np.maximum(repeated, 0)] != payee) & (events.payee[repeated] == events.payee)
    )
    repeated[broken] = NONE
    return events._replace(payee=payee, offer=offer, like=repeated)


def _payees(places: Places, place: Int1D, kind: Int1D, draw: Float1D) -> Int1D:
    """Return payees int64[n] of a place and kind, of any kind where there is none, -1 where none is."""
    kinds = places.kinds
    low, high = places.edges[place * kinds + kind], places.edges[place * kinds + kind + 1]
    none = low == high
    low = np.where(none, places.edges[place * kinds], low)
    high = np.where(none, places.edges[(place + 1) * kinds], high)
    before = np.append(0.0, places.share)
    at = np.searchsorted(places.share, before[low] + draw * (before[high] - before[low]), side="right")
    at = np.minimum(at, np.maximum(high - 1, 0))
    return np.where(low < high, places.order[at] if len(places.order) else NONE, NONE).astype(np.int64)


def _visits(places: Places, number: Int1D, home: Int1D, days: int, streams: Streams) -> Int2D:
    """Return first day, days after it and place of the visits of entities, int64[S, V, 3]; -1 for none."""
    period = int(places.days[0])
    blocks = []
    for block in range(max(-(-days // period), 1)):
        draws = np.empty((len(number), 1 + 2 * MOST_VISITS))
        _fill(number, streams.word("visits", block), draws)
        blocks.append(_block(places, home, block * period, draws))
    return np.concatenate(blocks, axis=1)


def _fill(number: Int1D, seed: int, draws: Array) -> None:
    """Write the draws of entities, whose numbers are one run."""
    if len(number):
        fill_uniforms(np.uint64(seed), int(number[0]), draws)


def _block(places: Places, home: Int1D, begin: int, draws: Array) -> Int2D:
    there = np.maximum(home, 0)
    people = places.of_home[there + 1] - places.of_home[there]
    trips = places.from_home[there + 1] - places.from_home[there]
    some = (home >= 0) & (people > 0) & (trips > 0)
    if not some.any():
        return np.full((len(home), 0, 3), NONE)
    chosen = places.of_home[there] + np.minimum(
        (draws[:, 0] * people).astype(np.int64), np.maximum(people - 1, 0)
    )
    count = np.where(some, places.many[np.minimum(chosen, len(places.many) - 1)], 0)
    most = int(min(count.max(initial=0), MOST_VISITS))
    found = np.full((len(home), most, 3), NONE)
    for at in range(most):
        pick = places.from_home[there] + np.minimum(
            (draws[:, 1 + 2 * at] * trips).astype(np.int64), np.maximum(trips - 1, 0)
        )
        visit = places.visit[np.minimum(pick, len(places.visit) - 1)]
        moved = np.floor(draws[:, 2 + 2 * at] * (2 * SHIFT + 1)).astype(np.int64) - SHIFT
        is_made = count > at
        found[is_made, at] = visit[is_made]
        found[is_made, at, 0] = begin + np.maximum(visit[is_made, 0] + moved[is_made], 0)
    return found
