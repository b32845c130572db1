"""What drifts by the year: where shadows, volumes and gaps lie, and how far apart, stretch by stretch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.channel_layout import Layout
from finsim.notation import Array, Bool2D, Float1D, Float2D, Float3D, Int1D, Int2D

DAYS = 21
"""assumption: a stretch is a month."""
STAY = 500.0
"""assumption: a path stays in a part of the history for two years in the mean."""
# assumption: a stretch is told by the days around it, weighed by a triangle of so many days to each side.
_REACH = 100
# Below two years there is one era.
_FEWEST = 504
# Days whose dependence on each other makes a mean less sure; log scales are kept within a factor of four.
_LAGS, _WIDEST = 10, 1.4
# Scores count for at most so many deviations in a scale.
_LARGEST = 4.0


@dataclass(frozen=True)
class Eras:
    """score = mean_e + exp(log_scale_e) * inner score, e the stretch of history that a path is in.

    means, log_scales : float64[E, C], 0 for moves (these are the state's), means 0 for gaps; days : int64[1],
    of the history. A path walks the history forwards and backwards, and jumps to a day of it once in ``STAY``
    days (stationary bootstrap, Politis & Romano 1994): what drifts keeps the values and the pace of the data.
    Local means and scales are shrunk by what chance explains of their variance (James & Stein 1961). Source: own.
    """

    means: Float2D
    log_scales: Float2D
    days: Int1D
    kept: Float2D
    centre: Float2D

    @classmethod
    def fit(cls, scores: Float3D, observed: Bool2D, layout: Layout) -> Eras:
        """Fit on scores float64[N, T, C]."""
        channels = scores.shape[2]
        count = int(observed.sum())
        if count < _FEWEST:
            none = np.zeros((2, channels))
            return cls(none[:1], none[:1], np.array([1]), none, none)
        found = [_local(one[seen], None) for one, seen in zip(scores, observed, strict=True) if seen.any()]
        means, noise = np.concatenate([a for a, _ in found]), np.mean([b for _, b in found], axis=0)
        kept = np.zeros((2, channels))
        kept[0] = _sure(means, noise)
        kept[0, layout.where("move", "gap")] = 0.0
        grand = means.mean(axis=0)
        left = [
            np.concatenate([one[seen] - _daily(kept[0] * (a - grand), int(seen.sum()))])
            for (a, _), one, seen in zip(found, scores, observed, strict=False)
        ]
        found = [_local(one, _LARGEST) for one in left]
        logs, noise = np.concatenate([a for a, _ in found]), np.mean([b for _, b in found], axis=0)
        kept[1] = _sure(logs, noise)
        kept[1, layout.where("move")] = 0.0
        centre = np.stack([grand, logs.mean(axis=0)])
        logs = np.clip(kept[1] * (logs - centre[1]), -_WIDEST, _WIDEST)
        return cls(kept[0] * (means - grand), logs, np.array([DAYS * len(means)]), kept, centre)

    def where(self, positions: Array) -> Array:
        """Return the stretch int64[...] of positions on the way there and back."""
        days = self.days[0]
        return np.asarray(np.where(positions < days, positions, 2 * days - 1 - positions) // DAYS)

    def trace(self, scores: Float3D, observed: Bool2D) -> Int2D:
        """Return the stretch int64[N, T + 1] of each step of sequences float64[N, T, C] and of the next.

        The stretch of this history that is most like the days around the step; of the history that was
        learned that is its own.
        """
        found = np.zeros((scores.shape[0], scores.shape[1] + 1), dtype=np.int64)
        if len(self.means) == 1:
            return found
        for one, seen, row in zip(scores, observed, found, strict=True):
            if not seen.any():
                continue
            count = int(seen.sum())
            means = self.kept[0] * (_local(one[seen], None)[0] - self.centre[0])
            logs = _local(one[seen] - _daily(means, count), _LARGEST)[0]
            logs = np.clip(self.kept[1] * (logs - self.centre[1]), -_WIDEST, _WIDEST)
            own, all_ = np.concatenate([means, logs], axis=1), np.concatenate([self.means, self.log_scales], axis=1)
            nearest = ((own[:, None] - all_) ** 2).sum(axis=2).argmin(axis=1)
            done = np.maximum(np.cumsum(seen) - 1, 0)
            row[:-1] = nearest[done // DAYS]
            row[-1] = row[-2]
        return found

    def place(self, at: Int2D) -> Int1D:
        """Return the day int64[N] that paths behind sequences in stretches int64[N, T + 1] go on from."""
        return np.asarray(np.minimum(at[:, -1] * DAYS + DAYS // 2, self.days[0] - 1))

    def inner(self, scores: Float3D, at: Int2D) -> Float3D:
        """Return inner scores float64[N, T, C]."""
        found: Float3D = (scores - self.means[at[:, :-1]]) * np.exp(-self.log_scales[at[:, :-1]])
        return found

    def outer(self, location: Array, spread: Array, at: Int2D) -> tuple[Array, Array]:
        """Return location and log scale float64[N, T + 1, C] of scores, of those of inner scores."""
        logs = self.log_scales[at]
        return self.means[at] + np.exp(logs) * location, spread + logs

    def course(self, draws: list[np.random.Generator], steps: int, places: Int1D) -> Int2D:
        """Return the stretches int64[N, steps] of paths that begin at places int64[N]; these move on."""
        days, found = int(self.days[0]), np.zeros((len(draws), steps), dtype=np.int64)
        for row, draw in enumerate(draws):
            if days == 1:
                continue
            jumps, targets = draw.random(steps) < 1.0 / STAY, draw.integers(2 * days, size=steps)
            last = np.maximum.accumulate(np.where(jumps, np.arange(steps), -1))
            begun = np.where(last < 0, places[row], targets[last] - last)
            at = (begun + np.arange(steps)) % (2 * days)
            found[row] = self.where(at)
            places[row] = (at[-1] + 1) % (2 * days)
        return found

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {name: getattr(self, name) for name in ("means", "log_scales", "days", "kept", "centre")}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Eras:
        """Return the eras that ``arrays`` describes."""
        return cls(**arrays)


def _daily(stretches: Float2D, days: int) -> Float2D:
    return np.repeat(stretches, DAYS, axis=0)[:days]


def _local(rows: Float2D, largest: float | None) -> tuple[Float2D, Float1D]:
    """Return local means, or log scales where ``largest``, float64[E, C] of rows float64[n, C], and their noise."""
    n = len(rows)
    count = -(-n // DAYS)
    centres = np.minimum(np.arange(count) * DAYS + DAYS / 2.0, n)
    weights = np.maximum(1.0 - np.abs(np.arange(n) + 0.5 - centres[:, None]) / _REACH, 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    if largest is not None:
        spread = np.maximum(rows.std(axis=0), 1e-9)
        rows = np.minimum((rows / spread) ** 2, largest**2)
    means = weights @ rows
    left = rows - _daily(means, n)
    factor = np.ones(rows.shape[1])
    power = np.maximum((left**2).mean(axis=0), 1e-18)
    for lag in range(1, _LAGS + 1):
        factor += 2.0 * (1.0 - lag / (_LAGS + 1)) * (left[lag:] * left[:-lag]).mean(axis=0) / power
    noise = power * np.maximum(factor, 0.2) * (weights**2).sum(axis=1).mean()
    if largest is None:
        return means, noise
    means = np.maximum(means, 0.05)
    return 0.5 * np.log(means), 0.25 * noise / np.maximum(means.mean(axis=0), 0.05) ** 2


def _sure(found: Float2D, noise: Float1D) -> Float1D:
    return np.maximum(1.0 - noise / np.maximum(found.var(axis=0), 1e-18), 0.0)
