"""Monotone maps of each channel to a standard normal and back, with power-law tails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.extras import Later
from finsim.notation import Array, Float1D, Float2D

special = Later("scipy.special", "markets")

_TAIL = 0.025
_KNOTS = 401
_SHAPE_LIMITS = (-0.4, 0.4)


@dataclass(frozen=True)
class Tail:
    """A generalised Pareto excess beyond a threshold, cut off at a smallest probability.

    The survival probability runs from ``share`` at the threshold to 0 at the 1-in-``reach`` quantile,
    so that no draw goes farther than the data can support (truncation: Aban et al. 2006). ``least`` is
    the survival probability given to what lies beyond: 1 / 2n, that of the most extreme training value.
    """

    threshold: float
    scale: float
    shape: float
    share: float
    reach: float
    least: float

    @classmethod
    def fit(cls, excesses: Float1D, threshold: float, reach: float, least: float, count: int) -> Tail:
        """Fit by probability-weighted moments (Hosking & Wallis 1987, section 3); shape kept in bounds.

        ``count`` : values in all; fewer than the usual share are beyond a threshold that is an atom.
        """
        ordered = np.sort(excesses)
        size = len(ordered)
        mean = float(ordered.mean()) if size else 0.0
        share = min(_TAIL, size / count) if size else _TAIL
        if size < 5 or mean <= 0.0:
            return cls(threshold, max(mean, 0.0), 0.0, share, reach, least)
        ranks = (np.arange(1, size + 1) - 0.35) / size
        weighted = float((ordered * (1.0 - ranks)).mean())
        ratio = mean / max(mean - 2.0 * weighted, 1e-12)
        shape = float(np.clip(2.0 - ratio, *_SHAPE_LIMITS))
        # Given the bounded shape, the scale keeps the mean excess.
        return cls(threshold, mean * (1.0 - shape), shape, share, reach, least)

    def excess(self, probability: Array) -> Array:
        """Return the excess whose survival probability is ``probability`` in [0, share]."""
        inner = 1.0 / self.reach
        shifted = inner + np.clip(probability, 0.0, self.share) * (self.share - inner) / self.share
        ratio = np.log(self.share / shifted)
        if abs(self.shape) < 1e-9:
            return self.scale * ratio
        return self.scale * np.expm1(self.shape * ratio) / self.shape

    def survival(self, excess: Array) -> Array:
        """Return the survival probability in [least, share] of an excess >= 0."""
        if self.scale <= 0.0:
            return np.where(excess > 0.0, self.least, self.share)
        ratio = np.maximum(excess, 0.0) / self.scale
        if abs(self.shape) < 1e-9:
            power = ratio
        else:
            power = np.log1p(np.maximum(self.shape * ratio, -1.0 + 1e-12)) / self.shape
        inner = 1.0 / self.reach
        shifted = self.share * np.exp(-power)
        return np.clip((shifted - inner) * self.share / (self.share - inner), self.least, self.share)


@dataclass(frozen=True)
class Marginal:
    """One channel: quantiles on a fixed grid of normal scores, and a tail on each side."""

    quantiles: Float1D
    lower: Tail
    upper: Tail

    @classmethod
    def fit(cls, values: Float1D, reach: float) -> Marginal:
        """Fit on float64[n]; ``reach`` is in units of n: 20 allows the 1-in-20n quantile."""
        quantiles = np.quantile(values, special.ndtr(normal_scores()))
        low, high = float(quantiles[0]), float(quantiles[-1])
        farthest = max(reach * len(values), 2.0 / _TAIL)
        least = min(0.5 / len(values), 0.5 * _TAIL)
        lower = Tail.fit(low - values[values < low], low, farthest, least, len(values))
        upper = Tail.fit(values[values > high] - high, high, farthest, least, len(values))
        return cls(quantiles, lower, upper)

    def normal(self, values: Array, uniforms: Array) -> Array:
        """Return the normal scores of values.

        uniforms : like ``values``, in (0, 1): where inside its range of scores a value is put that fills
        a range (an atom); 0.5 puts it in the middle.
        """
        scores, last = normal_scores(), _KNOTS - 1
        start = np.searchsorted(self.quantiles, values, side="left").clip(0, last)
        stop = (np.searchsorted(self.quantiles, values, side="right") - 1).clip(0, last)
        unique, first = np.unique(self.quantiles, return_index=True)
        result = np.interp(values, unique, scores[first])
        # An atom at an end also fills the tail beyond it, or what others have left of it.
        below, above = (0.0 if tail.scale <= 0.0 else tail.share for tail in (self.lower, self.upper))
        from_p = np.where(start == 0, below, special.ndtr(scores[start]))
        to_p = np.where(stop == last, 1.0 - above, special.ndtr(scores[stop]))
        atom = (start < stop) & (values == self.quantiles[start])
        result = np.where(atom, special.ndtri(from_p + uniforms * (to_p - from_p)), result)
        low, high = self.quantiles[0], self.quantiles[-1]
        result = np.where(values < low, special.ndtri(self.lower.survival(low - values)), result)
        return np.where(values > high, -special.ndtri(self.upper.survival(values - high)), result)

    def values(self, normal: Array) -> Array:
        """Return the values of normal scores; monotone, bounded by the reach of the tails."""
        scores = normal_scores()
        inside = np.interp(normal, scores, self.quantiles)
        low = self.lower.threshold - self.lower.excess(special.ndtr(np.minimum(normal, scores[0])))
        high = self.upper.threshold + self.upper.excess(special.ndtr(-np.maximum(normal, scores[-1])))
        result = np.where(normal < scores[0], low, inside)
        return np.where(normal > scores[-1], high, result)


@dataclass(frozen=True)
class Marginals:
    """The marginal map of every channel.

    Source: own composition of an empirical quantile function, generalised Pareto tails (Pickands 1975)
    and the normal score transform.
    """

    channels: tuple[Marginal, ...]

    @classmethod
    def fit(cls, values: Array, reach: float) -> Marginals:
        """Fit on float64[..., C]."""
        rows = values.reshape(-1, values.shape[-1])
        return cls(tuple(Marginal.fit(np.ascontiguousarray(column), reach) for column in rows.T))

    def normal(self, values: Array, draw: np.random.Generator | None = None) -> Array:
        """Return the normal scores float64[..., C]; ``draw`` spreads atoms over their range."""
        uniforms = np.full(values.shape, 0.5) if draw is None else draw.uniform(1e-9, 1.0, values.shape)
        columns = [m.normal(values[..., i], uniforms[..., i]) for i, m in enumerate(self.channels)]
        return np.stack(columns, axis=-1)

    def values(self, normal: Array) -> Array:
        """Return the values float64[..., C] of normal scores."""
        return np.stack([m.values(normal[..., i]) for i, m in enumerate(self.channels)], axis=-1)

    def arrays(self) -> dict[str, Array]:
        """Return float64[C, knots] quantiles and float64[C, 2, 6] tails."""
        tails = [
            [[t.threshold, t.scale, t.shape, t.share, t.reach, t.least] for t in (m.lower, m.upper)]
            for m in self.channels
        ]
        return {"quantiles": np.stack([m.quantiles for m in self.channels]), "tails": np.array(tails)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Marginals:
        """Return the maps that ``arrays`` describes."""
        quantiles: Float2D = arrays["quantiles"]
        return cls(
            tuple(
                Marginal(row, *(Tail(*(float(x) for x in tail)) for tail in pair))
                for row, pair in zip(quantiles, arrays["tails"], strict=True)
            )
        )


def normal_scores() -> Float1D:
    """Return the grid of normal scores of the quantiles, from one tail to the other."""
    return np.linspace(float(special.ndtri(_TAIL)), -float(special.ndtri(_TAIL)), _KNOTS)
