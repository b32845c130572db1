"""How much of what the series of a market do is common to all of them, lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.daily.volatility_state import HORIZONS, VolatilityState
from finsim.kernels.markets.volatility_walk import FARTHEST, unity_trace
from finsim.notation import Array, Bool2D, Float1D, Float3D

UNITY_OF, UNITY_RATE = HORIZONS.index(22.0), 1.0 / 44.0
"""Moves are in deviations of the last month; unity is averaged over two (assumption)."""


@dataclass(frozen=True)
class Unity:
    """The moving average of the share of a day's squared moves that lies in the market's main direction.

    direction : float64[A], of length 1; mean : float64[1], where averages begin. One series has none.
    Source: own; the share of the first principal component as in Kritzman et al. 2011 (absorption ratio),
    day by day.
    """

    direction: Float1D
    mean: Float1D

    @classmethod
    def fit(cls, state: VolatilityState, values: Float3D, features: Array, observed: Bool2D) -> Unity:
        """Fit on float64[N, T, C] and the features [N, T + 1, A, P] of the state."""
        if state.layout.series == 1:
            return cls(np.zeros(1), np.zeros(1))
        moves = np.clip(_moves(state, values, features), -FARTHEST, FARTHEST)[observed]
        spread = moves.std(axis=0)
        standard = moves / np.where(spread > 0.0, spread, 1.0)
        direction = np.linalg.eigh(standard.T @ standard)[1][:, -1]
        direction = direction * np.sign(direction[np.abs(direction).argmax()])
        shares = (moves @ direction) ** 2 / ((moves**2).sum(axis=1) + 1e-12)
        return cls(direction, np.array([shares.mean()]))

    def trace(self, state: VolatilityState, values: Float3D, features: Array, observed: Bool2D) -> Array:
        """Return unity float64[N, T + 1] before each step of float64[N, T, C] and after the last."""
        found = np.full(features.shape[:2], self.mean[0])
        if state.layout.series > 1:
            for one, seen, row in zip(_moves(state, values, features), observed, found, strict=True):
                unity_trace(
                    np.ascontiguousarray(one), np.ascontiguousarray(seen), self.direction, UNITY_RATE, row
                )
        return found

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {"direction": self.direction, "mean": self.mean}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Unity:
        """Return the unity that ``arrays`` describes."""
        return cls(arrays["direction"], arrays["mean"])


def _moves(state: VolatilityState, values: Float3D, features: Array) -> Float3D:
    """Return moves with gaps float64[N, T, A] in deviations of the month before."""
    sizes = np.sqrt(state.limits[:, 0]) * np.exp(0.5 * features[:, :-1, :, UNITY_OF])
    return np.asarray(state.returns(values) / sizes)
