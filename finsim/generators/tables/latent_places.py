"""Which latents stand for which columns: one for the cells, one for whether a cell is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from finsim.generators.tables.column_facts import ColumnFacts
from finsim.generators.tables.column_levels import ColumnLevels
from finsim.notation import Array, Float1D, Float2D, Int2D
from finsim.records.mixed_table import WORD, MixedColumn


@dataclass(frozen=True)
class LatentPlaces:
    """``bounds`` [Q]: the cumulative shares between the cells of each latent.

    ``latents`` int64[C, 2]: the latent of a column's cells and of its missing cells, -1 for none; columns
    that are missing together share the latter, whose second cell is the missing one.
    """

    columns: Mapping[str, ColumnLevels]
    latents: Int2D
    bounds: tuple[Float1D, ...]

    @classmethod
    def fit(cls, columns: Mapping[str, ColumnLevels], levels: Array) -> Self:
        """Lay out the latents of columns from their levels int32[N, C]."""
        bounds: list[Float1D] = []
        latents = np.full((len(columns), 2), -1, np.int64)
        together: dict[bytes, int] = {}
        for index, one in enumerate(columns.values()):
            mine = levels[:, index]
            counts = np.bincount(mine, minlength=one.count)[1:]
            if one.count > 2:
                latents[index, 0] = len(bounds)
                shares = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
                bounds.append(one.edges if one.facts.kind != WORD else shares)
            gone = mine == 0
            if gone.any() and not gone.all():
                key = gone.tobytes()
                if key not in together:
                    together[key] = len(bounds)
                    bounds.append(np.array([0.0, 1.0 - gone.mean(), 1.0]))
                latents[index, 1] = together[key]
        return cls(dict(columns), latents, tuple(bounds))

    def cells(self, levels: Array) -> tuple[Array, Array]:
        """Return the cell of every latent in rows of levels int32[N, C], and whether it is seen."""
        found = np.zeros((len(levels), len(self.bounds)), np.int64)
        seen = np.ones(found.shape, np.bool_)
        for index, (value, gone) in enumerate(self.latents):
            mine = levels[:, index]
            if value >= 0:
                found[:, value], seen[:, value] = np.maximum(mine - 1, 0), mine > 0
            if gone >= 0:
                found[:, gone] = mine == 0
        return found, seen

    def table(self, places: Float2D, rng: np.random.Generator) -> dict[str, MixedColumn]:
        """Return the columns whose latents lie at places float64[n, Q] in (0, 1)."""
        made = {}
        for index, (name, one) in enumerate(self.columns.items()):
            value, gone = self.latents[index]
            levels = np.full(len(places), 0 if one.facts.is_empty else 1, np.int32)
            inside, draws = rng.random(len(places)), rng.random(len(places))
            if value >= 0:
                bounds, mine = self.bounds[value], places[:, value]
                at = np.clip(np.searchsorted(bounds, mine, side="right") - 1, 0, len(bounds) - 2)
                levels = (1 + at).astype(np.int32)
                if one.facts.kind != WORD:
                    inside = (mine - bounds[at]) / np.maximum(bounds[at + 1] - bounds[at], 1e-300)
            if gone >= 0:
                levels[places[:, gone] > self.bounds[gone][1]] = 0
            made[name] = one.cells(levels, np.clip(inside, 1e-9, 1.0 - 1e-9), draws)
        return made

    def spans(self, name: str, column: MixedColumn) -> dict[int, tuple[Float1D, Float1D]]:
        """Return for each latent of a column the places between which every cell puts it."""
        index = list(self.columns).index(name)
        one = self.columns[name]
        value, gone = (int(latent) for latent in self.latents[index])
        levels = one.levels(column)
        found = {}
        if value >= 0:
            bounds = self.bounds[value]
            at = np.maximum(levels - 1, 0)
            low, high = bounds[at].copy(), bounds[at + 1].copy()
            there = levels > 0
            if one.facts.kind != WORD:
                low[there], high[there] = one.spans(column.take(there))
            low[~there], high[~there] = 0.0, 1.0
            found[value] = (low, high)
        if gone >= 0:
            cut = self.bounds[gone][1]
            found[gone] = (np.where(levels == 0, cut, 0.0), np.where(levels == 0, 1.0, cut))
        return found

    def log_masses(self, name: str, column: MixedColumn) -> Float1D:
        """Return the log probability of every cell by the margin alone, float64[N] in nats.

        A missing cell of a column that shares its latent counts once, with the first of the columns.
        """
        index = list(self.columns).index(name)
        one = self.columns[name]
        value, gone = self.latents[index]
        levels = one.levels(column)
        there = levels > 0
        found = one.log_density(column, levels)
        if value >= 0:
            shares = np.maximum(np.diff(self.bounds[value]), 1e-12)
            found = found + np.where(there, np.log(shares[np.maximum(levels - 1, 0)]), 0.0)
        if gone >= 0 and index == int(np.flatnonzero(self.latents[:, 1] == gone)[0]):
            cut = self.bounds[gone][1]
            found = found + np.where(there, np.log(cut), np.log(1.0 - cut))
        return np.asarray(found)

    def state(self) -> dict[str, Array]:
        """Return the arrays of columns and latents."""
        found: dict[str, Array] = {"latents": self.latents}
        for index, bounds in enumerate(self.bounds):
            found[f"bounds.{index}"] = bounds
        for index, one in enumerate(self.columns.values()):
            found |= one.state(f"column.{index}")
        return found

    @classmethod
    def from_state(cls, facts: Mapping[str, ColumnFacts], arrays: Mapping[str, Array]) -> Self:
        """Return what ``state`` wrote."""
        columns = {
            name: ColumnLevels.from_state(f"column.{index}", one, arrays)
            for index, (name, one) in enumerate(facts.items())
        }
        latents = arrays["latents"]
        bounds = tuple(arrays[f"bounds.{index}"] for index in range(int(latents.max(initial=-1)) + 1))
        return cls(columns, latents, bounds)
