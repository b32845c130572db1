"""``WordLaw``: a word of a row as a mixture of what its contexts, the row before and the entity say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.cells.contexts import best_contexts, last_kept
from finsim.notation import Array, Float1D, Float2D, Int1D

MOST_ROWS, ROUNDS, CELL_WEIGHT = 200_000, 25, 2.0
MOST_CELLS = 4_000_000
PARTS = ("all", "first context", "both contexts", "row before", "entity")


@dataclass(frozen=True)
class WordLaw:
    """Cumulative shares [contexts, W + 1] of words: alone, by one and by both contexts.

    weights float64[2, 5] of the parts for first and later rows; usual int64[E], the usual word of each
    learned entity; widths int64[2] of the contexts.
    """

    alone: Float2D
    single: Float2D
    double: Float2D
    weights: Float2D
    usual: Int1D
    widths: Int1D

    def words(self, codes: list[Int1D], usual: Int1D, first: Array, draws: Float2D) -> Int1D:
        """Return words int64[n]; codes of the contexts, the entity's usual word, first rows, draws [n, 2]."""
        single, double = _places(codes, self.widths, len(draws))
        cumulative = np.cumsum(self.weights, axis=1)[(~first).astype(np.int64)]
        part = np.minimum((draws[:, :1] >= cumulative).sum(axis=1), len(PARTS) - 1)
        found = _drawn(self.alone, np.zeros(len(part), np.int64), draws[:, 1])
        for k, (table, place) in enumerate(((self.single, single), (self.double, double)), start=1):
            chosen = part == k
            found[chosen] = _drawn(table, place[chosen], draws[chosen, 1])
        found = np.where(part == 4, usual, found)
        return np.asarray(found[last_kept(first, part != 3)])

    def chances(self, word: Int1D, codes: list[Int1D], before: Int1D, usual: Int1D, first: Array) -> Float1D:
        """Return the probability of each word given its contexts, the word before and the usual one."""
        single, double = _places(codes, self.widths, len(word))
        parts = np.stack([
            _mass(self.alone, np.zeros(len(word), np.int64), word), _mass(self.single, single, word),
            _mass(self.double, double, word), (word == before) * 1.0, (word == usual) * 1.0,
        ], axis=1)  # fmt: skip
        return np.asarray((parts * self.weights[(~first).astype(np.int64)]).sum(axis=1))


def learn_words(
    word: Int1D, size: int, contexts: dict[str, Int1D], entity: Int1D, first: Array
) -> tuple[WordLaw, list[str]]:
    """Learn the law of words int64[n] below ``size``; returns it and the contexts it rests on."""
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
    usual = _usual(word, entity, size)
    before = np.where(first, -1, np.concatenate([[0], word[:-1]]))
    # A row must not vouch for itself: its own count is taken out of the tables.
    loo_one = (by_one[single, word] - 1 + CELL_WEIGHT * alone[0, word]) / (
        by_one.sum(axis=1)[single] - 1 + CELL_WEIGHT
    )
    loo_both = (by_both[double, word] - 1 + CELL_WEIGHT * loo_one) / (
        by_both.sum(axis=1)[double] - 1 + CELL_WEIGHT
    )
    own = _usual_without(word, entity, usual)
    parts = np.stack([alone[0, word], loo_one, loo_both, (word == before) * 1.0, own], axis=1)
    weights = np.stack([_mixture(parts[first], False), _mixture(parts[~first], True)])
    return WordLaw(
        np.cumsum(alone, axis=1), np.cumsum(one, axis=1), np.cumsum(both, axis=1), weights, usual, spans
    ), parents  # fmt: skip


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


def _usual(word: Int1D, entity: Int1D, size: int) -> Int1D:
    """Return the most frequent word of each entity (the lowest of equals)."""
    key, counts = np.unique(entity * size + word, return_counts=True)
    order = np.lexsort((-key, counts))
    found = np.zeros(int(entity.max(initial=0)) + 1, np.int64)
    found[key[order] // size] = key[order] % size
    return found


def _usual_without(word: Int1D, entity: Int1D, usual: Int1D) -> Float1D:
    """Tell whether the word is the usual one of its entity, and not only because of this row."""
    hit = word == usual[entity]
    hits = np.bincount(entity, hit)[entity]
    return np.where(hit & (hits > 1), 1.0, 0.0)


def _mixture(parts: Float2D, with_before: bool) -> Float1D:
    """Return the weights of parts by maximum likelihood (EM), the row before left out for first rows."""
    weights = np.array([0.2, 0.2, 0.2, 0.2 if with_before else 0.0, 0.2])
    weights /= weights.sum()
    chosen = parts[:: max(1, len(parts) // MOST_ROWS)]
    for _ in range(ROUNDS if len(chosen) else 0):
        shares = chosen * weights + 1e-12
        weights = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0) * (weights > 0)
        weights /= weights.sum()
    return weights
