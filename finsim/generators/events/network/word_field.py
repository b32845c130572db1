"""A column of words as tokens: missing, common words by themselves, the rest as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Float1D, Int1D

LEAST_COMMON = 5


@dataclass(frozen=True)
class WordField:
    """Token 0: missing; then ``common`` int64[K] codes; then one for ``rest`` int64[M] codes, if any.

    ``shares`` float64[M] cumulative shares of the rest.
    """

    common: Int1D
    rest: Int1D
    shares: Float1D

    @property
    def size(self) -> int:
        """Number of tokens."""
        return 1 + len(self.common) + (len(self.rest) > 0)

    @classmethod
    def fit(cls, codes: Array, most: int) -> WordField:
        """Learn from codes, -1 where missing: at most ``most`` words by themselves, each met 5 times."""
        found, counts = np.unique(codes[codes >= 0], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        kept = int(min(most, (counts >= LEAST_COMMON).sum()))
        if kept + 1 >= len(found):
            kept = len(found)
        rest, size = found[order[kept:]], counts[order[kept:]]
        shares = np.cumsum(size) / max(size.sum(), 1)
        return cls(found[order[:kept]].astype(np.int64), rest.astype(np.int64), shares)

    def tokens(self, codes: Array) -> Int1D:
        """Return the token of each cell; words that were not met count as rest, or as missing."""
        top = max(int(codes.max(initial=-1)), int(self.common.max(initial=-1)))
        lookup = np.full(top + 2, self.size - 1 if len(self.rest) else 0, dtype=np.int64)
        lookup[self.common] = 1 + np.arange(len(self.common))
        lookup[-1] = 0
        return lookup[codes]

    def codes(self, tokens: Int1D, draws: Float1D) -> Array:
        """Return int32 codes of tokens; ``draws`` in (0, 1) choose among the rest."""
        table = np.concatenate([[-1], self.common, [-1]])
        found = table[tokens]
        if len(self.rest):
            other = tokens == self.size - 1
            at = np.minimum(np.searchsorted(self.shares, draws[other]), len(self.rest) - 1)
            found[other] = self.rest[at]
        return found.astype(np.int32)

    def state(self, prefix: str) -> dict[str, Array]:
        """Return the arrays under names that begin with ``prefix``."""
        return {f"{prefix}.common": self.common, f"{prefix}.rest": self.rest, f"{prefix}.shares": self.shares}

    @classmethod
    def from_state(cls, prefix: str, arrays: Mapping[str, Array]) -> WordField:
        """Return the field that ``state`` wrote."""
        return cls(*(arrays[f"{prefix}.{name}"] for name in ("common", "rest", "shares")))
