"""The volatility state of every series: what past bars say about the size of the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.channel_layout import Layout
from finsim.generators.daily.own_parts import own_parts
from finsim.generators.daily.still_values import resting_place
from finsim.generators.encoding.location_scale_regression import log_variance_weights, with_intercept
from finsim.kernels.markets.volatility_walk import Constants, trace
from finsim.notation import Array, Bool2D, Float1D, Float2D, Float3D, Int1D

HORIZONS = (1.0, 3.0, 8.0, 22.0, 66.0, 200.0)
"""assumption: days to most of a year, each about three times the one before, as in Corsi 2009."""
MARKET = (1, 3, 4)
"""Places of the horizons whose mean over all series is a feature too."""
SLOW_MOVES = tuple(len(HORIZONS) + place for place, days in enumerate(HORIZONS) if days > 22.0)
"""Places of features without a weight: where prices went in a quarter says nothing sure about volatility, and
a state that answers to it stays away for years (leverage acts within a month)."""
# Horizons up to this one are short memory, the others long: they are tuned apart.
_SHORT = 8.0
SQUARES = 2
"""On so many of the first horizons squared returns are features too, where bars have shadows: a range says
more than a return, and days after a large move in a narrow range are calmer than the range alone says."""
# assumption: 2 % of the mean variance is added, as a day without a move says little; 10 % to squared returns.
_FLOOR, _FLOOR_OF_SQUARES = 0.02, 0.1
# assumption: a day counts for at most 50 medians when the mean is taken, and for 50 means afterwards: one
# crash, or one wrong quote, would set the scale of years.
_LARGEST = 50.0
# Deviations of one series from the weights of all are penalised so many times more.
_OWN = 5.0


@dataclass(frozen=True)
class VolatilityState:
    """Moving averages of the variance of bars on six horizons, and of signed moves, drive a log scale.

    centre : float64[C], means of moves and gaps or where they stand still (see ``resting_place``),
    means of what is neither move nor shadow, of shadows 0;
    limits : float64[A, 4], as in the kernel ``absorb``. weights : float64[A, 3 + P], lowest and highest log
    scale, intercept, then weights of the features; means : float64[A, P], of the features in training.
    own : float64[A, 2], see ``own_parts``.
    Source: own; log variance on several horizons as in a HAR model (Corsi 2009), leverage by signed
    moves as in EGARCH (Nelson 1991).
    """

    layout: Layout
    centre: Float1D
    limits: Float2D
    weights: Float2D
    means: Float2D
    own: Float2D

    @classmethod
    def fit(cls, values: Float3D, observed: Bool2D, layout: Layout, ridge: float) -> VolatilityState:
        """Fit on float64[N, T, C]; ``ridge`` penalises weights, in observations."""
        seen = values[observed]
        centre = np.zeros(layout.channels)
        signed = layout.where("move", "gap")
        centre[signed] = [resting_place(column) for column in seen[:, signed].T]
        others = layout.where("other")
        centre[others] = seen[:, others].mean(axis=0)
        sizes = _variances(seen, layout, centre)
        mean = np.minimum(sizes, _LARGEST * np.median(sizes, axis=0)).mean(axis=0)
        # A series that never moves keeps a state at rest.
        level = centre[layout.where("move")] ** 2
        mean = np.where(mean > 1e-18 * (1.0 + level), mean, 1.0)
        sizes = np.minimum(sizes / mean, _LARGEST) + _FLOOR
        floors = (_FLOOR, _LARGEST, _FLOOR_OF_SQUARES)
        limits = np.stack([mean, *(np.full_like(mean, one) for one in floors)], axis=1)
        blank = np.zeros((layout.series, 3 + 2 * len(HORIZONS) + len(MARKET) + squares_of(layout)))
        state = cls(layout, centre, limits, blank, blank[:, 3:], np.tile([1.0, 0.0], (layout.series, 1)))
        features = state.trace_all(values, observed)[0][:, :-1][observed]
        state = replace(state, weights=_weights(features, sizes, ridge), means=features.mean(axis=0))
        return replace(state, own=own_parts(state.returns(seen), state.log_scales(features)))

    def resting(self) -> tuple[Float2D, Float2D]:
        """Return variances float64[A, H] and signed moves float64[A, H + R] at mean variance."""
        rest = np.ones((self.layout.series, len(HORIZONS)))
        squares = np.full((self.layout.series, squares_of(self.layout)), 1.0 + _FLOOR_OF_SQUARES)
        return rest + _FLOOR, np.concatenate([np.zeros_like(rest), squares], axis=1)

    def trace(
        self, values: Float2D, observed: Array, start: tuple[Float2D, Float2D] | None = None
    ) -> tuple[Float3D, tuple[Float2D, Float2D]]:
        """Return features [T + 1, A, P] before each step of float64[T, C] and after all, and the state."""
        variances, signed = (part.copy() for part in (start or self.resting()))
        found = np.empty((len(values) + 1, *self.means.shape))
        rows, seen = np.ascontiguousarray(values), np.ascontiguousarray(observed)
        trace(rows, seen, self.constants(), variances, signed, found)
        return found, (variances, signed)

    def trace_all(self, values: Float3D, observed: Bool2D) -> tuple[Array, list[tuple[Float2D, Float2D]]]:
        """Return features [N, T + 1, A, P] of sequences that each begin at rest, and where each ends."""
        found = [self.trace(one, seen) for one, seen in zip(values, observed, strict=True)]
        return np.stack([features for features, _ in found]), [state for _, state in found]

    def constants(self) -> Constants:
        """Return what kernels want to know: roles, shadows, centre, limits, rates, market."""
        rates, market = 1.0 / np.array(HORIZONS), np.array(MARKET, dtype=np.int64)
        return self.layout.numbers(), self.layout.shadows, self.centre, self.limits, rates, market

    def log_scales(self, features: Array) -> Array:
        """Return the log scale float64[..., A] of the step behind features float64[..., A, P]."""
        low, high, intercept = self.weights[:, 0], self.weights[:, 1], self.weights[:, 2]
        linear = intercept + (features * self.weights[:, 3:]).sum(axis=-1)
        found: Array = np.clip(linear, low, high)
        common = found.mean(axis=-1, keepdims=True)
        return np.asarray(common + self.own[:, 0] * (found - common) + self.own[:, 1])

    def variances(self, values: Array) -> Array:
        """Return the variance float64[..., A] of bars float64[..., C], in mean variances, with the floor."""
        found = _variances(values, self.layout, self.centre) / self.limits[:, 0]
        return np.minimum(found, self.limits[:, 2]) + self.limits[:, 1]

    def returns(self, values: Array) -> Array:
        """Return moves with gaps float64[..., A], around their means."""
        moved = self.layout.where("move", "gap")
        parts = (values[..., moved] - self.centre[moved]).reshape(*values.shape[:-1], self.layout.series, -1)
        return np.asarray(parts.sum(axis=-1))

    def factors(self, log_scales: Array) -> Array:
        """Return by how much channels float64[..., C] are larger under log scales float64[..., A].

        Shadows are stored as cube roots and grow by the root; what is neither move nor shadow does not.
        """
        power = {"move": 1.0, "gap": 1.0, "upper": 1.0 / 3.0, "lower": 1.0 / 3.0}
        powers = np.array([power.get(role, 0.0) for role in self.layout.roles])
        found: Array = np.exp(log_scales[..., None] * powers)
        return found.reshape(*log_scales.shape[:-1], self.layout.channels)

    def scaled(self, values: Array, log_scales: Array) -> Array:
        """Return values float64[..., C] as they would be at a log scale of 0."""
        found: Array = (values - self.centre) / self.factors(log_scales)
        return np.where(self._is_flat(values), values, found)

    def restored(self, scaled: Array, log_scales: Array) -> Array:
        """Return the values that ``scaled`` were made of."""
        found: Array = self.centre + scaled * self.factors(log_scales)
        return np.where(self._is_flat(scaled), scaled, found)

    def _is_flat(self, values: Array) -> Array:
        """Return where a channel is a shadow of size 0, which no volatility moves."""
        shadow = np.zeros(self.layout.channels, dtype=np.bool_)
        shadow[self.layout.where("upper", "lower")] = True
        flat: Array = shadow & (values <= 0.0)
        return flat

    def persistence(self) -> tuple[Float1D, Float1D]:
        """Return by how much log variance answers to past log variance, short and long, float64[A] each."""
        short, long = memories(self.layout)
        doubled = 2.0 * self.weights[:, 3:]
        return doubled[:, short].sum(axis=1), doubled[:, long].sum(axis=1)

    def tuned(self, short: Float1D, long: Float1D, offset: Float1D) -> VolatilityState:
        """Return the state with the weights of short and long memory multiplied and the log scale moved.

        The log scale at mean features moves by ``offset`` only. All float64[A].
        """
        weights = self.weights.copy()
        for places, gain in zip(memories(self.layout), (short, long), strict=True):
            weights[:, 3 + places] *= gain[:, None]
        moved = ((self.weights[:, 3:] - weights[:, 3:]) * self.means).sum(axis=1)
        common = offset.mean()
        # Of what is added to one series its own part acts by its share.
        weights[:, 2] += moved + common + (offset - common) / self.own[:, 0]
        return replace(self, weights=weights)

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        names = ("centre", "limits", "weights", "means", "own")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], layout: Layout) -> VolatilityState:
        """Return the state that ``arrays`` describes."""
        return cls(
            layout, arrays["centre"], arrays["limits"], arrays["weights"], arrays["means"], arrays["own"]
        )


def memories(layout: Layout) -> tuple[Int1D, Int1D]:
    """Return the places of features of log variance on short horizons, and on long ones."""
    count = len(HORIZONS)
    span = np.array([*HORIZONS, *np.full(count, np.nan), *(HORIZONS[place] for place in MARKET)])
    squares = np.arange(len(span), len(span) + squares_of(layout))
    return np.concatenate([np.flatnonzero(span <= _SHORT), squares]), np.flatnonzero(span > _SHORT)


def squares_of(layout: Layout) -> int:
    """Return R, on how many horizons squared returns are features: none where they are the variance."""
    return SQUARES if len(layout.where("upper")) else 0


def _weights(features: Float3D, sizes: Float2D, ridge: float) -> Float2D:
    """Return float64[A, 3 + P], as in the class, of features float64[n, A, P] and variances float64[n, A].

    Weights of all series together, and what each one's differ from them.
    """
    rows = features.reshape(-1, features.shape[2])
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.where(spread > 1e-9, spread, np.inf)
    spread[list(SLOW_MOVES)] = np.inf
    shared = log_variance_weights(with_intercept((rows - centre) / spread), sizes.reshape(-1, 1), ridge)[:, 0]
    found = []
    for a in range(features.shape[1]):
        design = with_intercept((features[:, a] - centre) / spread)
        left = sizes[:, a] * np.exp(-design @ shared)
        own = 0.5 * (shared + log_variance_weights(design, left[:, None], _OWN * ridge)[:, 0])
        linear, weights = design @ own, own[1:] / spread
        found.append(np.array([linear.min(), linear.max() + 0.1, own[0] - weights @ centre, *weights]))
    return np.stack(found)


def _variances(values: Array, layout: Layout, centre: Float1D) -> Array:
    """Return the variance float64[..., A] of bars float64[..., C], as the kernel ``absorb`` computes it."""
    parts = (values - centre).reshape(*values.shape[:-1], layout.series, len(layout.roles))
    role = {name: parts[..., at] for at, name in enumerate(layout.roles)}
    found = role["move"] ** 2
    if "upper" in role:
        size, sides = np.abs(role["move"]), [layout.shadows[:, at] for at in (0, 1)]
        upper, lower = (
            scale * np.maximum(role[name], 0.0) ** 3
            for name, scale in zip(("upper", "lower"), sides, strict=True)
        )
        found = 0.5 * found + 0.5 * (upper * (upper + size) + lower * (lower + size))
    return np.asarray(found + (role["gap"] ** 2 if "gap" in role else 0.0))
