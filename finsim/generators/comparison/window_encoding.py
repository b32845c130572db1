"""Windows of values as components that a small network can learn, and how far two sets of them are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from finsim.generators.encoding.gaussian_marginals import Marginals
from finsim.generators.encoding.scaling import Scaling
from finsim.notation import Array, Float3D

_REACH, _FARTHEST = 20.0, 5.0


@dataclass(frozen=True)
class WindowEncoding:
    """Normal scores of every channel with its tails, then uncorrelated components of variance 1.

    Source: own composition; see ``Marginals`` and ``Scaling``.
    """

    marginals: Marginals
    scaling: Scaling

    @classmethod
    def fit(cls, windows: Float3D, draw: np.random.Generator) -> WindowEncoding:
        """Fit on windows float64[W, T, C]; ``draw`` spreads atoms over their range."""
        marginals = Marginals.fit(windows, _REACH)
        return cls(marginals, Scaling.fit(marginals.normal(windows, draw)))

    def forward(self, values: Array) -> Array:
        """Return components float64[..., K] of values float64[..., C]."""
        return self.scaling.forward(self.marginals.normal(values))

    def inverse(self, components: Array) -> Array:
        """Return values float64[..., C]; components beyond five deviations count as five."""
        return self.marginals.values(self.scaling.inverse(np.clip(components, -_FARTHEST, _FARTHEST)))

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {**self.marginals.arrays(), **self.scaling.arrays()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> WindowEncoding:
        """Return the encoding that ``arrays`` describes."""
        scaling = Scaling(*(arrays[name] for name in ("centre", "spread", "rotation", "size")))
        return cls(Marginals.from_arrays(arrays), scaling)


def energy_distance(real: Tensor, made: Tensor) -> float:
    """Return the energy distance (Szekely & Rizzo 2004) of windows [N, T, K] and [M, T, K]."""
    left, right = real.flatten(1), made.flatten(1)
    return float(2.0 * torch.cdist(left, right).mean() - _inner(left) - _inner(right))


def _inner(rows: Tensor) -> Tensor:
    """Return the mean distance of two different rows."""
    count = len(rows)
    return torch.cdist(rows, rows).sum() / max(count * (count - 1), 1)
