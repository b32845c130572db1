"""Which standing series each new entity of a generation has: how many of a kind, and at which payees.

Entities take the kinds of a learned one of their class and about their size. Payees are dealt: each learned
series hands its payee out once, so a payee keeps how many entities pay it. Where payees are entities, who is
paid is dealt by how many series pay each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.standing.law import MANY, StandingLaw
from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams

CROSSED = 16
"""Entities of about one size among which kinds of series change owners (assumption)."""
COUNT_MOVE = 0.1
"""S.d. of the logarithm that many series of a kind are moved by: an exact number is private (assumption)."""
MOST_SWAPS = 40


@dataclass(frozen=True)
class Hand:
    """The series of a generation: kind, offer, payee int64[M], those of entity s from starts[s] int64[S + 1].

    payee : the entity of the generation that is paid, -1 where the offer's payee is no entity.
    """

    starts: Int1D
    kind: Int1D
    offer: Int1D
    payee: Int1D


def deal_hand(law: StandingLaw, anchor: Int1D, is_entity: Array, to: Int1D, streams: Streams) -> Hand:
    """Return the series of new entities with anchors int64[S].

    is_entity bool[O], offers whose payee is one of the learned entities; to int64[O], which one.
    """
    donor = crossed(law.order, law.group, streams.at("donors"))[anchor]
    pairs, many = np.unique(law.entity * law.kinds + law.kind, return_counts=True)
    begin = np.searchsorted(pairs, np.arange(len(law.order) + 1) * law.kinds)
    sizes = np.diff(begin)[donor]
    slot = np.repeat(np.arange(len(anchor)), sizes)
    place = begin[donor][slot] + np.arange(len(slot)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    of_pair = pairs[place] % law.kinds
    count = moved_counts(many[place], of_pair, streams.at("counts"))
    slot, kind = np.repeat(slot, count), np.repeat(of_pair, count)
    offer, payee = np.zeros(len(kind), np.int64), np.full(len(kind), -1)
    for one in np.unique(kind):
        rows = np.flatnonzero(kind == one)
        rng = streams.at("payees", int(one))
        known = law.offer[law.kind == one]
        offer[rows] = np.resize(rng.permutation(known), len(rows))
        if is_entity[offer[rows]].any():
            paid = np.bincount(to[known[is_entity[known]]], minlength=len(law.order))[donor]
            paid = np.repeat(np.arange(len(anchor)), paid)
            paid = paid if len(paid) else np.arange(len(anchor))
            some = rows[is_entity[offer[rows]]]
            payee[some] = payees_of(paid, law.group[donor], np.unique(slot[rows]), len(some), rng)
            payee[some] = np.where(payee[some] == slot[some], (payee[some] + 1) % len(anchor), payee[some])
        apart(slot, (offer, law.offer_payee), payee, rows, float(law.doubles[one]) * len(rows), rng)
    starts = np.searchsorted(slot, np.arange(len(anchor) + 1)).astype(np.int64)
    return Hand(starts, kind, offer, payee)


def payees_of(paid: Int1D, group: Int1D, payers: Int1D, many: int, rng: np.random.Generator) -> Int1D:
    """Return who is paid int64[many]: those ``paid``, then others like them, then all who pay no one, again.

    paid : entities, each as often as its donor is paid; group int64[S], what entities are like.
    """
    others = np.setdiff1d(np.arange(len(group)), paid)
    like = np.isin(group[others], group[paid])
    more = others[like], np.setdiff1d(others[~like], payers)
    return np.resize(np.concatenate([rng.permutation(one) for one in (paid, *more)]), many)


def crossed(order: Int1D, group: Int1D, rng: np.random.Generator) -> Int1D:
    """Return for each learned entity one of its class and about its size int64[E], each once."""
    block = (np.arange(len(order)) + rng.integers(CROSSED)) // CROSSED
    found = np.empty(len(order), np.int64)
    found[order] = order[np.lexsort((rng.random(len(order)), block, group[order]))]
    return found


def moved_counts(count: Int1D, kind: Int1D, rng: np.random.Generator) -> Int1D:
    """Return numbers of series int64[n] near those given; of each kind there are about as many in all."""
    draws = rng.standard_normal(len(count))
    moved: Float1D = np.where(count >= MANY, count * np.exp(COUNT_MOVE * draws), count)
    for one in np.unique(kind[count >= MANY]):
        rows = (kind == one) & (count >= MANY)
        moved[rows] *= count[rows].sum() / moved[rows].sum()
    return np.maximum(np.round(moved), 1).astype(np.int64)


def apart(
    slot: Int1D, offers: tuple[Int1D, Int1D], payee: Int1D, rows: Int1D, usual: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Exchange payees among series ``rows`` of one kind until few entities have one twice; writes into them.

    offers : that of each series, and the payee of each offer. usual : how many series are at a payee that
    their entity has already.
    """
    offer, of_payee = offers
    size = int(max(of_payee.max(initial=0), payee.max(initial=0))) + 2
    for _ in range(MOST_SWAPS):
        key = (slot[rows] * size + of_payee[offer[rows]]) * size + payee[rows] + 1
        second = np.ones(len(rows), np.bool_)
        # Of series to entities, the entity is the payee, whichever offer it came from.
        key = np.where(payee[rows] >= 0, slot[rows] * size * size + payee[rows] + 1, key)
        second[np.unique(key, return_index=True)[1]] = False
        again = rows[second | (payee[rows] == slot[rows])]
        if len(again) <= usual:
            return
        some = np.union1d(again, rng.choice(rows, min(len(again), len(rows)), replace=False))
        mixed = rng.permutation(some)
        offer[some], payee[some] = offer[mixed], payee[mixed]
