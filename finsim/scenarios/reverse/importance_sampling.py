"""How probable a breach is, by importance sampling around its design points, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from finsim.notation import Float1D
from finsim.scenarios.reverse.design_points import DesignPoint, Loss

DRAWS = 200_000
_BLOCK = 50_000
_TWO_SIDED = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A probability with its standard error, the ends of its 95 % interval and the number of draws."""

    probability: float
    error: float
    draws: int

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return max(self.probability - _TWO_SIDED * self.error, 0.0)

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.probability + _TWO_SIDED * self.error


def breach_probability(
    loss: Loss, limit: float, points: Sequence[DesignPoint], rng: np.random.Generator, draws: int = DRAWS
) -> Estimate:
    """Return P(loss(u) >= limit) for a standard normal u, all of the breach and not one point's part.

    Draws are normal around the design points, in equal shares; a draw's weight is the normal density over
    that of the mixture, so the estimate has no bias. Source: Melchers 1989, "Importance sampling in
    structural systems", Structural Safety 6; the interval is that of the mean of independent draws.
    """
    centres = np.vstack([point.u for point in points])
    weights = np.empty(draws)
    for first in range(0, draws, _BLOCK):
        count = min(_BLOCK, draws - first)
        around = centres[np.arange(first, first + count) % len(centres)]
        u = around + rng.standard_normal((count, centres.shape[1]))
        hit = loss(u) >= limit
        # phi(u - c) / phi(u) = exp(u c - c c / 2)
        ratio = np.exp(u @ centres.T - 0.5 * (centres**2).sum(axis=1)).mean(axis=1)
        weights[first : first + count] = np.where(hit, 1.0 / ratio, 0.0)
    return _mean(weights)


def _mean(weights: Float1D) -> Estimate:
    error = float(weights.std(ddof=1)) / math.sqrt(len(weights))
    return Estimate(float(weights.mean()), error, len(weights))
