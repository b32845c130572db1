"""Levels that come back: a series whose level is stationary in the data has a stationary one on paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.channel_layout import Layout
from finsim.notation import Array, Bool2D, Float1D, Float2D, Float3D

MONTH = 22.0
"""assumption: besides the mean of all its days, a level comes back to that of its last month."""
# assumption: a level comes back where a random walk would seem to less than once in a thousand times; the
# statistic of a random walk with unknown mean is below -4 so seldom (Dickey & Fuller 1979). The month counts
# where it adds three standard errors.
_SURE, _SURE_OF_MONTH = -4.0, -3.0
_FEWEST = 100


@dataclass(frozen=True)
class ErrorCorrection:
    """score of a move = pull * distances + inner score: how far a level is from its mean, and from its month.

    The level is the sum of moves and gaps. pull : float64[A, 2], 0 where the level may be a random walk, else
    at most 0; bound : float64[A, 2], the largest distances of the data: beyond them the pull grows no more.
    offset : float64[A], added to the first distance, keeps the mean of paths at that of the data.
    Source: test of Dickey & Fuller 1979, correction as in Engle & Granger 1987 with the mean as equilibrium.
    """

    pull: Float2D
    bound: Float2D
    offset: Float1D

    @classmethod
    def fit(cls, scores: Float3D, values: Float3D, observed: Bool2D, layout: Layout) -> ErrorCorrection:
        """Fit on scores and values float64[N, T, C]."""
        away, pull = distances(values, observed, layout), np.zeros((layout.series, 2))
        if observed.sum() >= _FEWEST:
            for a, move in enumerate(layout.where("move")):
                pull[a] = _pull(away[:, :-1, a][observed], scores[..., move][observed])
        return cls(pull, np.abs(away).max(axis=(0, 1)), np.zeros(layout.series))

    def shift(self, distance: Array, layout: Layout) -> Array:
        """Return what is added to scores float64[..., C] at distances float64[..., A, 2]."""
        far = distance + self.offset[:, None] * np.array([1.0, 0.0])
        found: Array = np.zeros((*distance.shape[:-2], layout.channels))
        found[..., layout.where("move")] = (self.pull * np.clip(far, -self.bound, self.bound)).sum(axis=-1)
        return found

    def moved(self, above: Float1D) -> ErrorCorrection:
        """Return the correction that brings levels which lie ``above`` float64[A] their mean back to it."""
        return replace(self, offset=self.offset + np.where(self.pull[:, 0] < 0.0, above, 0.0))

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {"pull": self.pull, "bound": self.bound, "offset": self.offset}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> ErrorCorrection:
        """Return the correction that ``arrays`` describes."""
        return cls(**arrays)


def distances(values: Float3D, observed: Bool2D, layout: Layout) -> Array:
    """Return distances of levels before each step of float64[N, T, C] and after the last: [N, T + 1, A, 2].

    From the mean of all days of the sequence, as it is unknown where this began; and from a moving average
    over ``MONTH`` days.
    """
    moved = values[..., layout.where("move", "gap")] * observed[..., None]
    steps = moved.reshape(*observed.shape, layout.series, -1).sum(axis=-1)
    found = np.zeros((len(values), values.shape[1] + 1, layout.series, 2))
    found[:, 1:, :, 0] = np.cumsum(steps, axis=1)
    weights = np.concatenate([np.ones_like(observed[:, :1]), observed], axis=1)[..., None]
    mean = (found[..., 0] * weights).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    found[..., 0] -= mean
    for step in range(values.shape[1]):
        kept = np.where(observed[:, step, None], 1.0 - 1.0 / MONTH, 1.0)
        found[:, step + 1, :, 1] = kept * (found[:, step, :, 1] + steps[:, step])
    return found


def _pull(away: Float2D, scores: Float1D) -> Float1D:
    """Return float64[2], by how much distances float64[n, 2] move scores float64[n] where that is sure."""
    scores, none = scores - scores.mean(), np.zeros(2)
    away = away - away.mean(axis=0)
    if (away**2).mean(axis=0).min() <= 1e-18:
        return none
    slope, error = _regressed(away[:, :1], scores)
    if slope[0] >= _SURE * error[0]:
        return none
    both, errors = _regressed(away, scores)
    if both[1] < _SURE_OF_MONTH * errors[1] and both[0] < 0.0:
        return both
    return np.array([slope[0], 0.0])


def _regressed(design: Float2D, targets: Float1D) -> tuple[Float1D, Float1D]:
    """Return slopes and standard errors of a least squares fit, float64[D] each."""
    inverse = np.linalg.pinv(design.T @ design)
    slopes = inverse @ (design.T @ targets)
    left = targets - design @ slopes
    return slopes, np.sqrt(np.diag(inverse) * (left @ left) / (len(left) - design.shape[1] - 1))
