"""``WordLaw``: a word of a row as a mixture of what its contexts, the row before and the entity say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.cells.contexts import LEAST_SHARE, LEAST_TOLD, best_contexts, last_kept
from finsim.generators.events.habits.cells.mixture import mixture_weights
from finsim.kernels.events.own_words import Context, Own, OwnChances, draw_own_words, own_chances
from finsim.notation import Array, Float1D, Float2D, Int1D

CELL_WEIGHT = 2.0
MOST_CELLS = 4_000_000
PARTS = ("all", "first context", "both contexts", "row before", "entity", "entity in the contexts")
BEFORE, ENTITY, INNER = 3, 4, 5
FEW_CASES = 200
"""Rows that tell the weights of a case by themselves (assumption)."""


@dataclass(frozen=True)
class WordLaw:
    """Cumulative shares [contexts, W + 1] of words: alone, by one and by both contexts.

    weights float64[2, 2, 6] of the parts for first and later rows, of entities without words of their own and
    with some; widths int64[2] of the contexts. Learned entity e has the words own[ends[e - 1]:ends[e]] int64
    of its own, ``counts`` float64 times each.
    """

    alone: Float2D
    single: Float2D
    double: Float2D
    weights: Array
    widths: Int1D
    ends: Int1D
    own: Int1D
    counts: Float1D

    def words(self, codes: list[Int1D], entity: Int1D, first: Array, draws: Float2D) -> Int1D:
        """Return words int64[n]; codes of the contexts, learned entities, first rows, draws [n, 2]."""
        single, double = _places(codes, self.widths, len(draws))
        some = (np.diff(self.ends, prepend=0) > 0)[entity]
        cumulative = np.cumsum(self.weights, axis=2)[(~first).astype(np.int64), some.astype(np.int64)]
        part = np.minimum((draws[:, :1] >= cumulative).sum(axis=1), len(PARTS) - 1)
        found = _drawn(self.alone, np.zeros(len(part), np.int64), draws[:, 1])
        for k, (table, place) in enumerate(((self.single, single), (self.double, double)), start=1):
            chosen = part == k
            found[chosen] = _drawn(table, place[chosen], draws[chosen, 1])
        none, own = np.zeros(len(part), np.int64), Own(self.ends, self.own, self.counts)
        for k, table, place in ((ENTITY, self.alone, none), (INNER, self.double, double)):
            rows = np.flatnonzero(part == k)
            out = np.empty(len(rows), np.int64)
            context = Context(table, self.alone[0], place[rows])
            draw_own_words(entity[rows], context, draws[rows, 1], own, out)
            found[rows] = out
        return np.asarray(found[last_kept(first, part != BEFORE)])

    def chances(self, word: Int1D, codes: list[Int1D], entity: Int1D, first: Array) -> Float1D:
        """Return the probability of each word int64[n] given its contexts and its entity's rows before."""
        single, double = _places(codes, self.widths, len(word))
        before = np.where(first, -1, np.concatenate([[0], word[:-1]]))
        plain, lifted, others = _own(entity, word, double, self.double, self.alone, True)
        parts = np.stack([
            _mass(self.alone, np.zeros(len(word), np.int64), word), _mass(self.single, single, word),
            _mass(self.double, double, word), (word == before) * 1.0, plain, lifted,
        ], axis=1)  # fmt: skip
        weights = self.weights[(~first).astype(np.int64), (others > 0).astype(np.int64)]
        return np.asarray((parts * weights).sum(axis=1))


def learn_words(
    word: Int1D, size: int, contexts: dict[str, Int1D], entity: Int1D, count: int, first: Array
) -> tuple[WordLaw, list[str]]:
    """Learn the law of words int64[n] below ``size``; returns it and the contexts it rests on.

    entity int64[n] in order, of ``count``.

    A row must not vouch for itself: its own count is taken out of the tables. So a word that an entity has
    once is none of its own, and comes from what all have (Good 1953, Turing's estimate).
    """
    counts = np.bincount(word, minlength=size).astype(np.float64)
    alone = (counts / counts.sum())[None]
    rank = np.minimum(np.argsort(np.argsort(-counts, kind="stable"), kind="stable"), 31)
    parents = best_contexts(rank[word], contexts, 2)
    widths = [int(contexts[name].max(initial=0)) + 2 for name in parents]
    while parents and np.prod(widths, dtype=np.float64) * size > MOST_CELLS:
        parents, widths = parents[:-1], widths[:-1]
    spans = np.array([*widths, 1, 1][:2], dtype=np.int64)
    codes = [contexts[name] for name in parents]
    single, double = _places(codes, spans, len(word))
    by_one = _counts(single, int(spans[0]), word, size)
    by_both = _counts(double, int(spans.prod()), word, size)
    one = (by_one + CELL_WEIGHT * alone) / (by_one.sum(axis=1, keepdims=True) + CELL_WEIGHT)
    inside = np.repeat(one, int(spans[1]), axis=0)
    both = (by_both + CELL_WEIGHT * inside) / (by_both.sum(axis=1, keepdims=True) + CELL_WEIGHT)
    before = np.where(first, -1, np.concatenate([[0], word[:-1]]))
    loo_one = (by_one[single, word] - 1 + CELL_WEIGHT * alone[0, word]) / (
        by_one.sum(axis=1)[single] - 1 + CELL_WEIGHT
    )
    loo_both = (by_both[double, word] - 1 + CELL_WEIGHT * loo_one) / (
        by_both.sum(axis=1)[double] - 1 + CELL_WEIGHT
    )
    cumulative = [np.cumsum(table, axis=1) for table in (alone, one, both)]
    plain, lifted, others = _own(entity, word, double, cumulative[2], cumulative[0], False)
    parts = np.stack([alone[0, word], loo_one, loo_both, (word == before) * 1.0, plain, lifted], axis=1)
    weights, is_kept = _weights(parts, first, others > 0)
    rows = slice(None if is_kept else 0)
    owned = _words_of(entity[rows], word[rows], size, count)
    by_all, by_first, by_two = cumulative
    return WordLaw(by_all, by_first, by_two, weights, spans, *owned), parents


def _own(
    entity: Int1D, word: Int1D, place: Int1D, table: Float2D, alone: Float2D, is_before: bool
) -> OwnChances:
    """Return the chances of words by the rows of their entities and how many those are; see the kernel."""
    found = OwnChances(np.empty(len(word)), np.empty(len(word)), np.empty(len(word), np.int64))
    own_chances(entity, word, Context(table, alone[0], place), is_before, found)
    return found


def _words_of(entity: Int1D, word: Int1D, size: int, count: int) -> tuple[Int1D, Int1D, Float1D]:
    """Return where the words of each entity end, those that it has more than once, and how often less one."""
    both, counts = np.unique(entity * size + word, return_counts=True)
    many = counts > 1
    ends = np.cumsum(np.bincount(both[many] // size, minlength=count))
    return ends.astype(np.int64), both[many] % size, counts[many] - 1.0


def _weights(parts: Float2D, first: Array, some: Array) -> tuple[Array, bool]:
    """Return the weights float64[2, 2, 6], and whether words of entities have some.

    They have where they tell so much of the words as a context must.
    """
    case = (~first).astype(np.int64), some.astype(np.int64)
    found = []
    for with_own in (0.0, 1.0):
        weights = np.zeros((2, 2, len(PARTS)))
        for later in (0, 1):
            rows = first != bool(later)
            for k in (0, 1):
                may = np.array([1.0, 1.0, 1.0, later, k * with_own, k * with_own])
                own = rows & (some == bool(k))
                weights[later, k] = mixture_weights(parts[own if own.sum() >= FEW_CASES else rows], may)
        loss = -np.log(np.maximum((parts * weights[case]).sum(axis=1), 1e-12)).mean()
        found.append((weights, float(loss)))
    (plain, before), (own, after) = found
    is_told = before - after > min(LEAST_TOLD, LEAST_SHARE * before)
    return (own if is_told else plain), is_told


def _places(codes: list[Int1D], widths: Int1D, rows: int) -> tuple[Int1D, Int1D]:
    """Return the row of each case in the table of one and of both contexts; unseen codes share the last."""
    inside = [np.minimum(one, width - 1) for one, width in zip(codes, widths, strict=False)]
    single = inside[0] if inside else np.zeros(rows, np.int64)
    return single, single * int(widths[1]) + (inside[1] if len(inside) > 1 else 0)


def _counts(place: Int1D, places: int, word: Int1D, size: int) -> Float2D:
    return np.bincount(place * size + word, minlength=places * size).reshape(places, size).astype(np.float64)


def _drawn(cumulative: Float2D, place: Int1D, draws: Float1D) -> Int1D:
    """Return the word of each row of a table of cumulative shares."""
    size = cumulative.shape[1]
    flat = (np.minimum(cumulative, 1.0) + np.arange(len(cumulative))[:, None]).ravel()
    found: Int1D = np.searchsorted(flat, place + draws, side="right") - place * size
    return np.asarray(np.clip(found, 0, size - 1))


def _mass(cumulative: Float2D, place: Int1D, word: Int1D) -> Float1D:
    below = np.where(word > 0, cumulative[place, np.maximum(word - 1, 0)], 0.0)
    return np.maximum(cumulative[place, word] - below, 0.0)
