"""Monotone correction of generated values to the wanted marginal distributions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.extras import Later
from finsim.notation import Array, Float1D, Float2D

special = Later("scipy.special", "markets")

_FARTHEST, _KNOTS = 3.0, 61
_SLOPES = (0.5, 2.0)


@dataclass(frozen=True)
class Correction:
    """Per channel, generated quantiles and the wanted ones, both float64[C, knots].

    Small errors of a network in the spread of a normal score are large errors in a power-law tail;
    the map takes them out of the marginal law and leaves order and dependence. Source: own (quantile
    mapping).
    """

    generated: Float2D
    wanted: Float2D

    @classmethod
    def fit(cls, generated: Array, wanted: Array | None) -> Correction:
        """Fit on float64[.., C] each; ``wanted`` None: standard normal."""
        start = _quantiles(generated)
        stop = np.tile(_grid(), (len(start), 1)) if wanted is None else _quantiles(wanted)
        # Ties (an atom, a bound) would make the map a jump.
        return cls(start + 1e-9 * np.arange(_KNOTS), stop)

    def apply(self, values: Array) -> Array:
        """Return corrected values float64[..., C]."""
        pairs = zip(self.generated, self.wanted, strict=True)
        columns = [_stretch(values[..., i], *pair) for i, pair in enumerate(pairs)]
        return np.stack(columns, axis=-1)

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {"generated": self.generated, "wanted": self.wanted}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Correction:
        """Return the correction that ``arrays`` describes."""
        return cls(arrays["generated"], arrays["wanted"])


def _grid() -> Float1D:
    return np.linspace(-_FARTHEST, _FARTHEST, _KNOTS)


def _quantiles(values: Array) -> Float2D:
    rows = values.reshape(-1, values.shape[-1])
    found: Float2D = np.quantile(rows, special.ndtr(_grid()), axis=0).T
    return found


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
