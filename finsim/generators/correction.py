"""A monotone correction of generated scores, so that their marginal laws are normal again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from finsim.notation import Array, Float1D, Float2D

_FARTHEST, _KNOTS = 3.0, 61
_SLOPES = (0.5, 2.0)


@dataclass(frozen=True)
class Correction:
    """Per channel, generated quantiles float64[C, knots] that belong to a fixed grid of normal scores.

    Small errors of a network in the spread of a normal score are large errors in a power-law tail;
    the map takes them out of the marginal law and leaves order and dependence. Without channels it
    changes nothing. Source: own (quantile mapping).
    """

    quantiles: Float2D

    @classmethod
    def identity(cls) -> Correction:
        """Return the correction that changes nothing."""
        return cls(np.empty((0, _KNOTS)))

    def refined(self, scores: Array) -> Correction:
        """Return the correction under which the scores float64[.., C], corrected by this one, are normal."""
        rows = scores.reshape(-1, scores.shape[-1])
        found = np.quantile(rows, ndtr(_grid()), axis=0).T
        if len(self.quantiles):
            found = np.stack(
                [_stretch(row, _grid(), own) for row, own in zip(found, self.quantiles, strict=True)]
            )
        # Ties (an atom, a bound) would make the map a jump.
        return Correction(np.maximum.accumulate(found, axis=1) + 1e-9 * np.arange(_KNOTS))

    def apply(self, scores: Array) -> Array:
        """Return corrected scores float64[..., C]."""
        if not len(self.quantiles):
            return scores
        columns = [_stretch(scores[..., i], row, _grid()) for i, row in enumerate(self.quantiles)]
        return np.stack(columns, axis=-1)

    def arrays(self) -> dict[str, Array]:
        """Return the fitted array by name."""
        return {"quantiles": self.quantiles}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Correction:
        """Return the correction that ``arrays`` describes."""
        return cls(arrays["quantiles"])


def _grid() -> Float1D:
    return np.linspace(-_FARTHEST, _FARTHEST, _KNOTS)


def _stretch(values: Array, start: Float1D, stop: Float1D) -> Array:
    """Map ``start`` to ``stop`` piecewise linearly, straight on beyond the ends."""
    unit = _KNOTS // 6
    low_slope = np.clip((stop[unit] - stop[0]) / max(start[unit] - start[0], 1e-9), *_SLOPES)
    high_slope = np.clip((stop[-1] - stop[-1 - unit]) / max(start[-1] - start[-1 - unit], 1e-9), *_SLOPES)
    inside = np.interp(values, start, stop)
    below = np.minimum(values - start[0], 0.0) * low_slope
    above = np.maximum(values - start[-1], 0.0) * high_slope
    result: Array = inside + below + above
    return result
