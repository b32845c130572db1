"""Random numbers of the loans of a panel, by month: the same for one loan in whatever part of a book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams


@dataclass(frozen=True)
class Draws:
    """Numbers drawn for a whole shard, picked by the loan's number ``row`` or its obligor's ``lead``: [n].

    Loans of one obligor share what decides their default, so they default together, wherever in the book
    they stand.
    """

    streams: Streams
    shard_loans: int
    row: Int1D
    lead: Int1D

    def of_loans(self, name: str, months: int) -> Float2D:
        """Return a uniform for each month and loan: float64 [T, n]."""
        return self._picked(name, (months, self.shard_loans), self.row)

    def of_obligors(self, name: str, months: int) -> Float2D:
        """Return a uniform for each month and loan, one for all loans of an obligor: float64 [T, n]."""
        return self._picked(name, (months, self.shard_loans), self.lead)

    def normals_of_obligors(self, name: str, months: int) -> Float2D:
        """Return a standard normal for each month and loan, one for all loans of an obligor: [T, n]."""
        return self._picked(name, (months, self.shard_loans), self.lead, np.random.Generator.standard_normal)

    def of_each_loan(self, name: str) -> Float1D:
        """Return a uniform for each loan: float64 [n]."""
        return self._picked(name, (self.shard_loans,), self.row)

    def once(self, name: str) -> Float1D:
        """Return a uniform for each loan, one for all loans of an obligor: float64 [n]."""
        return self._picked(name, (self.shard_loans,), self.lead)

    def _picked(
        self,
        name: str,
        shape: tuple[int, ...],
        row: Int1D,
        law: Callable[[np.random.Generator, tuple[int, ...]], Array] = np.random.Generator.random,
    ) -> Array:
        found = np.empty((*shape[:-1], len(row)))
        shards = row // self.shard_loans
        for shard in np.unique(shards).tolist():
            drawn = law(self.streams.under("panel", shard).at(name), shape)
            own = shards == shard
            found[..., own] = drawn[..., row[own] % self.shard_loans]
        return found
