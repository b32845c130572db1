"""The scale on which a series moves: ratios of prices, differences of levels, or returns as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.notation import Array, Float3D

MOVE_LIMIT, LEVEL_LIMIT, VOLUME_LIMIT = 20.0, 300.0, 40.0
"""Largest |log move| of a bar, |log price| and log volume that the decoder lets through."""

DIFFERENCE_LIMIT = 1e12
"""Largest |move| and |level| of a series of levels that the decoder lets through."""


@dataclass(frozen=True)
class Scale:
    """Which assets (indices into the last axis) are levels and which are returns; the others are prices.

    The line of a price is its logarithm, that of a level the level itself, so that both move by sums.
    """

    levels: tuple[int, ...] = ()
    returns: tuple[int, ...] = ()

    def line(self, values: Array) -> Array:
        """Return values [..., A] on the line on which moves add up."""
        return self._by_asset(values, np.log)

    def price(self, line: Array) -> Array:
        """Return the values [..., A] of points of the line."""
        return self._by_asset(line, np.exp)

    def moved(self, values: Array, moves: Array) -> Array:
        """Return values [..., A] after moves of their own kind."""
        if not self.levels and not self.returns:
            return np.asarray(values * np.exp(moves))
        found = np.asarray(values + moves)
        others = self._prices(values.shape[-1])
        found[..., others] = values[..., others] * np.exp(moves[..., others])
        return found

    def distance(self, after: Float3D, before: Float3D) -> Float3D:
        """Return the moves [..., A] from ``before`` to ``after``; a return is its own move."""
        if not self.levels and not self.returns:
            return np.asarray(np.log(after / before))
        found = np.asarray(after - before)
        others = self._prices(after.shape[-1])
        found[..., others] = np.log(after[..., others] / before[..., others])
        own = list(self.returns)
        found[..., own] = np.log1p(after[..., own])
        return found

    def bounded_move(self, moves: Array) -> Array:
        """Return moves [..., A] within what the decoder lets through."""
        return self._bounded(moves, MOVE_LIMIT)

    def bounded_level(self, line: Array) -> Array:
        """Return points of the line [..., A] within what the decoder lets through."""
        return self._bounded(line, LEVEL_LIMIT)

    def _bounded(self, values: Array, limit: float) -> Array:
        most = np.full(values.shape[-1], limit)
        most[list(self.levels)] = DIFFERENCE_LIMIT
        return np.clip(values, -most, most)

    def _prices(self, assets: int) -> list[int]:
        return [a for a in range(assets) if a not in (*self.levels, *self.returns)]

    def _by_asset(self, values: Array, change: Any) -> Array:
        if not self.levels and not self.returns:
            return np.asarray(change(values))
        found = np.array(values, dtype=np.float64)
        others = self._prices(values.shape[-1])
        found[..., others] = change(values[..., others])
        return found
