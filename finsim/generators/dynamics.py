"""Location and scale of the next step from the slow memory: series <-> innovations, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.memory import SlowMemory
from finsim.kernels.location_scale import LOG_SCALE_LIMIT, roll
from finsim.notation import Array, Float2D, Float3D

_ROUNDS = 20


@dataclass(frozen=True)
class Dynamics:
    """value_t = location_t + scale_t * innovation_t, both linear in the features of the past.

    location, log_scale : float64[1 + F, C], intercept first. The features are bounded, so location and
    scale are bounded on any path and a generated path cannot drift away; innovations carry what the
    regression does not explain, for the flow to learn. Source: own; location as in a HAR model
    (Corsi 2009), log scale as a gamma regression with log link (McCullagh & Nelder 1989, chapter 8).
    """

    memory: SlowMemory
    location: Float2D
    log_scale: Float2D

    @classmethod
    def fit(cls, values: Float3D, horizons: tuple[int, ...], ridge: float) -> Dynamics:
        """Fit on float64[N, T, C]; ``ridge`` is the penalty on standardised weights, in observations."""
        memory = SlowMemory.fit(values, horizons)
        features = memory.features(memory.trace(values)[:, :-1]).reshape(-1, len(memory.centre))
        targets = values.reshape(-1, values.shape[2])
        design = np.concatenate([np.ones((len(features), 1)), features], axis=1)
        penalty = np.full(design.shape[1], ridge)
        penalty[0] = 0.0
        solve = np.linalg.solve(design.T @ design + np.diag(penalty), design.T)
        location = solve @ targets
        squares = np.maximum(np.square(targets - design @ location), 1e-12)
        # Fisher scoring; with a log link all weights are 1, so the same solver serves every round.
        weights = np.zeros_like(location)
        weights[0] = np.log(squares.mean(axis=0))
        for _ in range(_ROUNDS):
            linear = np.clip(design @ weights, -2.0 * LOG_SCALE_LIMIT, 2.0 * LOG_SCALE_LIMIT)
            weights = solve @ (linear + np.clip(squares * np.exp(-linear) - 1.0, -1.0, 10.0))
        return cls(memory, location, 0.5 * weights)

    def ahead(self, averages: Array) -> tuple[Array, Array]:
        """Return location and scale float64[..., C] of the step after the averages."""
        features = self.memory.features(averages)
        location = self.location[0] + features @ self.location[1:]
        log_scale = self.log_scale[0] + features @ self.log_scale[1:]
        return location, np.exp(np.clip(log_scale, -LOG_SCALE_LIMIT, LOG_SCALE_LIMIT))

    def innovations(self, values: Float3D, averages: Float3D) -> Float3D:
        """Return float64[N, T, C] of values whose ``averages`` are the memory's trace."""
        location, scale = self.ahead(averages[:, : values.shape[1]])
        innovations: Float3D = (values - location) / scale
        return innovations

    def series(self, innovations: Float3D, averages: Float2D) -> tuple[Float3D, Float2D]:
        """Return the values float64[N, T, C] that innovations make, and the averages after them."""
        values, after = np.empty_like(innovations), averages.copy()
        loadings = np.stack([self.location, self.log_scale])
        roll(np.ascontiguousarray(innovations), after, self.memory.rows(), loadings, values)
        return values, after

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        own = {"location": self.location, "log_scale": self.log_scale}
        return own | {f"memory/{name}": array for name, array in self.memory.arrays().items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], horizons: tuple[int, ...]) -> Dynamics:
        """Return the dynamics that ``arrays`` describes."""
        inner = {k.removeprefix("memory/"): v for k, v in arrays.items() if k.startswith("memory/")}
        return cls(SlowMemory.from_arrays(inner, horizons), arrays["location"], arrays["log_scale"])
