"""Generations: as many new entities as learned ones.

Each with an anchor and payees that its neighbours have.

A generation hands out every link of entity and payee once, so payees keep how many entities share them. A
link goes to an entity whose anchor is near the one it comes from; only links that many share stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams

SHARED_BY, SHARED_SHARE = 8, 0.03
REACH = 3.0
"""How far a link goes, in places of the order of alike entities (assumption)."""
_GROUPS = 10


@dataclass(frozen=True)
class Links:
    """Pairs of an entity and its payee: entity, payee int64[L].

    runs, effect, doubt float64[L] (how often; by how much its amounts differ, in scores, and how surely);
    order int64[E], entities in an order of alike ones; ``twoway`` int64[L], 1 where the payee is an entity
    that pays back.
    """

    entity: Int1D
    payee: Int1D
    runs: Float1D
    effect: Float1D
    doubt: Float1D
    order: Int1D
    twoway: Int1D


@dataclass(frozen=True)
class Generation:
    """Anchors int64[S] of the entities.

    Their links: link int64[...] between starts int64[S + 1]; ``place`` int64[E], the entity of the
    generation that stands for each learned one.
    """

    anchor: Int1D
    starts: Int1D
    link: Int1D
    place: Int1D

    @classmethod
    def draw(cls, links: Links, payees: int, size: int, streams: Streams) -> Generation:
        """Return a generation of ``size`` entities, at most as many as were learned."""
        count = len(links.order)
        rng = streams.at("anchors")
        position = np.empty(count, np.int64)
        position[links.order] = np.arange(count)
        kept = np.minimum(((np.arange(size) + rng.random()) * count / size).astype(np.int64), count - 1)
        shuffled = rng.permutation(size)
        anchor = links.order[kept][shuffled]
        slot = np.empty(size, np.int64)
        slot[shuffled] = np.arange(size)
        nearest = np.minimum(np.searchsorted(kept, position, side="left"), size - 1)
        place = slot[nearest]
        owner = _handed_out(links, payees, position, rng)
        mine = np.full(count, -1)
        mine[anchor] = np.arange(size)
        receiver = mine[owner]
        given = np.flatnonzero(receiver >= 0)
        # Often used payees come first: an exponential race by the number of runs.
        race = rng.standard_exponential(len(links.entity)) / links.runs
        ordered = given[np.lexsort((race[given], receiver[given]))]
        starts = np.concatenate([[0], np.cumsum(np.bincount(receiver[given], minlength=size))])
        return cls(anchor, starts.astype(np.int64), ordered, place)


def _handed_out(links: Links, payees: int, position: Int1D, rng: np.random.Generator) -> Int1D:
    """Return the new owner, a learned entity, of each link: int64[L]."""
    degree = np.bincount(links.payee, minlength=payees)[links.payee]
    stays = (degree >= max(SHARED_BY, SHARED_SHARE * len(position))) | (links.twoway > 0)
    owner = links.entity.copy()
    often = np.minimum(np.log2(np.maximum(links.runs, 1.0)).astype(np.int64), _GROUPS)
    at = position[links.entity]
    wish = at + REACH * rng.standard_normal(len(at))
    draws = rng.random(len(at))
    for group in range(_GROUPS + 1):
        part = np.flatnonzero((often == group) & ~stays)
        from_order = part[np.argsort(wish[part], kind="stable")]
        to_order = part[np.lexsort((draws[part], at[part]))]
        owner[from_order] = links.entity[to_order]
    return _without_doubles(owner, links.payee, payees)


def _without_doubles(owner: Int1D, payee: Int1D, payees: int) -> Int1D:
    """Return the owners, none (-1) for a payee that an owner has already."""
    _, first = np.unique(owner * payees + payee, return_index=True)
    found = np.full(len(owner), -1)
    found[first] = owner[first]
    return found


def runs_of(link: Int1D, count: int) -> Float1D:
    """Return how many runs each link has."""
    return np.bincount(link, minlength=count).astype(np.float64)


def pays_back(entity: Int1D, payee: Int1D, entities: int, partner_is_entity: bool) -> Array:
    """Return int64[L], 1 where the payee is an entity that pays the entity too."""
    if not partner_is_entity:
        return np.zeros(len(entity), np.int64)
    key = entity * (int(payee.max(initial=0)) + entities + 1) + payee
    back = payee * (int(payee.max(initial=0)) + entities + 1) + entity
    return np.isin(back, key).astype(np.int64)
