"""Series in any unit <-> tokens of the flow: marginals, dynamics, rotation, patches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.dynamics import Dynamics
from finsim.generators.marginals import Marginals
from finsim.generators.scaling import Scaling
from finsim.notation import Array, Float1D, Float2D, Float3D


@dataclass(frozen=True)
class Encoding:
    """The invertible way from a channel's unit to the network's numbers.

    values [.., C] --marginals--> scores [.., C] --dynamics--> innovations [.., C] --scaling-->
    components [.., K]. ``marginals`` or ``dynamics`` may be absent.
    """

    marginals: Marginals | None
    dynamics: Dynamics | None
    scaling: Scaling

    def scores(self, values: Array, draw: np.random.Generator | None = None) -> Array:
        """Return the normal scores of values (the values themselves without marginals)."""
        return values if self.marginals is None else self.marginals.normal(values, draw)

    def values(self, scores: Array) -> Array:
        """Return the values of scores."""
        return scores if self.marginals is None else self.marginals.values(scores)

    def averages(self, scores: Float3D, before: Float1D | None = None) -> Float3D:
        """Return float64[N, T + 1, F]: the slow memory before each step and after the last (F may be 0).

        before : float64[F], the memory before the first step; None: the average of the training part.
        """
        if self.dynamics is None:
            return np.zeros((len(scores), scores.shape[1] + 1, 0))
        return self.dynamics.memory.trace(scores, before)

    def components(self, scores: Float3D, averages: Float3D) -> Float3D:
        """Return float64[N, T, K] of scores float64[N, T, C] with the memory before each step."""
        if self.dynamics is not None:
            scores = self.dynamics.innovations(scores, averages)
        return self.scaling.forward(scores)

    def roll(self, components: Float3D, averages: Float2D) -> tuple[Float3D, Float2D]:
        """Return the scores that components float64[N, n, K] make, and the memory after them."""
        innovations = self.scaling.inverse(components)
        return (
            (innovations, averages) if self.dynamics is None else self.dynamics.series(innovations, averages)
        )

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        result = {f"scaling/{name}": array for name, array in self.scaling.arrays().items()}
        if self.marginals is not None:
            result |= {f"marginals/{name}": array for name, array in self.marginals.arrays().items()}
        if self.dynamics is not None:
            result |= {f"dynamics/{name}": array for name, array in self.dynamics.arrays().items()}
        return result

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], horizons: tuple[int, ...]) -> Encoding:
        """Return the encoding that ``arrays`` describes."""

        def under(prefix: str) -> dict[str, Array]:
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        marginals, dynamics = under("marginals/"), under("dynamics/")
        return cls(
            Marginals.from_arrays(marginals) if marginals else None,
            Dynamics.from_arrays(dynamics, horizons) if dynamics else None,
            Scaling.from_arrays(under("scaling/")),
        )


def to_tokens(components: Array, patch: int) -> Array:
    """Return float[N, T / patch, patch * K] from float[N, T, K]; T is a multiple of ``patch``."""
    count, steps, width = components.shape
    return np.ascontiguousarray(components).reshape(count, steps // patch, patch * width)


def from_tokens(tokens: Array, patch: int) -> Array:
    """Return float[N, T, K] from float[N, T / patch, patch * K]."""
    count, length, numbers = tokens.shape
    return tokens.reshape(count, length * patch, numbers // patch)
