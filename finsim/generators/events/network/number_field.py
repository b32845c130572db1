"""A column of numbers as tokens: missing, common values by themselves, bins of the rest with roundings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D

INNER = 8
LEAST_ATOM, ATOM_SHARE = 8, 0.004
FEWEST_IN_BIN = 12
TAIL = (0.99, 0.997, 0.999)
SIZES = (1.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1_000.0, 10_000.0)
"""Multiples of the step (of 1 where the step is finer) that people round to."""
ENDINGS = 3
PLAIN, ENDING = 0, 1


@dataclass(frozen=True)
class NumberField:
    """Token 0: missing; ``first`` - 1 more for the caller; then atoms [A] sorted; then bins.

    inner [B, INNER + 1] quantiles inside each bin; endings [ENDINGS] the commonest parts below 1 (.99),
    empty where there are none; level_share [B, L] how cells of each bin are rounded: not, to an ending, to
    each of ``SIZES``. A value is an atom when it stands 8 times and for .4 % of the cells (assumption).
    """

    step: float
    first: int
    atoms: Float1D
    inner: Float2D
    endings: Float1D
    level_share: Float2D

    @property
    def size(self) -> int:
        """Number of tokens."""
        return self.first + len(self.atoms) + len(self.inner)

    @property
    def first_bin(self) -> int:
        """The first token that is a bin."""
        return self.first + len(self.atoms)

    @classmethod
    def fit(
        cls, values: Float1D, step: float, bins: int, first: int = 1, most_atoms: int = 48
    ) -> NumberField:
        """Learn from cells, NaN where missing."""
        known = values[~np.isnan(values)]
        found, counts = np.unique(known, return_counts=True)
        common = np.flatnonzero(counts >= max(LEAST_ATOM, ATOM_SHARE * len(known)))
        common = common[np.argsort(-counts[common], kind="stable")[:most_atoms]]
        atoms = np.sort(found[common]).astype(np.float64)
        rest = np.sort(known[~np.isin(known, atoms)])
        if not len(rest):
            return cls(
                step, first, atoms, np.zeros((0, INNER + 1)), np.zeros(0), np.zeros((0, 2 + len(SIZES)))
            )
        count = max(1, min(bins, len(rest) // FEWEST_IN_BIN))
        shares = np.unique([*np.linspace(0.0, TAIL[0], count + 1), *(TAIL if len(rest) > 2_000 else ()), 1.0])
        edges = np.unique(np.quantile(rest, shares))
        if len(edges) == 1:
            edges = np.repeat(edges, 2)
        part = _bin(rest, edges)
        inner = np.array([np.quantile(rest[part == b], np.linspace(0, 1, INNER + 1)) if (part == b).any()
                          else np.linspace(edges[b], edges[b + 1], INNER + 1)
                          for b in range(len(edges) - 1)])  # fmt: skip
        endings = _endings(rest) if 0.0 < step < 1.0 else np.zeros(0)
        model = cls(step, first, atoms, inner, endings, np.zeros((len(inner), 2 + len(SIZES))))
        levels = model.levels(rest)
        share = np.stack(
            [np.bincount(levels[part == b], minlength=2 + len(SIZES)) for b in range(len(inner))]
        )
        return cls(step, first, atoms, inner, endings, share / np.maximum(share.sum(1, keepdims=True), 1))

    @property
    def edges(self) -> Float1D:
        """Edges of the bins, float64[B + 1]."""
        return np.append(self.inner[:, 0], self.inner[-1:, -1])

    def tokens(self, values: Float1D) -> Int1D:
        """Return the token of each cell."""
        found = np.zeros(len(values), dtype=np.int64)
        known = ~np.isnan(values)
        if len(self.inner):
            found[known] = self.first_bin + _bin(values[known], self.edges)
        elif len(self.atoms):
            near = np.abs(values[known][:, None] - self.atoms).argmin(axis=1)
            found[known] = self.first + near
        if len(self.atoms):
            at = np.minimum(np.searchsorted(self.atoms, values), len(self.atoms) - 1)
            atom = known & (self.atoms[at] == values)
            found[atom] = self.first + at[atom]
        return found

    def levels(self, values: Float1D) -> Int1D:
        """Return how each cell is rounded: 0 not, 1 to an ending, 2 and more to ``SIZES``."""
        found = np.zeros(len(values), dtype=np.int64)
        if len(self.endings):
            part = np.round(np.abs(values) % 1.0, 4)
            found[np.isin(part, self.endings)] = ENDING
        for k, size in enumerate(SIZES):
            found[_is_multiple(values, size * max(self.step, 1.0) if self.step else size)] = 2 + k
        if self.step >= 1.0:
            found[found == 2] = PLAIN
        return found

    def values(self, tokens: Int1D, levels: Int1D | None, draws: Float2D) -> Float1D:
        """Return cells of tokens; NaN for those below ``first``. ``draws`` [n, 3] uniform.

        levels : None draws them from the shares of the bin.
        """
        found = np.full(len(tokens), np.nan)
        atom = (tokens >= self.first) & (tokens < self.first_bin)
        if len(self.atoms):
            found[atom] = self.atoms[tokens[atom] - self.first]
        binned = tokens >= self.first_bin
        if not binned.any():
            return found
        part, draw = tokens[binned] - self.first_bin, draws[binned]
        place = draw[:, 0] * INNER
        at = np.minimum(place.astype(np.int64), INNER - 1)
        low, high = self.inner[part, at], self.inner[part, at + 1]
        plain = low + (place - at) * (high - low)
        if levels is None:
            level = (draw[:, 1:2] > np.cumsum(self.level_share[part], axis=1)[:, :-1]).sum(axis=1)
        else:
            level = levels[binned]
        found[binned] = self._rounded(plain, level, part, draw[:, 2])
        return found

    def _rounded(self, plain: Float1D, level: Int1D, part: Int1D, draw: Float1D) -> Float1D:
        """Return values of the bins rounded as their levels say, as far as their bin allows."""
        unit = max(self.step, 1.0) if self.step else 1.0
        size = np.array([self.step, self.step, *(one * unit for one in SIZES)])[level]
        found = np.where(size > 0, np.round(plain / np.where(size > 0, size, 1.0)) * size, plain)
        ends = level == ENDING
        if ends.any() and len(self.endings):
            pick = np.minimum((draw[ends] * len(self.endings)).astype(np.int64), len(self.endings) - 1)
            found[ends] = np.sign(plain[ends]) * (np.floor(np.abs(plain[ends])) + self.endings[pick])
        low, high = self.inner[part, 0], self.inner[part, -1]
        found = np.where((level > ENDING) & (found > high), found - size, found)
        found = np.where((level > ENDING) & (found < low), found + size, found)
        out = (level > ENDING) & ((found < low) | (found > high))
        found = np.where(out, plain, found)
        if self.step > 0:
            found = np.round(found / self.step) * self.step
            decimals = int(max(0, np.ceil(-np.log10(self.step) - 1e-9)))
            found = np.round(found, decimals)
        if 0.0 < self.step < 1.0:  # Whole ones are a level of their own.
            whole = (level == PLAIN) & (found == np.round(found))
            found = np.where(whole, np.round(found + np.where(draw < 0.5, 1, -1) * self.step, 4), found)
        return np.asarray(found)

    def density_loss(self, tokens: Int1D, values: Float1D) -> Float1D:
        """Return -log of the chance of cells within 1 % of their size, given their tokens (bins only)."""
        found = np.zeros(len(tokens))
        binned = tokens >= self.first_bin
        if binned.any():
            part = tokens[binned] - self.first_bin
            width = np.maximum(self.inner[part, -1] - self.inner[part, 0], max(self.step, 1e-12))
            near = np.maximum(0.01 * np.abs(values[binned]), max(self.step, 1e-12))
            found[binned] = np.maximum(np.log(width) - np.log(near), 0.0)
        return found

    def state(self, prefix: str) -> dict[str, Array]:
        """Return the arrays under names that begin with ``prefix``."""
        return {
            f"{prefix}.sizes": np.array([self.step, float(self.first)]), f"{prefix}.atoms": self.atoms,
            f"{prefix}.inner": self.inner, f"{prefix}.endings": self.endings,
            f"{prefix}.level_share": self.level_share,
        }  # fmt: skip

    @classmethod
    def from_state(cls, prefix: str, arrays: Mapping[str, Array]) -> NumberField:
        """Return the field that ``state`` wrote."""
        step, first = arrays[f"{prefix}.sizes"]
        rest = (arrays[f"{prefix}.{name}"] for name in ("atoms", "inner", "endings", "level_share"))
        return cls(float(step), int(first), *rest)


def _bin(values: Float1D, edges: Float1D) -> Int1D:
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)


def _is_multiple(values: Float1D, size: float) -> Bool1D:
    scaled = values / size
    return np.asarray((np.abs(scaled - np.round(scaled)) < 1e-6) & (np.round(scaled) != 0))


def _endings(rest: Float1D) -> Float1D:
    """Return the commonest parts below 1 of the cells, where they are common: twice an even share."""
    part = np.round(np.abs(rest) % 1.0, 4)
    found, counts = np.unique(part[part > 0], return_counts=True)
    keep = np.argsort(-counts, kind="stable")[:ENDINGS]
    return np.sort(found[keep[counts[keep] >= max(5, 0.02 * len(rest))]])
