"""``WordLaw``: a word of a row as a mixture of what its contexts, the row before and the entity say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.cells.contexts import best_contexts, last_kept
from finsim.notation import Array, Float1D, Float2D, Int1D

MOST_ROWS, ROUNDS, CELL_WEIGHT = 200_000, 25, 2.0
MOST_CELLS = 4_000_000
PARTS = ("all", "first context", "both contexts", "row before", "entity", "entity in first context")
ENTITY, INNER = 4, 5
LEAST_WEIGHT, FEW_CASES = 0.02, 200
"""Weight that a part must have in some case, or it is left out; rows that tell the weights of a case by
themselves (assumptions)."""


@dataclass(frozen=True)
class WordLaw:
    """Cumulative shares [contexts, W + 1] of words: alone, by one and by both contexts.

    weights float64[2, 3, 6] of the parts for first and later rows, of entities without words of their own,
    with some, and with some in this context; widths int64[2] of the contexts. Words of entities: group g, of
    key keys[g] int64[G] (see ``_key``), has own[ends[g - 1]:ends[g]] int64, of cumulative weights ``sums``
    float64.
    """

    alone: Float2D
    single: Float2D
    double: Float2D
    weights: Array
    widths: Int1D
    keys: Int1D
    ends: Int1D
    own: Int1D
    sums: Float1D

    def words(self, codes: list[Int1D], entity: Int1D, first: Array, draws: Float2D) -> Int1D:
        """Return words int64[n]; codes of the contexts, learned entities, first rows, draws [n, 2]."""
        single, double = _places(codes, self.widths, len(draws))
        some, inner = (
            self._group(_key(entity, None, self.widths)),
            self._group(_key(entity, single, self.widths)),
        )
        case = np.where(some < 0, 0, np.where(inner < 0, 1, 2))
        cumulative = np.cumsum(self.weights, axis=2)[(~first).astype(np.int64), case]
        part = np.minimum((draws[:, :1] >= cumulative).sum(axis=1), len(PARTS) - 1)
        found = _drawn(self.alone, np.zeros(len(part), np.int64), draws[:, 1])
        for k, (table, place) in enumerate(((self.single, single), (self.double, double)), start=1):
            chosen = part == k
            found[chosen] = _drawn(table, place[chosen], draws[chosen, 1])
        for k, group in ((ENTITY, some), (INNER, inner)):
            chosen = part == k
            found[chosen] = self._own(group[chosen], draws[chosen, 1])
        return np.asarray(found[last_kept(first, part != 3)])

    def chances(self, word: Int1D, codes: list[Int1D], entity: Int1D, first: Array) -> Float1D:
        """Return the probability of each word int64[n] given its contexts and its entity's rows before."""
        single, double = _places(codes, self.widths, len(word))
        before = np.where(first, -1, np.concatenate([[0], word[:-1]]))
        own, inner = (_shares_before(_key(entity, one, self.widths), word) for one in (None, single))
        case = np.where(own[1] == 0, 0, np.where(inner[1] == 0, 1, 2))
        parts = np.stack([
            _mass(self.alone, np.zeros(len(word), np.int64), word), _mass(self.single, single, word),
            _mass(self.double, double, word), (word == before) * 1.0, own[0], inner[0],
        ], axis=1)  # fmt: skip
        return np.asarray((parts * self.weights[(~first).astype(np.int64), case]).sum(axis=1))

    def _group(self, key: Int1D) -> Int1D:
        """Return the group of each key, -1 without one."""
        if not len(self.keys):
            return np.full(len(key), -1)
        place = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        return np.where(self.keys[place] == key, place, -1)

    def _own(self, group: Int1D, draws: Float1D) -> Int1D:
        end = self.ends[group]
        begin = np.where(group > 0, self.ends[np.maximum(group - 1, 0)], 0)
        low = np.where(begin > 0, self.sums[np.maximum(begin - 1, 0)], 0.0)
        place = np.searchsorted(self.sums, low + draws * (self.sums[end - 1] - low), side="right")
        return np.asarray(self.own[np.minimum(place, end - 1)])


def learn_words(
    word: Int1D, size: int, contexts: dict[str, Int1D], entity: Int1D, first: Array
) -> tuple[WordLaw, list[str]]:
    """Learn the law of words int64[n] below ``size``; returns it and the contexts it rests on.

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
    keys = [_key(entity, None, spans), _key(entity, single, spans)]
    own, inner = (_shares_of_others(key, word, size) for key in keys)
    case = np.where(own[1] == 0, 0, np.where(inner[1] == 0, 1, 2))
    parts = np.stack([alone[0, word], loo_one, loo_both, (word == before) * 1.0, own[0], inner[0]], axis=1)
    weights, kept = _weights(parts, first, case, 1 if not parents else 2)
    words = [_words_of(key, word, size) for key in keys[:kept]]
    key, ends, owned, sums = _joined(words)
    return WordLaw(
        np.cumsum(alone, axis=1), np.cumsum(one, axis=1), np.cumsum(both, axis=1), weights, spans,
        key, ends, owned, sums,
    ), parents  # fmt: skip


def _key(entity: Int1D, context: Int1D | None, widths: Int1D) -> Int1D:
    """Return the key of an entity, in a context or in all."""
    return entity * (int(widths[0]) + 1) + (0 if context is None else 1 + context)


def _shares_of_others(key: Int1D, word: Int1D, size: int) -> tuple[Float1D, Int1D]:
    """Return the share of the word among the other rows of its key float64[n], and how many those are."""
    group = np.unique(key, return_inverse=True)[1].astype(np.int64)
    both = np.unique(group * size + word, return_inverse=True)[1].astype(np.int64)
    others = np.bincount(group)[group] - 1
    return (np.bincount(both)[both] - 1) / np.maximum(others, 1), others


def _shares_before(key: Int1D, word: Int1D) -> tuple[Float1D, Int1D]:
    """Return the share of the word among the earlier rows of its key float64[n], and how many those are."""
    group = np.unique(key, return_inverse=True)[1].astype(np.int64)
    age = _earlier(group)
    return _earlier(group * (int(word.max(initial=0)) + 1) + word) / np.maximum(age, 1), age


def _earlier(code: Int1D) -> Int1D:
    """Return how many earlier rows have the same code."""
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(code[order]) != 0))
    found = np.empty(len(code), np.int64)
    found[order] = np.arange(len(code)) - np.repeat(starts, np.diff(np.append(starts, len(code))))
    return found


def _words_of(key: Int1D, word: Int1D, size: int) -> tuple[Int1D, Int1D, Int1D]:
    """Return key, word and weight of the words that a key has more than once, a row less than it has."""
    known, group = np.unique(key, return_inverse=True)
    both, counts = np.unique(group * size + word, return_counts=True)
    many = counts > 1
    return known[both[many] // size], both[many] % size, counts[many] - 1


def _joined(words: list[tuple[Int1D, Int1D, Int1D]]) -> tuple[Int1D, Int1D, Int1D, Float1D]:
    """Return keys in order, where the words of each end, the words, and their cumulative weights."""
    key, word, weight = (
        np.concatenate([np.zeros(0, np.int64), *(one[k] for one in words)]).astype(np.int64) for k in range(3)
    )
    order = np.argsort(key, kind="stable")
    keys, counts = np.unique(key, return_counts=True)
    return keys, np.cumsum(counts), word[order], np.cumsum(weight[order]).astype(np.float64)


def _weights(parts: Float2D, first: Array, case: Int1D, most: int) -> tuple[Array, int]:
    """Return the weights float64[2, 3, 6], and how many parts of the entity they need (at most ``most``)."""
    for kept in range(most, -1, -1):
        found = np.zeros((2, 3, len(PARTS)))
        for later in (0, 1):
            rows = np.flatnonzero(first != bool(later))
            usual, known = _mixture(parts[rows], _may(later, 2, kept)), np.minimum(case[rows], kept)
            for k in range(3):
                own, may = rows[known == k], _may(later, k, kept)
                weight = _mixture(parts[own], may) if len(own) >= FEW_CASES else usual * may
                found[later, k] = weight / weight.sum() if weight.sum() > 0 else may / may.sum()
        if not kept or found[:, :, ENTITY + kept - 1].max() >= LEAST_WEIGHT:
            break
    return found, kept


def _may(later: int, case: int, kept: int) -> Array:
    """Return which parts may have weight."""
    return np.array(
        [1.0, 1.0, 1.0, later, case >= 1 and kept >= 1, case >= 2 and kept >= 2], dtype=np.float64
    )


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


def _mixture(parts: Float2D, may: Array) -> Float1D:
    """Return the weights of the parts that may have some by maximum likelihood (EM)."""
    weights = may / may.sum()
    chosen = parts[:: max(1, len(parts) // MOST_ROWS)]
    for _ in range(ROUNDS if len(chosen) else 0):
        shares = chosen * weights + 1e-12 * may
        weights = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
        weights /= weights.sum()
    return np.asarray(weights)
