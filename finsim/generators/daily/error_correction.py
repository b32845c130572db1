"""Levels that come back: a series whose level is stationary in the data has a stationary one on paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.channel_layout import Layout
from finsim.notation import Array, Bool2D, Float1D, Float3D

# assumption: a level comes back where a random walk would seem to less than once in a thousand times; the
# statistic of a random walk with unknown mean is below -4 so seldom (Dickey & Fuller 1979).
_SURE = -4.0
_FEWEST = 100


@dataclass(frozen=True)
class ErrorCorrection:
    """score of a move = pull * (distance + offset) + inner score, where distance is that of a level from its mean.

    The level is the sum of moves and gaps. pull : float64[A], 0 where the level may be a random walk, else
    below it; bound : float64[A], the largest distance of the data: beyond it the pull grows no more.
    offset : float64[A], what keeps the mean of paths at that of the data.
    Source: test of Dickey & Fuller 1979, correction as in Engle & Granger 1987 with the mean as equilibrium.
    """

    pull: Float1D
    bound: Float1D
    offset: Float1D

    @classmethod
    def fit(cls, scores: Float3D, values: Float3D, observed: Bool2D, layout: Layout) -> ErrorCorrection:
        """Fit on scores and values float64[N, T, C]."""
        moves, away = layout.where("move"), distances(values, observed, layout)
        pull, bound, offset = np.zeros((3, layout.series))
        if observed.sum() < _FEWEST:
            return cls(pull, bound, offset)
        for a, move in enumerate(moves):
            far, score = away[:, :-1, a][observed], scores[..., move][observed]
            far, score = far - far.mean(), score - score.mean()
            power = float(far @ far)
            if power <= 1e-18 * len(far):
                continue
            slope = float(far @ score) / power
            left = score - slope * far
            error = np.sqrt(left @ left / (len(far) - 2) / power)
            if slope < _SURE * error:
                pull[a], bound[a] = slope, np.abs(away[..., a]).max()
        return cls(pull, bound, offset)

    def shift(self, distance: Array, layout: Layout) -> Array:
        """Return what is added to scores float64[..., C] at distances float64[..., A]."""
        found: Array = np.zeros((*distance.shape[:-1], layout.channels))
        found[..., layout.where("move")] = self.pull * np.clip(distance + self.offset, -self.bound, self.bound)
        return found

    def moved(self, above: Float1D) -> ErrorCorrection:
        """Return the correction under which levels that lie ``above`` float64[A] their mean would lie at it."""
        return replace(self, offset=self.offset + np.where(self.pull < 0.0, above, 0.0))

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {"pull": self.pull, "bound": self.bound, "offset": self.offset}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> ErrorCorrection:
        """Return the correction that ``arrays`` describes."""
        return cls(**arrays)


def distances(values: Float3D, observed: Bool2D, layout: Layout) -> Float3D:
    """Return how far levels are from their mean before each step of float64[N, T, C] and after the last.

    float64[N, T + 1, A], each sequence around a mean of its own: where it began is unknown.
    """
    moved = values[..., layout.where("move", "gap")] * observed[..., None]
    steps = moved.reshape(*observed.shape, layout.series, -1).sum(axis=-1)
    levels = np.concatenate([np.zeros_like(steps[:, :1]), np.cumsum(steps, axis=1)], axis=1)
    weights = np.concatenate([np.ones_like(observed[:, :1]), observed], axis=1)[..., None]
    return np.asarray(levels - (levels * weights).sum(axis=1, keepdims=True) / weights.sum(axis=1)[:, None])
