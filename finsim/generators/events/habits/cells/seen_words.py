"""``Seen``: which words of a column stand beside which of others; what no row shows does not come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.generators.events.habits.cells.contexts import information
from finsim.notation import Array, Float1D, Int1D

LEAST_SEEN, FEW_WORDS = 30, 4
"""Rows of a word without a word of a column of few words from which on it has none (assumption)."""
EXPECTED = 8.0
"""Rows that two words would have together by chance from which on they never do: chance e**-8 at most."""
MOST_WORDS = 256
NO_CONTEXT = ("hour", "amount")
"""Contexts whose levels are no words: what they lack, they lack by chance."""


@dataclass(frozen=True)
class Seen:
    """Shares float64[K, W + 1] of a column's words by the levels of each context, the most telling first."""

    beside: tuple[str, ...]
    shares: tuple[Array, ...]

    def kept(self, word: Int1D, contexts: Mapping[str, Int1D], draw: Float1D) -> Int1D:
        """Return the words int64[n], those drawn again that stand beside no learned row of some context."""
        named = zip(self.beside, self.shares, strict=True)
        levels = [np.minimum(contexts[name], len(one) - 1) for name, one in named]
        is_odd = np.zeros(len(word), dtype=np.bool_)
        for level, share in zip(levels, self.shares, strict=True):
            is_odd |= np.asarray(share[level, word] == 0.0)
        odd = np.flatnonzero(is_odd)
        if not len(odd):
            return word
        weight = self.shares[0][levels[0][odd]]
        for level, share in zip(levels[1:], self.shares[1:], strict=True):
            both = np.asarray(weight * (share[level[odd]] > 0.0))
            # Where no word fits all, the most telling contexts have their way.
            fits = np.asarray(both.sum(axis=1) > 0.0)
            weight = np.where(fits[:, None], both, weight)
        reach = np.cumsum(weight, axis=1)
        found = word.copy()
        found[odd] = np.minimum((draw[odd, None] * reach[:, -1:] >= reach).sum(axis=1), reach.shape[1] - 1)
        return found

    def arrays(self, prefix: str) -> dict[str, Array]:
        """Return the shares by name."""
        return {f"{prefix}.seen.{k}": one for k, one in enumerate(self.shares)}

    @classmethod
    def restored(cls, beside: Any, prefix: str, arrays: Mapping[str, Array]) -> Seen | None:
        """Return what ``arrays`` wrote; models of before have one context, in one array."""
        if f"{prefix}.seen" in arrays:
            return cls((str(beside),), (arrays[f"{prefix}.seen"],))
        shares = tuple(arrays[f"{prefix}.seen.{k}"] for k in range(len(beside)))
        return cls(tuple(beside), shares) if shares else None


def learn_seen(word: Int1D, size: int, contexts: Mapping[str, Int1D], entity: Int1D) -> Seen | None:
    """Learn which words int64[n] below ``size`` stand beside which levels of contexts; None where all may.

    entity int64[n] : rows of one entity that are alike tell less than as many of different ones.
    """
    if size > MOST_WORDS:
        return None
    told, alike = [], _alike(word, size, entity)
    for name, level in contexts.items():
        if name in NO_CONTEXT:
            continue
        shares = words_beside(word, size, level, (entity, alike))
        if shares is not None and (shares == 0.0).any():
            told.append((information(word, level), name, shares))
    told.sort(key=lambda one: -one[0])
    return Seen(tuple(one[1] for one in told), tuple(one[2] for one in told)) if told else None


def _alike(word: Int1D, size: int, entity: Int1D) -> float:
    """Return how much more often rows of one entity have one word than any two rows do, 0 to 1."""
    same = np.unique(entity * size + word, return_counts=True)[1]
    rows = np.bincount(entity)
    pairs = float((rows * (rows - 1.0)).sum())
    usual = float(((np.bincount(word) / max(len(word), 1)) ** 2).sum())
    inside = float((same * (same - 1.0)).sum()) / pairs if pairs else usual
    return float(np.clip((inside - usual) / max(1.0 - usual, 1e-9), 0.0, 1.0))


def words_beside(word: Int1D, size: int, level: Int1D, of: tuple[Int1D, float]) -> Array | None:
    """Return the shares of words by level float64[K + 1, size], 0 of pairs that never stand together.

    None where no level has enough rows to tell. What chance may have left out has a small share; a level of
    few rows may have any word, as often as all have; the last, of levels never learned, may too. of : the
    entity of each row, and how alike rows of one are, by which they count less (design effect, Kish 1965).
    """
    count = int(level.max(initial=0)) + 2
    rows = np.bincount(level * size + word, minlength=count * size).reshape(count, size).astype(np.float64)
    often = np.bincount(word, minlength=size)
    few = rows.sum(axis=1) < LEAST_SEEN
    if few[:-1].all():
        return None
    entity, alike = of
    every = rows.sum(axis=1)
    owners = np.bincount(np.unique(entity * count + level) % count, minlength=count)
    worth = every / (1.0 + (every / np.maximum(owners, 1) - 1.0).clip(0.0) * alike)
    chance = worth[:, None] * often / max(len(word), 1)
    if size > FEW_WORDS + 1:
        rows[(rows == 0.0) & (chance < EXPECTED)] = 1e-6
    rows[few] = often + 1.0
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def signs_seen(word: Int1D, size: int, amount: Float1D) -> Array:
    """Return int64[size, 2], 1 where rows of a word have amounts below 0, and above; both of rare words."""
    below, above = np.bincount(word, amount < 0, size), np.bincount(word, amount > 0, size)
    few = np.bincount(word, minlength=size) < LEAST_SEEN
    return np.stack([(below > 0) | few, (above > 0) | few], axis=1).astype(np.int64)
