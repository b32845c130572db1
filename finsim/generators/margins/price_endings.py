"""Price endings: cents that sums end in more often than by chance, such as .99, .95 and .49."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.margins.grains import BINS, COARSE, rounding_levels
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D

CENT = 0.01
LEAST_ROWS, BEYOND_CHANCE = 10, 4.0
"""Rows that an ending stands on, and how many times as often as other cents it is met (assumptions: with 60
sums that end anywhere, one of the 100 is met ten times less than once in a million)."""
DRAWN = 20.0
"""Rows that the shares of all sums together count in each bin of sums (assumption)."""


@dataclass(frozen=True)
class PriceEndings:
    """cents int64[m], which endings; shares float64[BINS, m], cumulative, of sums that are not rounded."""

    cents: Int1D
    shares: Float2D

    @classmethod
    def none(cls) -> PriceEndings:
        """Return the endings of a column of which no cents are met more than others."""
        return cls(np.zeros(0, np.int64), np.zeros((BINS, 0)))

    @classmethod
    def fit(cls, rest: Float1D, step: float) -> PriceEndings:
        """Learn the endings of cells in order of size float64[N] on a grid of cents."""
        if not np.isclose(step, CENT):
            return cls.none()
        plain = rounding_levels(rest, step) == len(COARSE)
        cents = _cents(rest)
        count = np.bincount(cents[plain], minlength=100).astype(np.float64)
        chance = float(np.median(count[1:]))
        least = BEYOND_CHANCE * max(chance, count.sum() / 400)
        found = np.flatnonzero((count >= LEAST_ROWS) & (count > least))
        if not len(found):
            return cls.none()
        bins = np.minimum((np.arange(len(rest)) / len(rest) * BINS).astype(np.int64), BINS - 1)
        whole = np.maximum(count[found] - chance, 0.0) / count.sum()
        shares = np.zeros((BINS, len(found)))
        for index in range(BINS):
            there = cents[plain & (bins == index)]
            met = np.bincount(there, minlength=100)[found] - chance / count.sum() * len(there)
            shares[index] = (np.maximum(met, 0.0) + DRAWN * whole) / (len(there) + DRAWN)
        return cls(found, np.cumsum(shares, axis=1))

    def moved(self, values: Float1D, bins: Int1D, draws: Float1D, plain: Bool1D) -> Float1D:
        """Return values of which ``plain`` ones end as ``draws`` in [0, 1) say, each the nearest such sum."""
        if not len(self.cents):
            return values
        which = (draws[:, None] >= self.shares[bins]).sum(axis=1)
        some = plain & (which < len(self.cents))
        ending = self.cents[np.minimum(which, len(self.cents) - 1)] / 100.0
        size = np.abs(values)
        near = np.maximum(np.round(size - ending), 0.0) + ending
        return np.where(some, np.copysign(np.round(near, 2), values), values)

    def state(self, prefix: str) -> dict[str, Array]:
        """Return the arrays, none where there are no endings."""
        if not len(self.cents):
            return {}
        return {f"{prefix}.cents": self.cents, f"{prefix}.endings": self.shares}

    @classmethod
    def from_state(cls, prefix: str, arrays: Mapping[str, Array]) -> PriceEndings:
        """Return what ``state`` wrote."""
        if f"{prefix}.cents" not in arrays:
            return cls.none()
        return cls(arrays[f"{prefix}.cents"], arrays[f"{prefix}.endings"])


def _cents(values: Float1D) -> Int1D:
    return np.asarray(np.round(np.abs(values) % 1.0 * 100).astype(np.int64) % 100)
