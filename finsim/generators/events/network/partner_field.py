"""Counterparties as tokens: popular ones by themselves, others by class; what they bring with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.kernels.events.event_memory import FIRST_RANK
from finsim.kernels.events.event_network import IDENTITY, POINTER
from finsim.notation import Array, Float1D, Int1D, Int2D

LEAST_ENTITIES = 5
STRATA = (1, 4)
FEWEST_OF_CLASS = 30
PURE, LEAST_REPEATED = 0.85, 0.2


@dataclass(frozen=True)
class PartnerField:
    """Identities: 0 none; 1 to ``popular`` one counterparty each; then classes.

    identity int64[P + 1] of each word (the last: 0); popular int64[] codes; deck int64[S] codes of the
    others, once for each entity that has them, shuffled, those of class c from ``decks[c]``; entities : how
    many the decks were counted over. kinds int64[R, M] rows of what counterparties bring with them (places
    among the values of M bound columns), those of code p from ``firsts[p]``, ``weights`` [R] the code and
    the cumulative share.
    """

    identity: Int1D
    popular: Int1D
    deck: Int1D
    decks: Int1D
    entities: int
    kinds: Int2D
    firsts: Int1D
    weights: Float1D

    @property
    def identities(self) -> int:
        """Number of identities with none."""
        return 1 + len(self.popular) + len(self.decks) - 1

    @classmethod
    def fit(
        cls, codes: Int1D, entity: Int1D, words: int, bound: Int2D, most: int, rng: np.random.Generator
    ) -> PartnerField:
        """Learn from codes int64[n] (-1 missing) of rows of entities; ``bound`` int64[n, M] places.

        The first bound column, if any, tells classes apart.
        """
        known = codes >= 0
        pairs = np.unique(np.stack([codes[known], entity[known]], axis=1), axis=0)
        degree = np.bincount(pairs[:, 0], minlength=words)
        order = np.argsort(-degree, kind="stable")[:most]
        popular = order[degree[order] >= LEAST_ENTITIES]
        kinds, firsts, weights = _brought(codes, bound, words)
        group = _classes(degree, kinds, firsts, popular)
        identity = np.zeros(words + 1, dtype=np.int64)
        identity[:words] = np.where(group >= 0, 1 + len(popular) + group, 0)
        identity[popular] = 1 + np.arange(len(popular))
        rare = pairs[group[pairs[:, 0]] >= 0, 0]
        rare = rare[rng.permutation(len(rare))]
        rare = rare[np.argsort(group[rare], kind="stable")]
        counts = np.bincount(group[rare], minlength=int(group.max(initial=-1)) + 1)
        decks = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        entities = int(entity.max(initial=-1)) + 1
        return cls(identity, popular.astype(np.int64), rare, decks, entities, kinds, firsts, weights)

    def dealt(self, names: Int1D, entity: Int1D, block: int, size: int) -> Int1D:
        """Return codes of new counterparties of one block of ``size`` entities, rows in order of entity.

        names : identities. A class deals its deck from where the blocks before would have left it, so that
        counterparties of few entities stay so; none is dealt twice to an entity while others are left.
        """
        found = np.where(names > 0, -2, -1)
        few = (names > 0) & (names <= len(self.popular))
        found[few] = self.popular[names[few] - 1]
        for c in range(len(self.decks) - 1):
            rows = np.flatnonzero(names == 1 + len(self.popular) + c)
            deck = self.deck[self.decks[c] : self.decks[c + 1]]
            at = int(block * size * len(deck) / max(self.entities, 1))
            wanting = rows
            for _ in range(6):
                if not len(wanting):
                    break
                found[wanting] = deck[(at + np.arange(len(wanting))) % len(deck)]
                at += len(wanting)
                order = np.lexsort((rows, found[rows], entity[rows]))
                inside = rows[order]
                again = (found[inside][1:] == found[inside][:-1]) & (
                    entity[inside][1:] == entity[inside][:-1]
                )
                wanting = np.sort(inside[1:][again])
        return found

    def open_loss(self, tokens: Int2D, ranks: int) -> Float1D:
        """Return -log of the chance of the new counterparty of each event within its class."""
        sizes = np.concatenate([np.ones(1 + len(self.popular)), np.maximum(np.diff(self.decks), 1)])
        new = tokens[:, POINTER] > FIRST_RANK + ranks
        return np.asarray(np.where(new, np.log(sizes[tokens[:, IDENTITY]]), 0.0))

    def brought(self, codes: Int1D, draws: Float1D) -> Int2D:
        """Return int64[n, M] places in the bound columns of counterparties; -1 where there is none."""
        found = np.full((len(codes), self.kinds.shape[1]), -1, dtype=np.int64)
        known = codes >= 0
        first, stop = self.firsts[codes[known]], self.firsts[codes[known] + 1]
        at = np.searchsorted(self.weights, codes[known] + draws[known], side="right")
        usable = stop > first
        at = np.clip(at, first, np.maximum(stop - 1, first))
        rows = np.flatnonzero(known)[usable]
        found[rows] = self.kinds[at[usable]]
        return found

    def state(self) -> dict[str, Array]:
        """Return the arrays."""
        names = ("identity", "popular", "deck", "decks", "kinds", "firsts", "weights")
        return {f"partner.{name}": getattr(self, name) for name in names} | {
            "partner.entities": np.array([self.entities])
        }

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array]) -> PartnerField:
        """Return the field that ``state`` wrote."""
        part = {name: arrays[f"partner.{name}"] for name in
                ("identity", "popular", "deck", "decks", "kinds", "firsts", "weights")}  # fmt: skip
        return cls(entities=int(arrays["partner.entities"][0]), **part)


def is_bound(codes: Int1D, places: Int1D) -> bool:
    """Tell whether a column follows the counterparty.

    Where one is met again, 85 % of its rows must be its usual ones (assumption). The column must not be
    constant, and a fifth of the rows must be of counterparties that are met again.
    """
    known = codes >= 0
    size = np.bincount(codes[known], minlength=1)
    again = known & (size[np.maximum(codes, 0)] > 1)
    if again.mean() < LEAST_REPEATED or len(np.unique(places)) < 2:
        return False
    pairs, counts = np.unique(np.stack([codes[again], places[again]], axis=1), axis=0, return_counts=True)
    best = np.zeros(len(size), dtype=np.int64)
    np.maximum.at(best, pairs[:, 0], counts)
    usual = float(np.bincount(places + 1).max() / len(places))
    return bool(best.sum() / again.sum() >= max(PURE, usual + 0.5 * (1.0 - usual)))


def _brought(codes: Int1D, bound: Int2D, words: int) -> tuple[Int2D, Int1D, Float1D]:
    """Return the distinct rows of bound places of each code, where they begin, code + cumulative share."""
    known = codes >= 0
    rows = np.column_stack([codes[known], bound[known]]).astype(np.int64)
    found, counts = np.unique(rows, axis=0, return_counts=True)
    firsts = np.searchsorted(found[:, 0], np.arange(words + 1)).astype(np.int64)
    total = np.concatenate([[0], np.cumsum(counts)])
    owner = found[:, 0]
    size = total[firsts[owner + 1]] - total[firsts[owner]]
    upper = (total[1:] - total[firsts[owner]]) / np.maximum(size, 1)
    return found[:, 1:], firsts, owner + np.minimum(upper, 1.0 - 1e-9)


def _classes(degree: Int1D, kinds: Int2D, firsts: Int1D, popular: Int1D) -> Int1D:
    """Return the class of each code by number of entities and by what it brings; -1: popular or never met."""
    words = len(degree)
    stratum = np.searchsorted(STRATA, degree, side="left")
    kind = np.zeros(words, dtype=np.int64)
    there = firsts[1:] > firsts[:-1]
    if kinds.shape[1]:
        kind[there] = kinds[firsts[:-1][there], 0] + 1
    use = degree > 0
    use[popular] = False
    key = np.where(use, kind * (len(STRATA) + 1) + stratum, -1)
    found, counts = np.unique(key[use], return_counts=True)
    small = found[counts < FEWEST_OF_CLASS]
    # Small classes are pooled by their stratum alone.
    key = np.where(np.isin(key, small), -2 - stratum, key)
    key[~use] = -100
    _, place = np.unique(key, return_inverse=True)
    return np.asarray(place - (1 if not use.all() else 0), dtype=np.int64)
