"""Moving averages over several horizons as bounded features of the regime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.extras import Later
from finsim.kernels.location_scale import FLOOR
from finsim.notation import Array, Float1D, Float2D, Float3D

signal = Later("scipy.signal", "markets")


@dataclass(frozen=True)
class SlowMemory:
    """Exponential averages of the values (level) and of their squares (scale) of C channels.

    horizons : steps; an average of horizon h gives the weight 1 / h to the newest step (h = 1: the
    step before). resting : float64[H * 2C], the averages of the whole training part, which every
    trace starts from. centre, spread, low, high : float64[F], F = H * 2C, of the features in training.
    Features are bounded by what training has seen, so what is computed from them stays bounded on a
    generated path, however long. Source: own; horizons of a day, a week, a month as in Corsi 2009
    (HAR), and a year.
    """

    horizons: tuple[int, ...]
    resting: Float1D
    centre: Float1D
    spread: Float1D
    low: Float1D
    high: Float1D

    @classmethod
    def fit(cls, values: Float3D, horizons: tuple[int, ...]) -> SlowMemory:
        """Fit on float64[N, T, C]."""
        resting = np.tile(_signals(values).mean(axis=(0, 1)), len(horizons))
        blank = np.zeros(len(resting))
        memory = cls(horizons, resting, blank, blank + 1.0, blank - np.inf, blank + np.inf)
        seen = memory.features(memory.trace(values)[:, :-1]).reshape(-1, len(blank))
        spread = seen.std(axis=0)
        spread = np.where(spread > 1e-9, spread, 1.0)
        centre = seen.mean(axis=0)
        low, high = (seen.min(axis=0) - centre) / spread, (seen.max(axis=0) - centre) / spread
        return cls(horizons, resting, centre, spread, low, high)

    def trace(self, values: Float3D, before: Float1D | None = None) -> Float3D:
        """Return float64[N, T + 1, H * 2C]: the averages before each step, and after the last.

        before : float64[H * 2C], the averages before the first step; None: ``resting``.
        """
        seen = _signals(values)
        start = self.resting if before is None else before
        parts = []
        for horizon, rest in zip(self.horizons, np.split(start, len(self.horizons)), strict=True):
            weight = 1.0 / horizon
            moving = signal.lfilter([weight], [1.0, weight - 1.0], seen - rest, axis=1)
            parts.append(np.concatenate([np.zeros_like(moving[:, :1]), moving], axis=1) + rest)
        return np.concatenate(parts, axis=2)

    def features(self, averages: Array) -> Array:
        """Return float64[..., F], standardised and bounded: levels and log mean squares."""
        pairs = averages.reshape(*averages.shape[:-1], len(self.horizons), 2, -1)
        # A mean of squares is not negative; the rounding of a recursion can be.
        scales = np.log(np.maximum(pairs[..., 1, :], 0.0) + FLOOR)
        raw = np.stack([pairs[..., 0, :], scales], axis=-2).reshape(averages.shape)
        bounded: Array = np.clip((raw - self.centre) / self.spread, self.low, self.high)
        return bounded

    def rows(self) -> Float2D:
        """Return float64[5, F] as the kernel ``roll`` wants it: weight, centre, spread, low, high."""
        width = len(self.resting) // len(self.horizons)
        weights = np.repeat([1.0 / horizon for horizon in self.horizons], width)
        return np.stack([weights, self.centre, self.spread, self.low, self.high])

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {
            "resting": self.resting,
            "centre": self.centre,
            "spread": self.spread,
            "low": self.low,
            "high": self.high,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], horizons: tuple[int, ...]) -> SlowMemory:
        """Return the memory that ``arrays`` describes."""
        names = ("resting", "centre", "spread", "low", "high")
        return cls(horizons, *(arrays[name] for name in names))


def _signals(values: Array) -> Array:
    """Return float64[..., 2C]: the values and their squares."""
    return np.concatenate([values, np.square(values)], axis=-1)
