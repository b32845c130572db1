"""Choice of shops: cumulative popularity by category and town."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.population.merchants import ANYWHERE, Merchants
from finsim.agents.vocabulary import CATEGORIES
from finsim.notation import Array, Float1D, Int1D


@dataclass(frozen=True)
class Catchment:
    """Shops by (category, town): row r = category * towns + town.

    ``shop[first[r]:first[r + 1]]`` are positions in ``Merchants``; ``running`` their running share of
    popularity, shifted by r, so that one search serves all rows.
    """

    towns: int
    first: Int1D
    shop: Int1D
    running: Float1D

    def draw(self, category: Array, town: Array, u: Float1D) -> Int1D:
        """Return one shop per entry by popularity; ``category``, ``town``, ``u`` broadcast."""
        row = np.asarray(category, dtype=np.int64) * self.towns + town
        position = np.searchsorted(self.running, row + u, side="right")
        return self.shop[np.minimum(position, self.first[row + 1] - 1)]


def build_catchment(merchants: Merchants, towns: int) -> Catchment:
    """Group the shops by category and town; shops that sell anywhere belong to every town."""
    first = [0]
    shops: list[Int1D] = []
    running: list[Float1D] = []
    for category in range(len(CATEGORIES)):
        same = merchants.category == category
        everywhere = np.flatnonzero(same & (merchants.town == ANYWHERE))
        local = np.flatnonzero(same & (merchants.town != ANYWHERE))
        local = local[np.argsort(merchants.town[local], kind="stable")]
        edges = np.searchsorted(merchants.town[local], np.arange(towns + 1))
        for town in range(towns):
            shop = np.concatenate([everywhere, local[edges[town] : edges[town + 1]]])
            share = np.cumsum(merchants.popularity[shop])
            running.append(share / share[-1] + len(shops))
            shops.append(shop)
            first.append(first[-1] + len(shop))
    return Catchment(towns, np.array(first), np.concatenate(shops), np.concatenate(running))
