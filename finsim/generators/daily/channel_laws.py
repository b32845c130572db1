"""Location and scale of every channel's scores, from its own levels and the state of its series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.channel_layout import Layout
from finsim.generators.daily.volatility_state import HORIZONS as STATE_HORIZONS
from finsim.generators.daily.volatility_state import SLOW_MOVES
from finsim.generators.encoding.location_scale_dynamics import LEAST_EXPLAINED, explained_ahead
from finsim.generators.encoding.location_scale_regression import regress, with_intercept
from finsim.kernels.markets.volatility_walk import levels_trace
from finsim.notation import Array, Bool2D, Float1D, Float2D, Float3D

HORIZONS = (1.0, 5.0, 22.0, 125.0)
"""assumption: day, week and month, as in Corsi 2009, and half a year."""
SIZES = (22.0, 125.0)
"""assumption: month and half a year; what a channel's scores vary by drifts as slowly as their mean."""
# A ridge that leaves nothing but the mean; a crash says no more on the next day than four deviations do.
_NO_WEIGHTS, _CLIP, _SURE = 1e12, 4.0, 3.0
# Above it a channel wanders for years.
_LARGEST_SLOPE = 0.8
# Half a year and month: levels that a channel may answer to where nothing predicts.
_SLOW = (len(HORIZONS) - 1, len(HORIZONS) - 2)


@dataclass(frozen=True)
class ChannelLaws:
    """score_t = location_t + exp(log scale_t) * innovation_t, channel by channel, exactly invertible.

    weights : float64[C, 2, 3 + K + E + P], of location and of log scale: lowest, highest, intercept, weights
    of the channel's own levels (moving averages of its scores, and of their squares) and of the features of
    its series. A location that does not predict the last fifth of the data answers to the last move at most,
    that of a shadow or volume to its own slow levels too: no path of prices trends for years.
    Source: own; location as in a HAR model (Corsi 2009), scale as a gamma regression.
    """

    weights: Float3D

    @property
    def levels(self) -> int:
        """Return K + E, the number of levels of a channel."""
        return len(HORIZONS) + len(SIZES)

    @classmethod
    def fit(
        cls,
        scores: Float3D,
        features: Array,
        observed: Bool2D,
        layout: Layout,
        ridges: tuple[float, float],
        eras: bool = False,
    ) -> ChannelLaws:
        """Fit on scores float64[N, T, C] and features [N, T + 1, A, P]; ``ridges`` as in ``regress``.

        The sizes of moves say nothing here: they are the state's; with ``eras`` half a year says nothing but
        of means of what prices are sums of, and of volumes and spreads, which have no means of eras.
        """
        channels = scores.shape[2]
        fields = channels // features.shape[2]
        levels = levels_of(scores, observed)[0][:, :-1]
        signed, moves, found = layout.where("move", "gap"), layout.where("move"), []
        free = layout.where("move", "gap", "other")
        for c in range(channels):
            design = np.concatenate([levels[:, :, c], features[:, :-1, c // fields]], axis=-1)
            kind = (c in signed, c in moves, eras, eras and c not in free)
            found.append(_law(design[observed], scores[..., c][observed], ridges, kind))
        return cls(np.stack(found))

    def ahead(self, levels: Array, features: Array) -> tuple[Array, Array]:
        """Return location and log scale float64[..., C] behind levels [..., C, K + E] and features."""
        fields = self.weights.shape[0] // features.shape[-2]
        own = np.repeat(features, fields, axis=-2)
        design = np.concatenate([levels, own], axis=-1)
        low, high, intercept = (self.weights[:, :, at] for at in (0, 1, 2))
        linear = np.einsum("...cd,ckd->...ck", design, self.weights[:, :, 3:]) + intercept
        found = np.clip(linear, low, high)
        return found[..., 0], found[..., 1]

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        return {"weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> ChannelLaws:
        """Return the laws that ``arrays`` describes."""
        return cls(arrays["weights"])


def level_rates() -> Array:
    """Return the weight of the newest score, or its square, in each level."""
    return 1.0 / np.array([*HORIZONS, *SIZES])


def levels_at_rest(channels: int) -> Float2D:
    """Return the levels float64[C, K + E] of scores that are normal for ever."""
    return np.tile(np.array([0.0] * len(HORIZONS) + [1.0] * len(SIZES)), (channels, 1))


def levels_of(scores: Float3D, observed: Bool2D) -> tuple[Array, Float3D]:
    """Return levels float64[N, T + 1, C, K + E] before each step, and [N, C, K + E] after the last.

    Those before have logarithms of sizes, as laws want them, those after the sizes that the kernel moves on.
    """
    count, steps, channels = scores.shape
    found = np.empty((count, steps + 1, channels, len(HORIZONS) + len(SIZES)))
    after = np.repeat(levels_at_rest(channels)[None], count, axis=0)
    for row in range(count):
        seen = np.ascontiguousarray(observed[row])
        one = np.ascontiguousarray(scores[row])
        levels_trace(one, seen, level_rates(), len(HORIZONS), after[row], found[row])
    return found, after


def _law(
    design: Float2D, scores: Float1D, ridges: tuple[float, float], kind: tuple[bool, bool, bool, bool]
) -> Float2D:
    """Return float64[2, 3 + D] of one channel: bounds, intercept and weights of location and log scale.

    kind : whether prices are sums of it, it is the move of its series, and eras have its scale and its mean.
    """
    signed, moves, scaled, drifting = kind
    levels = len(HORIZONS) + len(SIZES)
    newest = levels + len(STATE_HORIZONS)
    centre, spread = design.mean(axis=0), design.std(axis=0)
    spread = np.where(spread > 1e-9, spread, np.inf)
    spread[[levels + place for place in SLOW_MOVES]] = np.inf
    if moves:
        spread[len(HORIZONS) : levels] = np.inf
    if scaled:
        spread[levels - 1] = np.inf
    if drifting:
        spread[len(HORIZONS) - 1] = np.inf
    standard, targets = (design - centre) / spread, scores[:, None]
    if explained_ahead(standard[None], targets[None], ridges)[0] < LEAST_EXPLAINED:
        location, left = np.zeros((1 + standard.shape[1], 1)), scores
        for at in (newest, *_SLOW):
            mean, slope = _answer(standard[:, at], left, pulled=signed and at in _SLOW)
            slope = min(slope, _LARGEST_SLOPE * spread[at])
            location[[0, 1 + at], 0] += mean, slope
            left = left - mean - slope * np.clip(standard[:, at], -_CLIP, _CLIP)
        linear = with_intercept(np.clip(standard, -_CLIP, _CLIP)) @ location
        log_scale = regress(with_intercept(standard), targets - linear, (_NO_WEIGHTS, ridges[1]))[1]
    else:
        location, log_scale = regress(with_intercept(standard), targets, ridges)
        if drifting and location[1 + _SLOW[1], 0] < 0.0:
            # What is left beside means of both sides seems to turn back within months; on paths it need not.
            standard[:, _SLOW[1]] = 0.0
            location, log_scale = regress(with_intercept(standard), targets, ridges)
        linear = with_intercept(standard) @ location
    if scaled and log_scale[levels - 1, 0] < 0.0:
        # The same of sizes: beside widths of both sides, a wide month seems to be made up for.
        standard = standard.copy()
        standard[:, levels - 2] = 0.0
        log_scale = regress(with_intercept(standard), targets - linear, (_NO_WEIGHTS, ridges[1]))[1]
    return np.stack(
        [
            _unstandardised(location[:, 0], linear, centre, spread),
            _unstandardised(log_scale[:, 0], with_intercept(standard) @ log_scale, centre, spread),
        ]
    )


def _unstandardised(weights: Float1D, linear: Array, centre: Float1D, spread: Float1D) -> Float1D:
    """Return lowest and highest linear value, and intercept and weights of the features as they are."""
    own = weights[1:] / spread
    return np.array([linear.min(), linear.max(), weights[0] - own @ centre, *own])


def _answer(standard: Float1D, scores: Float1D, pulled: bool) -> tuple[float, float]:
    """Return mean and slope of scores on one feature, which counts up to four deviations.

    A slope b of t standard errors is kept as b (1 - 1 / t^2) where t > 2, else it is 0: small
    autocorrelations of returns are shown where the data are sure of them (James & Stein 1961, positive part).
    ``pulled``: only a slope that pulls back is kept, of three standard errors.
    """
    bounded = np.clip(standard, -_CLIP, _CLIP)
    centred = bounded - bounded.mean()
    power = max(float(centred @ centred), 1e-12)
    slope = float(centred @ scores) / power
    left = scores - scores.mean() - slope * centred
    error = float(np.sqrt(left @ left / max(len(scores) - 2, 1) / power))
    sure = slope < -_SURE * error if pulled else abs(slope) > 2.0 * error
    kept = slope * (1.0 - (error / slope) ** 2) if sure else 0.0
    return float(scores.mean() - kept * bounded.mean()), kept
