"""Encode series in any unit as near-Gaussian numbers that a small flow learns quickly, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.encoding.channel_dependence import Coupling
from finsim.generators.encoding.gaussian_marginals import Marginals
from finsim.generators.encoding.location_scale_dynamics import Dynamics
from finsim.generators.encoding.marginal_correction import Correction
from finsim.generators.encoding.scaling import Scaling
from finsim.notation import Array, Float1D, Float2D, Float3D


@dataclass(frozen=True)
class Encoding:
    """The invertible way from a channel's unit to the network's numbers.

    values [.., C] --marginals--> scores --dynamics--> innovations --coupling--> residuals
    --scaling--> components [.., K]. All but the scaling may be absent. On the way back ``touch``
    corrects the marginal laws of residuals and ``finish`` those of scores.
    """

    scaling: Scaling
    marginals: Marginals | None = None
    dynamics: Dynamics | None = None
    coupling: Coupling | None = None
    touch: Correction | None = None
    finish: Correction | None = None

    def scores(self, values: Array, draw: np.random.Generator | None = None) -> Array:
        """Return the normal scores of values (the values themselves without marginals)."""
        return values if self.marginals is None else self.marginals.normal(values, draw)

    def averages(self, scores: Float3D, before: Float1D | None = None) -> Float3D:
        """Return float64[N, T + 1, F]: the slow memory before each step and after the last (F may be 0).

        before : float64[F], the memory before the first step; None: the average of the training part.
        """
        if self.dynamics is None:
            return np.zeros((len(scores), scores.shape[1] + 1, 0))
        return self.dynamics.memory.trace(scores, before)

    def residuals(self, scores: Float3D, averages: Float3D) -> Float3D:
        """Return float64[N, T, C] of scores float64[N, T, C] with the memory before each step."""
        found = scores if self.dynamics is None else self.dynamics.innovations(scores, averages)
        return found if self.coupling is None else self.coupling.residuals(found)

    def components(self, scores: Float3D, averages: Float3D) -> Float3D:
        """Return float64[N, T, K] of scores float64[N, T, C] with the memory before each step."""
        return self.scaling.forward(self.residuals(scores, averages))

    def innovations(self, components: Float3D) -> Float3D:
        """Return float64[N, T, C] of components, the way back to before the dynamics."""
        residuals = self.scaling.inverse(components)
        if self.touch is not None:
            residuals = self.touch.apply(residuals)
        return residuals if self.coupling is None else self.coupling.innovations(residuals)

    def series(self, components: Float3D, averages: Float2D) -> tuple[Float3D, Float2D]:
        """Return the scores that components float64[N, n, K] make, and the memory after them."""
        innovations = self.innovations(components)
        return (
            (innovations, averages) if self.dynamics is None else self.dynamics.series(innovations, averages)
        )

    def values(self, scores: Array) -> Array:
        """Return the values of generated scores."""
        corrected = scores if self.finish is None else self.finish.apply(scores)
        return corrected if self.marginals is None else self.marginals.values(corrected)

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        parts = {
            "scaling": self.scaling,
            "marginals": self.marginals,
            "dynamics": self.dynamics,
            "coupling": self.coupling,
            "touch": self.touch,
            "finish": self.finish,
        }
        return {
            f"{part}/{name}": array
            for part, fitted in parts.items()
            if fitted is not None
            for name, array in fitted.arrays().items()
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], horizons: tuple[int, ...]) -> Encoding:
        """Return the encoding that ``arrays`` describes."""

        def under(part: str) -> dict[str, Array]:
            prefix = f"{part}/"
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        dynamics = under("dynamics")
        return cls(
            Scaling.from_arrays(under("scaling")),
            Marginals.from_arrays(under("marginals")) if under("marginals") else None,
            Dynamics.from_arrays(dynamics, horizons) if dynamics else None,
            Coupling.from_arrays(under("coupling")) if under("coupling") else None,
            Correction.from_arrays(under("touch")) if under("touch") else None,
            Correction.from_arrays(under("finish")) if under("finish") else None,
        )


def to_tokens(components: Array, patch: int) -> Array:
    """Return float[N, T / patch, patch * K] from float[N, T, K]; T is a multiple of ``patch``."""
    count, steps, width = components.shape
    return np.ascontiguousarray(components).reshape(count, steps // patch, patch * width)


def from_tokens(tokens: Array, patch: int) -> Array:
    """Return float[N, T, K] from float[N, T / patch, patch * K]."""
    count, length, numbers = tokens.shape
    return tokens.reshape(count, length * patch, numbers // patch)
