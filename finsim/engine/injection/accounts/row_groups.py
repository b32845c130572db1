"""Rows by a key and amount, one of which lends its cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Int1D


@dataclass(frozen=True)
class Group:
    """Rows by a key, those of one key by amount: ``order[edges[k]:edges[k + 1]]``, with their logs."""

    order: Int1D
    edges: Int1D
    logs: Array

    @staticmethod
    def of(rows: Int1D, key: Int1D, size: Int1D, keys: int) -> Group:
        """Return ``rows`` grouped by ``key[rows]``."""
        order = rows[np.lexsort((size[rows], key[rows]))]
        edges = np.searchsorted(key[order], np.arange(keys + 1))
        return Group(order, edges, np.log(np.maximum(size[order], 1)))

    def near(self, key: int, amount: int, most: int, rng: np.random.Generator) -> int:
        """Return one of the ``most`` rows of a key nearest in amount, -1 where it has none."""
        low, high = int(self.edges[key]), int(self.edges[key + 1])
        if low == high:
            return -1
        at = int(np.searchsorted(self.logs[low:high], np.log(max(amount, 1))))
        first = max(0, min(at - most // 2 - 1, high - low - most))
        return int(self.order[low + first + int(rng.integers(min(most, high - low)))])

    def any(self, key: int, rng: np.random.Generator) -> int:
        """Return one row of a key, -1 where it has none."""
        low, high = int(self.edges[key]), int(self.edges[key + 1])
        return -1 if low == high else int(self.order[int(rng.integers(low, high))])
