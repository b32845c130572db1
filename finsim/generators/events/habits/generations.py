"""Generations: as many new entities as learned ones.

Each with an anchor and payees that its neighbours have.

A generation hands out every link of entity and payee once, so payees keep how many entities share them. A
link goes to an entity whose anchor is near the one it comes from, as far as ``Links.reach`` says: so far
that no new entity has the payees of a learned one (``link_reach.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from finsim.generators.events.habits.community import order_alike
from finsim.kernels.events.link_swaps import Slots, swap_links
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams

SWEEPS, FRESH_SWEEPS = 80, 16
"""How often each link is offered a swap in the fit, and from there on in each generation (assumptions)."""
SHARED, WIDELY = (2, 4, 8), 0.08
"""Links of payees that about as many entities share change owners among each other (assumptions).

``WIDELY`` is a share of all entities.
"""
RESERVE, COUNT_MOVE, ALIKE = 0.5, 0.1, 1.35
"""Part of its own links that an entity may take from its mate beyond them; s.d. of what two mates move of
the smaller number of payees (assumptions)."""
_GROUPS = 10


@dataclass(frozen=True)
class Links:
    """Pairs of an entity and its payee: entity, payee int64[L].

    runs, effect, doubt float64[L] (how often; by how much its amounts differ, in scores, and how surely);
    order int64[E], entities in an order of alike ones; ``twoway`` int64[L], 1 where the payee is an entity
    that pays back; points float64[E, D], where entities lie by their payees; reach float64[E], the
    square of the distance within which links go anywhere.
    """

    entity: Int1D
    payee: Int1D
    runs: Float1D
    effect: Float1D
    doubt: Float1D
    order: Int1D
    twoway: Int1D
    points: Float2D
    reach: Float1D
    dealt: Int1D


@dataclass(frozen=True)
class Generation:
    """Anchors int64[S] of the entities.

    Their links: link int64[...] between starts int64[S + 1], the last ones from a neighbor. ``payees_of``
    int64[S], learned entities that meet about as many payees as they; ``more`` float64[S], how many times
    as many; ``place`` int64[E], the entity of the
    generation that stands for each learned one.
    """

    anchor: Int1D
    starts: Int1D
    link: Int1D
    payees_of: Int1D
    more: Float1D
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
        owner = handed_out(links, deal(links, streams, FRESH_SWEEPS))
        mine = np.full(count, -1)
        mine[anchor] = np.arange(size)
        receiver = mine[owner]
        given = np.flatnonzero(receiver >= 0)
        # Payees that pay back come first, then often used ones: an exponential race by the number of runs.
        race = rng.standard_exponential(len(links.entity)) / links.runs
        ordered = given[np.lexsort((race[given], 1 - links.twoway[given], receiver[given]))]
        own = np.bincount(receiver[given], minlength=size)
        mate = mates(position[anchor])
        wanted, giver = counts_anew(own, mate, streams.at("counts"))
        starts, link = with_reserve(ordered, own, wanted, mate)
        return cls(anchor, starts, link, anchor[giver], wanted / np.maximum(own[giver], 1), place)


def mates(position: Int1D) -> Int1D:
    """Return int64[S], the neighbor of each entity by position; two are each other's, a last one is its own."""
    near = np.argsort(position, kind="stable")
    found = np.arange(len(near))
    paired = near[: len(near) // 2 * 2].reshape(-1, 2)
    found[paired[:, 0]], found[paired[:, 1]] = paired[:, 1], paired[:, 0]
    return found


def counts_anew(own: Int1D, mate: Int1D, rng: np.random.Generator) -> tuple[Int1D, Int1D]:
    """Return how many payees each entity is to have, and who has about as many: int64[S] each.

    A pair of mates keeps its links, anew split. Half of the pairs of about as many change their numbers:
    how many payees a learned entity has is private too.
    """
    one = np.flatnonzero(np.arange(len(mate)) < mate)
    two, swapped = mate[one], rng.random(len(own))[one] < 0.5
    smaller = np.minimum(own[one], own[two])
    moved = np.round(COUNT_MOVE * rng.standard_normal(len(own))[one] * smaller)
    total, least = own[one] + own[two], np.minimum(smaller, 1)
    swapped &= total - smaller <= ALIKE * smaller
    count = np.clip(np.where(swapped, own[two], own[one]) + moved.astype(np.int64), least, total - least)
    found = own.copy()
    found[one], found[two] = count, total - count
    giver = np.arange(len(own))
    giver[one], giver[two] = np.where(swapped, two, one), np.where(swapped, one, two)
    return found, giver


def with_reserve(link: Int1D, own: Int1D, wanted: Int1D, mate: Int1D) -> tuple[Int1D, Int1D]:
    """Return starts int64[S + 1] and links: the first of each entity, then the last ones of its mate.

    link int64[L], own int64[S] of each entity in a row. Those of the mate complete the ``wanted`` ones; an
    entity that meets still more payees goes on with them. The mate comes to them last, and often not at
    all: payees keep how many have them.
    """
    begin = np.concatenate([[0], np.cumsum(own)])
    kept = np.minimum(own, wanted)
    more = np.minimum(own[mate], wanted - kept + np.ceil(RESERVE * wanted).astype(np.int64) + 1)
    starts = np.concatenate([[0], np.cumsum(kept + more)]).astype(np.int64)
    entity = np.repeat(np.arange(len(own)), kept + more)
    place = np.arange(starts[-1]) - starts[entity]
    back = begin[mate[entity] + 1] - 1 - (place - kept[entity])
    return starts, link[np.where(place < kept[entity], begin[entity] + place, back)]


Dealt: TypeAlias = dict[tuple[int, int], Generation]
"""Generations by a word of their streams and their size."""


def handed_out(links: Links, dealt: Int1D) -> Int1D:
    """Return the new owner, a learned entity, of each link: int64[L], from the link in each slot."""
    alike, order, slots = _slots(links)
    owner = np.empty(len(order), np.int64)
    owner[order[dealt]] = alike[slots.at]
    return owner


def deal(links: Links, streams: Streams, sweeps: int) -> Int1D:
    """Return the link in each slot after some more swaps: int64[L].

    Links change owners with others that are used about as often; those of entities that pay back stay.
    """
    alike, order, slots = _slots(links)
    link = links.dealt.copy()
    swap_links(
        np.uint64(streams.word("swaps")), sweeps, slots, links.payee[order].astype(np.int64),
        np.ascontiguousarray(links.points[alike]), np.ascontiguousarray(links.reach[alike]), link,
    )  # fmt: skip
    return link


def _slots(links: Links) -> tuple[Int1D, Int1D, Slots]:
    """Return the takers in an order of alike ones, the link of each slot at home, and the slots."""
    alike = order_alike(links.points)
    position = np.empty(len(alike), np.int64)
    position[alike] = np.arange(len(alike))
    often = np.minimum(np.log2(np.maximum(links.runs, 1.0)).astype(np.int64), _GROUPS)
    degree = np.bincount(links.payee)[links.payee]
    steps = np.append(SHARED, max(SHARED[-1], WIDELY * len(position)))
    often = often * (len(steps) + 1) + np.searchsorted(steps, degree, side="right")
    groups = (_GROUPS + 1) * (len(steps) + 1)
    often = np.where(links.twoway > 0, groups, often)
    order = np.lexsort((position[links.entity], often))
    borders = np.searchsorted(often[order], np.arange(groups + 1)).astype(np.int64)
    at = position[links.entity][order]
    owned = np.argsort(at, kind="stable").astype(np.int64)
    starts = np.searchsorted(at[owned], np.arange(len(position) + 1)).astype(np.int64)
    return alike, order, Slots(borders, at, starts, owned)


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
