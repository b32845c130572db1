"""Bring the long-run law of every made channel to that of the data, with its tails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.extras import Later
from finsim.generators.daily.still_values import still_values
from finsim.generators.encoding.gaussian_marginals import Marginals
from finsim.kernels.markets.volatility_walk import Law, mapped
from finsim.notation import Array, Float2D, Float3D

special = Later("scipy.special", "markets")

# From the 1-in-30,000 quantile to its mirror.
_FARTHEST, _KNOTS = 4.0, 161
_SLOPES = (0.0, 1.0)


@dataclass(frozen=True)
class FinalLaw:
    """A monotone map of each channel, knot by knot: quantiles that paths made to those of the data.

    starts, stops : float64[C, knots]; slopes : float64[C, 2] beyond the ends; still : float64[C, 2], see
    ``still_values``: what comes near such a value is that value. It keeps order, so clustering and dependence
    stay. Source: own (quantile mapping).
    """

    starts: Float2D
    stops: Float2D
    slopes: Float2D
    still: Float2D

    @classmethod
    def fit(cls, made: Array, real: Float2D, tail_reach: float) -> FinalLaw:
        """Fit on made values float64[..., C] and on the data float64[n, C]."""
        grid = np.linspace(-_FARTHEST, _FARTHEST, _KNOTS)
        rows = made.reshape(-1, made.shape[-1])
        starts = np.quantile(rows, special.ndtr(grid), axis=0).T
        stops = np.stack([one.values(grid) for one in Marginals.fit(real, tail_reach).channels])
        spread = np.maximum(rows.std(axis=0), 1e-300)[:, None]
        # Ties (an atom, a bound) would make the map a jump; the tied value itself goes to the middle of its
        # quantiles, as at their end it would stand in the far tail.
        starts = np.maximum.accumulate(starts, axis=1)
        starts = np.maximum.accumulate(
            starts + 1e-9 * spread * (np.arange(_KNOTS) - _middles(starts)), axis=1
        )
        tenth = _KNOTS // 10
        low = (stops[:, tenth] - stops[:, 0]) / np.maximum(starts[:, tenth] - starts[:, 0], 1e-300)
        width = np.maximum(starts[:, -1] - starts[:, -1 - tenth], 1e-300)
        high = (stops[:, -1] - stops[:, -1 - tenth]) / width
        return cls(starts, stops, np.clip(np.stack([low, high], axis=1), *_SLOPES), still_values(real))

    @classmethod
    def none(cls, channels: int) -> FinalLaw:
        """Return the map of so many channels that changes nothing."""
        nothing = np.empty((channels, 0))
        return cls(nothing, nothing, np.ones((channels, 2)), np.full((channels, 2), -1.0))

    def constants(self) -> Law:
        """Return what kernels want to know: starts, stops, slopes, still."""
        return self.starts, self.stops, self.slopes, self.still

    def apply(self, values: Float3D) -> None:
        """Map values float64[N, T, C] in place."""
        mapped(values, self.constants())

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        names = ("starts", "stops", "slopes", "still")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> FinalLaw:
        """Return the map that ``arrays`` describes."""
        return cls(arrays["starts"], arrays["stops"], arrays["slopes"], arrays["still"])


def _middles(rising: Float2D) -> Float2D:
    """Return for each knot the middle of the run of equal knots that it stands in: float64[C, knots]."""
    ends = [[np.searchsorted(row, row, side) for side in ("left", "right")] for row in rising]
    return np.array([(left + right - 1) / 2.0 for left, right in ends])
