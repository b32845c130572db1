"""Where windows are levels: by how much their steps are larger where the level is higher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from finsim.notation import Array, Bool1D, Float1D, Float2D, Float3D

# assumption: a dozen stretches of the level, where there are windows enough for each.
_STRETCHES, _FEWEST = 12, 50


@dataclass(frozen=True)
class LevelScale:
    """Middle and mean distance from it of every component, as lines over the level a window begins at.

    lead : the component that is the level, -1 where there is none. knots : float64[G], increasing; middles,
    sizes : float64[G, K], 0 and 1 for the first value of a slow component. Source: own.
    """

    lead: int
    knots: Float1D
    middles: Float2D
    sizes: Float2D

    @classmethod
    def fit(cls, split: Float3D, slow: Bool1D) -> LevelScale:
        """Fit on windows float64[W, T, K], those of slow components as first value and changes."""
        count = min(_STRETCHES, len(split) // _FEWEST)
        if not slow.any() or count < 2:
            return cls(-1, np.zeros(1), np.zeros((1, len(slow))), np.ones((1, len(slow))))
        lead = int(np.flatnonzero(slow)[0])
        parts = np.array_split(np.argsort(split[:, 0, lead], kind="stable"), count)
        knots = np.array([split[rows, 0, lead].mean() for rows in parts])
        knots = np.maximum.accumulate(knots) + 1e-9 * np.arange(count)
        middles = np.stack([split[rows, 1:].mean(axis=(0, 1)) for rows in parts])
        sizes = [np.abs(split[rows, 1:] - middle).mean(axis=(0, 1))
                 for rows, middle in zip(parts, middles, strict=True)]  # fmt: skip
        least = 1e-3 * np.mean(sizes, axis=0)
        return cls(lead, knots, middles, np.maximum(np.stack(sizes), np.where(least > 0.0, least, 1.0)))

    def standard(self, split: Array, slow: Bool1D) -> Array:
        """Return windows [..., T, K] around the middle and in the size of their level."""
        found = split.copy()
        middle, size = self._at(split[..., 0, self.lead])
        found[..., 1:, :] = (split[..., 1:, :] - middle[..., None, :]) / size[..., None, :]
        found[..., 0, :] = np.where(slow, split[..., 0, :], (split[..., 0, :] - middle) / size)
        return found

    def restored(self, standard: Array, slow: Bool1D) -> Array:
        """Return the windows that ``standard`` were made of."""
        found = standard.copy()
        middle, size = self._at(standard[..., 0, self.lead])
        found[..., 1:, :] = middle[..., None, :] + size[..., None, :] * standard[..., 1:, :]
        found[..., 0, :] = np.where(slow, standard[..., 0, :], middle + size * standard[..., 0, :])
        return found

    def lifted(self, standard: Tensor, slow: Tensor) -> Tensor:
        """Return ``restored`` of float64[B, T, K] in torch; the level has no slope through the lines."""
        middle, size = self._at(standard[:, 0, self.lead].detach().cpu().numpy())
        middles, sizes = (torch.from_numpy(one).to(standard.device)[:, None] for one in (middle, size))
        first = torch.where(slow, standard[:, :1], middles + sizes * standard[:, :1])
        return torch.cat([first, middles + sizes * standard[:, 1:]], dim=1)

    def _at(self, level: Array) -> tuple[Array, Array]:
        """Return middles and sizes [..., K] at levels [...]."""
        if self.lead < 0:
            level = np.zeros_like(level)
        found = [
            np.stack([np.interp(level, self.knots, column) for column in of.T], axis=-1)
            for of in (self.middles, self.sizes)
        ]
        return found[0], found[1]

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        lines = {name: getattr(self, name) for name in ("knots", "middles", "sizes")}
        return {"lead": np.array([self.lead]), **lines}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> LevelScale:
        """Return the scale that ``arrays`` describes."""
        return cls(int(arrays["lead"][0]), arrays["knots"], arrays["middles"], arrays["sizes"])
