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
CROSSED = 16
"""Entities of about one size among which kinds of payees change owners (assumption)."""
FEWEST_BLOCKS = 6
"""Parts of a small class of lives, at least, so that sizes stay together (assumption)."""
LEAST_DEALT, MOST_TURNS = 1_000, 16
"""Entities whose links are dealt in one turn at least, and turns of a generation (assumptions)."""
_GROUPS = 10


@dataclass(frozen=True)
class Links:
    """Pairs of an entity and its payee: entity, payee int64[L].

    runs, effect, doubt float64[L] (how often; by how much its amounts differ, in scores, and how surely);
    order int64[E], entities in an order of alike ones; ``twoway`` int64[L], 1 where the payee is an entity
    that pays back; points float64[E, D], where entities lie by their payees; reach float64[E], the
    square of the distance within which links go anywhere; ``dealt`` int64[L], the state that generations
    begin with; ``alike`` int64[E], an order in which neighbors have like payees; kind int64[L]
    of the payee, its trade times 2, 1 more where it brings days of many payments; ``main`` int64[L], 1 for
    links that lead the life of their entity; ``sized`` int64[E], an order in which neighbors have about as
    many payees; ``part`` int64[E], whose entities pay among themselves, as those of a currency do: nothing
    changes owners across parts. ``sort`` int64[E] of the entity, firm or person: links change owners and
    lives are mixed within a part and sort alone, and all orders go by these.
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
    alike: Int1D
    kind: Int1D
    main: Int1D
    sized: Int1D
    part: Int1D
    sort: Int1D

    @property
    def group(self) -> Int1D:
        """Part and sort of each entity in one number, int64[E]."""
        return groups_of(self.part, self.sort)


def groups_of(part: Int1D, sort: Int1D) -> Int1D:
    """Return part and sort of each entity in one number, int64[E]."""
    return part * (int(sort.max(initial=0)) + 1) + sort


@dataclass
class Generation:
    """New entities of a generation, S of them, whose links are dealt as far as they are asked for.

    anchor int64[S]; ``payees_of`` int64[S], learned entities that meet about as many payees as they;
    ``more`` float64[S], how many times as many; ``place`` int64[E], the entity of the generation that
    stands for each learned one; ``dealt`` int64[S], the offers of each that nobody else of it has.
    """

    anchor: Int1D
    payees_of: Int1D
    more: Float1D
    place: Int1D
    dealt: Int1D
    _hand: _Hand

    @classmethod
    def draw(cls, links: Links, size: int, streams: Streams) -> Generation:
        """Return a generation of ``size`` entities, at most as many as were learned."""
        count = len(links.order)
        anchor, place = anchors_of(links, size, streams.at("anchors"))
        learned = np.bincount(links.entity, minlength=count)[anchor]
        dealing = crossed(links, _slots(links), streams.at("crossed"))
        near = np.empty(count, np.int64)
        near[links.alike] = np.arange(count)
        own = np.diff(dealing[2].starts)[near[anchor]]
        mate = mates(near[anchor], links.group[anchor])
        wanted, giver = counts_anew(own, mate, streams.at("counts"))
        hand = _Hand.of(links, dealing, anchor, mate, wanted, streams)
        return cls(anchor, anchor[giver], wanted / np.maximum(learned[giver], 1), place, wanted, hand)

    def offers(self, first: int, end: int) -> tuple[Int1D, Int1D]:
        """Return how many links entities first to end - 1 are offered int64[end - first], and the links."""
        return self._hand.offers(first, end)


def anchors_of(links: Links, size: int, rng: np.random.Generator) -> tuple[Int1D, Int1D]:
    """Return the anchors int64[S] of a generation, and who stands for each learned entity int64[E]."""
    count = len(links.order)
    position = np.empty(count, np.int64)
    position[links.order] = np.arange(count)
    kept = np.minimum(((np.arange(size) + rng.random()) * count / size).astype(np.int64), count - 1)
    shuffled = rng.permutation(size)
    slot = np.empty(size, np.int64)
    slot[shuffled] = np.arange(size)
    nearest = np.minimum(np.searchsorted(kept, position, side="left"), size - 1)
    return links.order[kept][shuffled], slot[nearest]


@dataclass
class _Hand:
    """The links of a generation: ``state`` int64[L], that in each slot, after the first ``done`` turns.

    An entity and its mate have one turn; entities have turns in their order, so one that is asked for
    waits for those before it alone.
    """

    links: Links
    slots: Slots
    order: Int1D
    taker: Int1D
    mate: Int1D
    wanted: Int1D
    race: Float1D
    word: int
    state: Int1D
    done: int = 0

    @classmethod
    def of(
        cls, links: Links, dealing: Dealing, anchor: Int1D, mate: Int1D, wanted: Int1D, streams: Streams
    ) -> _Hand:
        """Return the links of a generation before any is dealt."""
        alike, order, slots = dealing
        position = np.empty(len(alike), np.int64)
        position[alike] = np.arange(len(alike))
        number = np.arange(len(anchor)) // max(LEAST_DEALT, -(-len(anchor) // MOST_TURNS))
        turn = np.full(len(alike), MOST_TURNS, np.int64)
        turn[position[anchor]] = np.minimum(number, number[mate])
        # Payees that pay back come first, then often used ones: an exponential race by the number of runs.
        race = streams.at("race").standard_exponential(len(links.entity)) / links.runs
        race = np.where(links.twoway > 0, -1.0, race)
        word = streams.word("swaps")
        slots = slots._replace(turn=turn)
        return cls(links, slots, order, position[anchor], mate, wanted, race, word, links.dealt.copy())

    def offers(self, first: int, end: int) -> tuple[Int1D, Int1D]:
        """Return how many links each of the entities is offered, and the links."""
        last = int(self.slots.turn[self.taker[first:end]].max(initial=-1))
        for turn in range(self.done, last + 1):
            _swapped(self.links, self.order, self.slots, self.word, turn, FRESH_SWEEPS, self.state)
        self.done = max(self.done, last + 1)
        entity = np.union1d(np.arange(first, end), self.mate[first:end])
        starts, owned = self.slots.starts, self.slots.owned
        begin = starts[self.taker[entity]]
        own = starts[self.taker[entity] + 1] - begin
        of = np.repeat(np.arange(len(entity)), own)
        inside = np.arange(len(of)) - np.repeat(np.cumsum(own) - own, own)
        link = self.order[self.state[owned[begin[of] + inside]]]
        link = link[np.lexsort((self.race[link], of))]
        asked = np.searchsorted(entity, np.arange(first, end))
        mate = np.searchsorted(entity, self.mate[first:end])
        return with_reserve(link, own, self.wanted[first:end], asked, mate)


def mates(position: Int1D, part: Int1D) -> Int1D:
    """Return int64[S], the neighbor of each entity by position, two each other's.

    One that is left over, or whose neighbor is of another part, is its own.
    """
    near = np.argsort(position, kind="stable")
    found = np.arange(len(near))
    paired = near[: len(near) // 2 * 2].reshape(-1, 2)
    paired = paired[part[paired[:, 0]] == part[paired[:, 1]]]
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


def with_reserve(link: Int1D, own: Int1D, wanted: Int1D, asked: Int1D, mate: Int1D) -> tuple[Int1D, Int1D]:
    """Return how many links each asked entity is offered int64[Q], and the links.

    link int64[L], own int64[S] of each entity in a row; asked, mate, wanted int64[Q]. First come the
    entity's own links, then the last ones of its mate: they complete the ``wanted`` ones, and an entity
    that meets still more payees goes on with them. The mate comes to them last, and often not at all:
    payees keep how many have them.
    """
    begin = np.concatenate([[0], np.cumsum(own)])
    kept = np.minimum(own[asked], wanted)
    more = np.where(asked == mate, 0, wanted - kept + np.ceil(RESERVE * wanted).astype(np.int64) + 1)
    size = kept + np.minimum(own[mate], more)
    entity = np.repeat(np.arange(len(asked)), size)
    place = np.arange(len(entity)) - np.repeat(np.cumsum(size) - size, size)
    back = begin[mate + 1][entity] - 1 - (place - kept[entity])
    return size, link[np.where(place < kept[entity], begin[asked][entity] + place, back)]


Dealing: TypeAlias = tuple[Int1D, Int1D, Slots]
"""Takers in an order of alike ones, the link of each slot at home, and the slots."""
Dealt: TypeAlias = dict[tuple[int, int], Generation]
"""Generations by a word of their streams and their size."""


def crossed(links: Links, found: Dealing, rng: np.random.Generator) -> Dealing:
    """Return slots whose kinds have changed owners, each as a whole, among entities of about one size.

    How many payees of which kinds an entity has is private too: a new one has each kind of another one.
    Main links stay, as they go with the life of their entity. Payees of one trade stay too: there is nothing
    but near and far to tell them by, and mates split their numbers anew.
    """
    alike, order, slots = found
    if not len(links.kind) or np.ptp(links.kind // 2) == 0:
        return found
    count = len(alike)
    position = np.empty(count, np.int64)
    position[alike] = np.arange(count)
    places = position[links.sized]
    at, kind = slots.at.copy(), links.kind[order]
    free = (np.arange(len(at)) < slots.borders[-1]) & (links.main[order] == 0)
    for one in np.unique(kind):
        block = (np.arange(count) + rng.integers(CROSSED)) // CROSSED
        owner = np.empty(count, np.int64)
        owner[places] = places[np.lexsort((rng.random(count), block, links.group[links.sized]))]
        rows = free & (kind == one)
        at[rows] = owner[at[rows]]
    return alike, order, _owned(slots, at, count)


def other_lives(sized: Int1D, kind: Int1D, part: Int1D, rng: np.random.Generator) -> Int1D:
    """Return for each learned entity one of about its size int64[E], each once.

    ``kind`` and ``part`` int64[E] are kept. Whose life is like that of one entity has the payees of others.
    """
    found = np.empty(len(sized), np.int64)
    both = part * (int(kind.max(initial=0)) + 1) + kind
    for one in np.unique(both):
        same = sized[both[sized] == one]
        wide = min(CROSSED, len(same) // FEWEST_BLOCKS + 2)
        block = (np.arange(len(same)) + rng.integers(wide)) // wide
        found[same] = same[np.lexsort((rng.random(len(same)), block))]
    return found


def within_part(found: Int1D, part: Int1D, wanted: Int1D) -> Int1D:
    """Return new entities int64[n] of the parts wanted int64[n]: those found, or the next ones of the part.

    part int64[S] of each new entity. Payees that many have are met without a link, whatever their part.
    """
    result = found.copy()
    wrong = part[found] != wanted
    for one in np.unique(wanted[wrong]):
        members, rows = np.flatnonzero(part == one), np.flatnonzero(wrong & (wanted == one))
        if len(members):
            result[rows] = members[np.searchsorted(members, found[rows]) % len(members)]
    return result


def outers_within(links: Links, payee: Int1D, wanted: Int1D, none: int, size: int) -> Int1D:
    """Return payees int64[n]: outer ones that only other parts pay become the next of the part wanted.

    ``none`` stands for a missing counterparty; payees from ``size`` on are no entities.
    """
    outer = links.payee >= size
    if not outer.any() or not links.part.any():
        return payee
    count = max(int(links.payee.max()), int(payee.max(initial=0))) + 1
    low, high = np.full(count, len(links.part)), np.full(count, -1)
    np.minimum.at(low, links.payee[outer], links.part[links.entity[outer]])
    np.maximum.at(high, links.payee[outer], links.part[links.entity[outer]])
    low[none:], high[none:] = -1, -1
    wrong = (low[payee] >= 0) & (payee >= size) & ((wanted < low[payee]) | (wanted > high[payee]))
    result = payee.copy()
    for one in np.unique(wanted[wrong]):
        members, rows = np.flatnonzero((low <= one) & (one <= high)), np.flatnonzero(wrong & (wanted == one))
        if len(members):
            result[rows] = members[np.searchsorted(members, payee[rows]) % len(members)]
    return result


def _owned(slots: Slots, at: Int1D, count: int) -> Slots:
    """Return the slots with the takers that they are of."""
    owned = np.argsort(at, kind="stable").astype(np.int64)
    starts = np.searchsorted(at[owned], np.arange(count + 1)).astype(np.int64)
    return slots._replace(at=at, starts=starts, owned=owned)


def handed_out(links: Links, dealt: Int1D, streams: Streams) -> Int1D:
    """Return the new owner, a learned entity, of each link: int64[L], from the link in each slot.

    ``streams`` : those that the links were dealt with.
    """
    alike, order, slots = crossed(links, _slots(links), streams.at("crossed"))
    owner = np.empty(len(order), np.int64)
    owner[order[dealt]] = alike[slots.at]
    return owner


def deal(links: Links, streams: Streams, sweeps: int) -> Int1D:
    """Return the link in each slot after some more swaps: int64[L].

    Links change owners with others that are used about as often; those of entities that pay back stay.
    """
    _, order, slots = crossed(links, _slots(links), streams.at("crossed"))
    link = links.dealt.copy()
    _swapped(links, order, slots, streams.word("swaps"), 0, sweeps, link)
    return link


def _swapped(
    links: Links, order: Int1D, slots: Slots, word: int, turn: int, sweeps: int, link: Int1D
) -> None:
    """Swap the links of the takers of a turn, in place."""
    alike = links.alike
    swap_links(
        np.uint64(word), turn, sweeps, slots, links.payee[order].astype(np.int64),
        np.ascontiguousarray(links.points[alike]), np.ascontiguousarray(links.reach[alike]), link,
    )  # fmt: skip


def _slots(links: Links) -> Dealing:
    """Return the slots at home, in groups: of one kind, used about as often, of payees as widely shared."""
    alike = links.alike
    position = np.empty(len(alike), np.int64)
    position[alike] = np.arange(len(alike))
    often = np.minimum(np.log2(np.maximum(links.runs, 1.0)).astype(np.int64), _GROUPS)
    degree = np.bincount(links.payee)[links.payee]
    steps = np.append(SHARED, max(SHARED[-1], WIDELY * len(position)))
    group = often * (len(steps) + 1) + np.searchsorted(steps, degree, side="right")
    groups = (_GROUPS + 1) * (len(steps) + 1)
    group += links.kind * groups
    groups *= int(links.kind.max(initial=0)) + 1
    group += links.group[links.entity] * groups
    groups *= int(links.group.max(initial=0)) + 1
    group = np.where(links.twoway > 0, groups, group)
    order = np.lexsort((position[links.entity], group))
    borders = np.searchsorted(group[order], np.arange(groups + 1)).astype(np.int64)
    at = position[links.entity][order]
    none = np.zeros(0, np.int64)
    slots = Slots(borders, at, none, none, np.zeros(len(alike), np.int64), at)
    return alike, order, _owned(slots, at, len(alike))


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
