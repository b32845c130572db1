"""What drifts by the year: where shadows, volumes and gaps lie, and how far apart, stretch by stretch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.generators.channel_layout import Layout
from finsim.generators.daily.local_moments import DAYS, local_means, local_scales, repeated, sure
from finsim.notation import Array, Bool2D, Float2D, Float3D, Int1D, Int2D

STAY = 500.0
"""assumption: a path stays in a part of the history for two years in the mean."""
# Below two years of days there is one era; log scales are kept within a factor of four.
_FEWEST, _WIDEST = 504, 1.4
_NAMES = ("means", "log_scales", "kept", "centre", "days", "wider")


@dataclass(frozen=True)
class Eras:
    """score = mean_e + exp(log_scale_e) * inner score, where e is the stretch of history that a path is in.

    means, log_scales : float64[E, C]; means of moves and gaps are 0, as prices are sums of these, those of
    volumes and spreads, which follow their own levels, and log scales of moves, which are the volatility
    state's. wider : float64[E, C], log scales of the changes of volumes and spreads, whose values are wider
    by them around the mean of the channel: a law of scores would make the tails of the widest years in every
    year. kept, centre : float64[2, C], of local means and of local log scales the share that is not chance,
    and the mean over all stretches. days : int64[1], E months, or 1 for one era. A path walks the
    history there and back, and jumps to any day of it once in ``STAY`` days (stationary bootstrap, Politis &
    Romano 1994): what drifts keeps values and pace of the data. Source: own.
    """

    means: Float2D
    log_scales: Float2D
    kept: Float2D
    centre: Float2D
    days: Int1D
    wider: Float2D

    @classmethod
    def fit(cls, scores: Float3D, observed: Bool2D, layout: Layout) -> Eras:
        """Fit on scores float64[N, T, C], of volumes and spreads on ``changes`` of values."""
        none, days = np.zeros((2, scores.shape[2])), np.array([1])
        rows = [one[seen] for one, seen in zip(scores, observed, strict=True) if seen.any()]
        if sum(map(len, rows)) < _FEWEST:
            return cls(none[:1], none[:1], none, none, days, none[:1])
        kept, centre = none.copy(), none.copy()
        found = [local_means(one) for one in rows]
        left = [one - repeated(part, len(one)) for one, (part, _) in zip(rows, found, strict=True)]
        means = np.concatenate([part for part, _ in found])
        kept[0], centre[0] = sure(means, np.mean([noise for _, noise in found], axis=0)), means.mean(axis=0)
        kept[0, layout.where("move", "gap", "other")] = 0.0
        means = kept[0] * (means - centre[0])
        found = [local_scales(one) for one in left]
        logs = np.concatenate([part for part, _ in found])
        kept[1], centre[1] = sure(logs, np.mean([noise for _, noise in found], axis=0)), logs.mean(axis=0)
        kept[1, layout.where("move")] = 0.0
        logs = np.clip(kept[1] * (logs - centre[1]), -_WIDEST, _WIDEST)
        others = np.isin(np.arange(logs.shape[1]), layout.where("other"))
        wider, logs = np.where(others, logs, 0.0), np.where(others, 0.0, logs)
        return cls(means, logs, kept, centre, DAYS * np.array([len(means)]), wider)

    @property
    def several(self) -> bool:
        """Return whether there is more than one era."""
        return len(self.means) > 1

    def trace(self, scores: Float3D, observed: Bool2D) -> Int2D:
        """Return the stretch int64[N, T + 1] of each step of sequences float64[N, T, C] and of the next.

        The sequences are what ``fit`` takes. That is the stretch of the learned history whose means and
        scales are nearest to those around the step: for the learned history itself its own.
        """
        found = np.zeros((scores.shape[0], scores.shape[1] + 1), dtype=np.int64)
        for one, seen, row in zip(scores, observed, found, strict=True):
            if not self.several or not seen.any():
                continue
            rows = one[seen]
            means = local_means(rows)[0]
            logs = local_scales(rows - repeated(means, len(rows)))[0]
            means = self.kept[0] * (means - self.centre[0])
            logs = np.clip(self.kept[1] * (logs - self.centre[1]), -_WIDEST, _WIDEST)
            known = np.concatenate([self.means, self.log_scales + self.wider], axis=1)
            own = np.concatenate([means, logs], axis=1)
            nearest = ((known**2).sum(axis=1) - 2.0 * own @ known.T).argmin(axis=1)
            row[:-1] = nearest[np.maximum(np.cumsum(seen) - 1, 0) // DAYS]
            row[-1] = row[-2]
        return found

    def places(self, at: Int2D) -> Int1D:
        """Return the days int64[N] that paths behind sequences in stretches int64[N, T + 1] go on from."""
        return np.asarray(np.minimum(at[:, -1] * DAYS + DAYS // 2, self.days[0] - 1))

    def inner(self, scores: Float3D, at: Int2D) -> Float3D:
        """Return the inner scores float64[N, T, C] of scores in stretches int64[N, T + 1]."""
        found: Float3D = (scores - self.means[at[:, :-1]]) * np.exp(-self.log_scales[at[:, :-1]])
        return found

    def outer(self, location: Array, spread: Array, at: Int2D) -> tuple[Array, Array]:
        """Return location and log scale float64[N, T + 1, C] of scores, from those of inner scores."""
        logs = self.log_scales[at]
        return self.means[at] + np.exp(logs) * location, spread + logs

    def course(self, draws: Sequence[np.random.Generator], steps: int, places: Int1D) -> Int2D:
        """Return the stretches int64[N, steps] of paths, each with a stream of its own.

        They go on from days ``places`` int64[N] of the way there and back, which move on.
        """
        days, found = int(self.days[0]), np.zeros((len(draws), steps), dtype=np.int64)
        if not self.several:
            return found
        index = np.arange(steps)
        for row, draw in enumerate(draws):
            jumps, targets = draw.random(steps) < 1.0 / STAY, draw.integers(2 * days, size=steps)
            last = np.maximum.accumulate(np.where(jumps, index, -1))
            at = (np.where(last < 0, places[row], targets[last] - last) + index) % (2 * days)
            found[row] = np.minimum(at, 2 * days - 1 - at) // DAYS
            places[row] = (at[-1] + 1) % (2 * days)
        return found

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {name: getattr(self, name) for name in _NAMES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Eras:
        """Return the eras that ``arrays`` describes."""
        return cls(**arrays)


def changes(values: Float3D, observed: Bool2D) -> Float3D:
    """Return by how much values float64[N, T, C] differ from the observed step before; 0 at the first."""
    found = np.zeros_like(values)
    for one, seen, row in zip(values, observed, found, strict=True):
        row[np.flatnonzero(seen)[1:]] = np.diff(one[seen], axis=0)
    return found
