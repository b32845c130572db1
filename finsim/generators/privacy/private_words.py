"""The law of a column of words: those that enough entities have, by noised counts; the rest has no name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from finsim.generators.privacy.noised_counts import Owners, named, noised_counts
from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams

REST = "other"
_SEEN = 2.0


def word_releases(owners: Owners) -> int:
    """Return how many releases a column of words takes."""
    return 1 if owners.are_single else 2


@dataclass(frozen=True)
class WordLaw:
    """Named words, the commonest first: their ``codes`` int64[S] in the column, and shares of all cells.

    shares float64[S + 2]: missing cells, each word, the rest; they sum to 1.
    """

    codes: Int1D
    shares: Float1D

    @classmethod
    def fit(cls, codes: Array, owners: Owners, noise: tuple[float, float], streams: Streams) -> WordLaw:
        """Learn from codes (-1 missing) in ``word_releases`` noised counts; noise as in ``NumberLaw``."""
        sigma, delta = noise
        # A missing cell is a key as any other: nobody declared that there are some.
        keys = np.asarray(codes, dtype=np.int64) + 1
        found, counts = named(owners, keys, sigma, delta, streams.at("names"))
        place = np.full(int(keys.max(initial=0)) + 1, len(found), dtype=np.int64)
        place[found] = np.arange(len(found))
        if not owners.are_single:
            counts = noised_counts(owners, place[keys], len(found) + 1, sigma, streams.at("shares"))
            rest = float(counts[-1])
            counts = np.maximum(counts[:-1], 0.0)
        else:
            rest = owners.count - float(counts.sum())
        if rest < _SEEN * sigma and len(found):
            rest = 0.0
        lacks = float(counts[0]) if len(found) and found[0] == 0 else 0.0
        words = np.flatnonzero(found > 0)
        words = words[np.argsort(-counts[words], kind="stable")]
        shares = np.concatenate([[lacks], counts[words], [max(rest, 0.0)]])
        if shares.sum() <= 0.0:
            shares[-1] = 1.0
        return cls(found[words] - 1, shares / shares.sum())

    @property
    def has_rest(self) -> bool:
        """Whether cells that are not named are common enough to have a word."""
        return bool(self.shares[-1] > 0.0) or not len(self.codes)

    @property
    def count(self) -> int:
        """Number of words that come out, that of the rest among them."""
        return len(self.codes) + self.has_rest

    def words(self, known: Sequence[str]) -> tuple[str, ...]:
        """Return the words that come out: the named ones of the column's, then one for the rest, if any."""
        named_words = tuple(known[code] for code in self.codes)
        rest = REST
        while rest in named_words:
            rest = f"{rest} (rare)"
        return (*named_words, rest) if self.has_rest else named_words

    def places(self, codes: Array, words: int) -> Array:
        """Return cells int32[n] of ``words`` known words as places of those that come out."""
        table = np.full(words + 1, len(self.codes) if self.has_rest else -1, dtype=np.int32)
        table[self.codes] = np.arange(len(self.codes), dtype=np.int32)
        table[-1] = -1
        return np.asarray(table[codes])
