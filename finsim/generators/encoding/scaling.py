"""Invertible standardisation and PCA rotation, fitted on the training part only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Float1D, Float2D

# Directions below this share of the total variance are numerical noise of exact relations.
_NEGLIGIBLE = 1e-10


@dataclass(frozen=True)
class Scaling:
    """Channels -> uncorrelated components of variance 1 on the training part, and back.

    centre, spread : float64[C]; rotation : float64[C, K], K <= C: exact linear relations between
    channels (a column given twice) take no component and hold exactly after ``inverse``.
    Source: own; the reason for the rotation is in docs/adr/0005-generator-models.md.
    """

    centre: Float1D
    spread: Float1D
    rotation: Float2D
    size: Float1D

    @classmethod
    def fit(cls, values: Array, rotate: bool = True, keep: int | None = None) -> Scaling:
        """Fit on float64[..., C]; ``keep`` bounds the number of components (largest variance first)."""
        rows = values.reshape(-1, values.shape[-1])
        centre = rows.mean(axis=0)
        spread = rows.std(axis=0)
        # A constant channel is restored from its centre alone.
        spread = np.where(spread > 1e-12 * (1.0 + np.abs(centre)), spread, 0.0)
        safe = np.where(spread > 0.0, spread, 1.0)
        standard = np.where(spread > 0.0, (rows - centre) / safe, 0.0)
        if not rotate:
            used = spread > 0.0
            return cls(centre, spread, np.eye(len(centre))[:, used], np.ones(int(used.sum())))
        variances, vectors = np.linalg.eigh(standard.T @ standard / len(rows))
        order = np.argsort(variances)[::-1]
        order = order[variances[order] > _NEGLIGIBLE * max(variances.sum(), 1e-300)][:keep]
        vectors = vectors[:, order]
        # The sign of an eigenvector is arbitrary: the largest loading is made positive.
        signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(order))])
        return cls(centre, spread, vectors * signs, np.sqrt(variances[order]))

    @property
    def components(self) -> int:
        """Return K, the number of components."""
        return int(self.rotation.shape[1])

    def forward(self, values: Array) -> Array:
        """Return float64[..., K] from float64[..., C]."""
        safe = np.where(self.spread > 0.0, self.spread, 1.0)
        return ((values - self.centre) / safe) @ (self.rotation / self.size)

    def inverse(self, components: Array) -> Array:
        """Return float64[..., C] from float64[..., K]."""
        return self.centre + self.spread * (components @ (self.rotation * self.size).T)

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {"centre": self.centre, "spread": self.spread, "rotation": self.rotation, "size": self.size}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Scaling:
        """Return the scaling that ``arrays`` describes."""
        return cls(arrays["centre"], arrays["spread"], arrays["rotation"], arrays["size"])


@dataclass(frozen=True)
class Range:
    """Channels -> [0, 1] by their lowest and highest training value, and back to the original unit.

    low, width : float64[C]. Source: the MinMaxScaler of the official TimeGAN code (with its 1e-7).
    """

    low: Float1D
    width: Float1D

    @classmethod
    def fit(cls, values: Array) -> Range:
        """Fit on float64[..., C]."""
        rows = values.reshape(-1, values.shape[-1])
        low = rows.min(axis=0)
        return cls(low, rows.max(axis=0) - low + 1e-7)

    def forward(self, values: Array) -> Array:
        """Return values as shares of the range."""
        shares: Array = (values - self.low) / self.width
        return shares

    def inverse(self, shares: Array) -> Array:
        """Return values from shares of the range."""
        values: Array = self.low + shares * self.width
        return values
