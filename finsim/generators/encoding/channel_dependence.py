"""Same-step dependence between channels: a triangular bijection of innovations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.encoding.location_scale_regression import regress, with_intercept
from finsim.kernels.location_scale import FLOOR
from finsim.notation import Array, Float2D, Float3D, Int1D


@dataclass(frozen=True)
class Coupling:
    """Channel k of a step = location + scale * residual, both from the channels before it in ``order``.

    Volume answers to the size of a return, not to its sign: a dependence that no rotation removes and
    that a small network needs thousands of steps to find. order : int64[C]; centre, spread, low, high
    (rows of ``features``) : float64[4, 2C], of values and log squares in training; location,
    log_scale : float64[1 + 2C, C], zero for channels that come later; bounds : float64[2, 2, C].
    Source: own; the triangular form is that of Knothe 1957 and Rosenblatt 1952.
    """

    order: Int1D
    features: Float2D
    location: Float2D
    log_scale: Float2D
    bounds: Float3D

    @classmethod
    def fit(cls, innovations: Float2D, order: Int1D, ridges: tuple[float, float]) -> Coupling:
        """Fit on float64[n, C]; ``ridges`` as in ``regress``."""
        channels = innovations.shape[1]
        raw = _raw(innovations)
        centre, spread = raw.mean(axis=0), raw.std(axis=0)
        spread = np.where(spread > 1e-9, spread, 1.0)
        standard = (raw - centre) / spread
        design = with_intercept(standard)
        location, log_scale = np.zeros((2, 1 + 2 * channels, channels))
        for place, channel in enumerate(order):
            earlier = order[:place]
            used = np.concatenate([[0], 1 + earlier, 1 + channels + earlier])
            found = regress(design[:, used], innovations[:, [channel]], ridges)
            location[used, channel], log_scale[used, channel] = found[0][:, 0], found[1][:, 0]
        fitted = np.stack([design @ location, design @ log_scale])
        bounds = np.stack([fitted.min(axis=1), fitted.max(axis=1)], axis=1)
        features = np.stack([centre, spread, standard.min(axis=0), standard.max(axis=0)])
        return cls(order, features, location, log_scale, bounds)

    def residuals(self, innovations: Array) -> Array:
        """Return float64[..., C] residuals of innovations."""
        location, log_scale = self._fitted(innovations)
        residuals: Array = (innovations - location) * np.exp(-log_scale)
        return residuals

    def innovations(self, residuals: Array) -> Array:
        """Return float64[..., C] innovations of residuals: the inverse of ``residuals``."""
        innovations = np.zeros_like(residuals)
        for channel in self.order:
            # The weights of channels not made yet are zero, so their zeros here do not matter.
            location, log_scale = self._fitted(innovations)
            scale = np.exp(log_scale[..., channel])
            innovations[..., channel] = location[..., channel] + scale * residuals[..., channel]
        return innovations

    def _fitted(self, innovations: Array) -> tuple[Array, Array]:
        centre, spread, low, high = self.features
        seen = np.clip((_raw(innovations) - centre) / spread, low, high)
        location = self.location[0] + seen @ self.location[1:]
        log_scale = self.log_scale[0] + seen @ self.log_scale[1:]
        return np.clip(location, *self.bounds[0]), np.clip(log_scale, *self.bounds[1])

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {
            "order": self.order,
            "features": self.features,
            "location": self.location,
            "log_scale": self.log_scale,
            "bounds": self.bounds,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Coupling:
        """Return the coupling that ``arrays`` describes."""
        names = ("order", "features", "location", "log_scale", "bounds")
        return cls(*(arrays[name] for name in names))


def _raw(values: Array) -> Array:
    """Return float64[..., 2C]: the values and the logarithms of their squares."""
    return np.concatenate([values, np.log(np.square(values) + FLOOR)], axis=-1)
