"""Location and scale of the next step from past averages: series to innovations and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.encoding.location_scale_regression import regress, with_intercept
from finsim.generators.encoding.moving_average_features import SlowMemory
from finsim.kernels.location_scale import roll
from finsim.notation import Array, Float1D, Float2D, Float3D

LEAST_EXPLAINED = 0.05
"""assumption: less than a twentieth of the variance explained ahead is not told from chance over regimes."""

_AHEAD = 0.2


def explained_ahead(features: Float3D, values: Float3D, ridges: tuple[float, float]) -> Float1D:
    """Return float64[C], the share of the last fifth's variance that a location fitted before explains.

    features : float64[N, T, F]; values : float64[N, T, C]. Compared with the earlier mean: a location
    that predicts worse than it has a negative share. Source: own; out-of-sample R2 as in Campbell &
    Thompson 2008.
    """
    cut = max(1, round(values.shape[1] * (1.0 - _AHEAD)))
    past, ahead = (
        with_intercept(part.reshape(-1, features.shape[2])) for part in np.split(features, [cut], 1)
    )
    before, after = (part.reshape(-1, values.shape[2]) for part in np.split(values, [cut], 1))
    if not len(after):
        return np.zeros(values.shape[2])
    location, _ = regress(past, before, ridges)
    unexplained = np.square(after - ahead @ location).mean(axis=0)
    plain = np.square(after - before.mean(axis=0)).mean(axis=0)
    return np.asarray(1.0 - unexplained / np.maximum(plain, 1e-12))


@dataclass(frozen=True)
class Dynamics:
    """value_t = location_t + scale_t * innovation_t, channel by channel, exactly invertible.

    A channel whose location does not predict the last fifth of the data (``explained_ahead``) has a
    constant one: past mean returns predict nothing, and a path that believed them would trend for years.

    location, log_scale : float64[1 + F, C], intercept first, then the features of the memory.
    bounds : float64[2, 2, C], lowest and highest location and log scale of the training part: no path,
    however long, leaves them, so it cannot drift away. Innovations carry what the regressions do not
    explain, for the flow to learn.
    Source: own; location as in a HAR model (Corsi 2009), log scale as a gamma regression with log
    link (McCullagh & Nelder 1989, chapter 8).
    """

    memory: SlowMemory
    location: Float2D
    log_scale: Float2D
    bounds: Float3D

    @classmethod
    def fit(cls, values: Float3D, horizons: tuple[int, ...], ridges: tuple[float, float]) -> Dynamics:
        """Fit on float64[N, T, C]; ``ridges`` as in ``regress``."""
        memory = SlowMemory.fit(values, horizons)
        features = memory.features(memory.trace(values)[:, :-1])
        design = with_intercept(features.reshape(-1, features.shape[2]))
        targets = values.reshape(-1, values.shape[2])
        location, log_scale = regress(design, targets, ridges)
        for channel in np.flatnonzero(explained_ahead(features, values, ridges) < LEAST_EXPLAINED):
            location[:, channel] = 0.0
            location[0, channel] = targets[:, channel].mean()
        fitted = np.stack([design @ location, design @ log_scale])
        bounds = np.stack([fitted.min(axis=1), fitted.max(axis=1)], axis=1)
        return cls(memory, location, log_scale, bounds)

    def ahead(self, averages: Array) -> tuple[Array, Array]:
        """Return location and log scale float64[..., C] of the step after the averages float64[..., F]."""
        features = self.memory.features(averages)
        location = self.location[0] + features @ self.location[1:]
        log_scale = self.log_scale[0] + features @ self.log_scale[1:]
        return np.clip(location, *self.bounds[0]), np.clip(log_scale, *self.bounds[1])

    def innovations(self, values: Float3D, averages: Float3D) -> Float3D:
        """Return float64[N, T, C] of values whose ``averages`` are the memory's trace."""
        location, log_scale = self.ahead(averages[:, : values.shape[1]])
        innovations: Float3D = (values - location) * np.exp(-log_scale)
        return innovations

    def series(self, innovations: Float3D, averages: Float2D) -> tuple[Float3D, Float2D]:
        """Return the values float64[N, T, C] that innovations make, and the averages after them."""
        values, after = np.empty_like(innovations), averages.copy()
        loadings = np.stack([self.location, self.log_scale])
        roll(np.ascontiguousarray(innovations), after, self.memory.rows(), loadings, self.bounds, values)
        return values, after

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        own = {"location": self.location, "log_scale": self.log_scale, "bounds": self.bounds}
        return own | {f"memory/{name}": array for name, array in self.memory.arrays().items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], horizons: tuple[int, ...]) -> Dynamics:
        """Return the dynamics that ``arrays`` describes."""
        inner = {k.removeprefix("memory/"): v for k, v in arrays.items() if k.startswith("memory/")}
        memory = SlowMemory.from_arrays(inner, horizons)
        return cls(memory, arrays["location"], arrays["log_scale"], arrays["bounds"])
