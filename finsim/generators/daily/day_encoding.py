"""Encode days as independent vectors of components, and walk such vectors back into paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.extras import Later
from finsim.generators.channel_layout import Layout
from finsim.generators.daily.channel_laws import HORIZONS, ChannelLaws, level_rates, levels_of
from finsim.generators.daily.eras import Eras, changes
from finsim.generators.daily.error_correction import MONTH, ErrorCorrection, distances
from finsim.generators.daily.final_law import FinalLaw
from finsim.generators.daily.unity import UNITY_OF, UNITY_RATE, Unity
from finsim.generators.daily.volatility_state import VolatilityState
from finsim.generators.encoding.gaussian_marginals import Marginals
from finsim.generators.encoding.marginal_correction import Correction
from finsim.generators.encoding.scaling import Scaling
from finsim.generators.generator import Sequences
from finsim.kernels.markets.volatility_walk import walk
from finsim.notation import Array, Float1D, Float2D, Float3D, Int1D, Int2D

special = Later("scipy.special", "markets")

# Scores beyond this are beyond the reach of every tail.
_REACH, _KNOTS = 6.0, 1201
_HAIR = 1e-7
# assumption: a stretch of tension has at least 250 days, and eight are enough; none is known beyond three
# deviations.
_DAYS, _STRETCHES, _TENSE = 250, 8, 3.0
# assumption: thirds of unity, where a stretch of tension keeps days enough for each.
_UNITIES, _FEWEST = 3, 1500


def stretches(days: int) -> int:
    """Return into how many stretches of tension so many days are parted."""
    return int(np.clip(days // _DAYS, 1, _STRETCHES))


@dataclass(frozen=True)
class Memory:
    """What paths remember.

    Variances float64[N, A, H], signed moves [N, A, H + R], levels [N, C, K + E], unity [N] and the place in
    the history int64[N], see ``Eras``; distances [N, A, 2] of levels, see ``ErrorCorrection``.
    """

    variances: Float3D
    signed: Float3D
    levels: Float3D
    unity: Float1D
    place: Int1D
    distance: Float3D

    def take(self, rows: Array) -> Memory:
        """Return copies of some of them."""
        return Memory(**{name: one[rows].copy() for name, one in self.arrays().items()})

    def arrays(self) -> dict[str, Array]:
        """Return the arrays by name."""
        return {
            "variances": self.variances,
            "signed": self.signed,
            "levels": self.levels,
            "unity": self.unity,
            "place": self.place,
            "distance": self.distance,
        }


@dataclass(frozen=True)
class Course:
    """Sequences on their way to components.

    Log scales [N, T + 1, A] of the state, its unity [N, T + 1], and location and log scale [N, T + 1, C] of
    scores, before each step and after the last; scores [N, T, C]; stretches int64[N, T + 1] of the history;
    the memory after the last step.
    """

    log_scales: Array
    unity: Array
    location: Array
    spread: Array
    scores: Float3D
    at: Int2D
    after: Memory


@dataclass(frozen=True)
class DayEncoding:
    """values [.., C] --state--> scaled --marginals--> scores --home, eras--> inner --laws--> innovations.

    What comes last is ``Scaling``: innovations to a day's components.

    The volatility state scales moves, gaps and shadows before the marginal map, so that a day's vector of
    components depends on the days before by two numbers alone, in deviations from their means in training
    (``calm`` float64[2, 2]): tension, the mean log scale of all series, and unity, how much of the last two
    months' moves was common to all. ``edges`` float64[B - 1] and ``unities`` float64[G - 1] part them into
    stretches of as many days. ``touch`` corrects the marginal laws of made innovations.
    """

    state: VolatilityState
    marginals: Marginals
    laws: ChannelLaws
    scaling: Scaling
    unity: Unity
    home: ErrorCorrection
    eras: Eras
    calm: Float2D
    edges: Float1D
    unities: Float1D
    touch: Correction | None = None

    @classmethod
    def fit(
        cls,
        data: Sequences,
        layout: Layout,
        tail_reach: float,
        ridges: tuple[float, float],
        draw: np.random.Generator,
    ) -> tuple[DayEncoding, Course]:
        """Fit on sequences; ``ridges`` of locations and of log scales; ``draw`` spreads atoms."""
        observed = data.observed()
        values = np.where(observed[:, :, None], data.values, 0.0)
        state = VolatilityState.fit(values, observed, layout, ridges[1])
        features, ends = state.trace_all(values, observed)
        log_scales = state.log_scales(features)
        scaled = state.scaled(values, log_scales[:, :-1])
        marginals = Marginals.fit(scaled[observed], tail_reach)
        scores = marginals.normal(scaled, draw) * observed[:, :, None]
        home = ErrorCorrection.fit(scores, values, observed, layout)
        away = distances(values, observed, layout)
        shift = home.shift(away, layout)
        others = layout.where("other")
        free = scores - shift[:, :-1]
        free[..., others] = changes(scaled[..., others], observed)
        eras = Eras.fit(free, observed, layout)
        at = eras.trace(free, observed)
        if eras.wider.any():
            scaled = scaled * np.exp(-eras.wider[at[:, :-1]])
            marginals = Marginals.fit(scaled[observed], tail_reach)
            scores[..., others] = (marginals.normal(scaled, draw) * observed[:, :, None])[..., others]
        free[..., others] = scores[..., others]
        inner = eras.inner(free, at) * observed[:, :, None]
        laws = ChannelLaws.fit(inner, features, observed, layout, ridges, eras.several)
        levels, after = levels_of(inner, observed)
        location, spread = eras.outer(*laws.ahead(levels, features), at)
        location = location + shift
        innovations = (scores - location[:, :-1]) * np.exp(-spread[:, :-1])
        unity = Unity.fit(state, values, features, observed)
        common = unity.trace(state, values, features, observed)
        told = np.stack([log_scales[:, :-1].mean(axis=-1)[observed], common[:, :-1][observed]], axis=1)
        calm = np.stack([told.mean(axis=0), np.maximum(told.std(axis=0), 1e-9)])
        parts = (stretches(len(told)), _UNITIES if layout.series > 1 and len(told) >= _FEWEST else 1)
        edges = [
            np.quantile(one, np.linspace(0.0, 1.0, n + 1)[1:-1]) for one, n in zip(told.T, parts, strict=True)
        ]
        scaling = Scaling.fit(innovations[observed])
        found = cls(state, marginals, laws, scaling, unity, home, eras, calm, *edges)
        memory = _memory(ends, after, common, eras.places(at), away)
        return found, Course(log_scales, common, location, spread, scores, at, memory)

    def course(self, values: Float3D, observed: Array) -> Course:
        """Return what sequences float64[N, T, C] are on the way to components; atoms go to their middle."""
        features, ends = self.state.trace_all(values, observed)
        log_scales = self.state.log_scales(features)
        scaled = self.state.scaled(values, log_scales[:, :-1])
        scores = self.marginals.normal(scaled) * observed[:, :, None]
        away = distances(values, observed, self.state.layout)
        shift = self.home.shift(away, self.state.layout)
        others = self.state.layout.where("other")
        free = scores - shift[:, :-1]
        free[..., others] = changes(scaled[..., others], observed)
        at = self.eras.trace(free, observed)
        scaled = scaled * np.exp(-self.eras.wider[at[:, :-1]])
        scores[..., others] = (self.marginals.normal(scaled) * observed[:, :, None])[..., others]
        free[..., others] = scores[..., others]
        levels, after = levels_of(self.eras.inner(free, at) * observed[:, :, None], observed)
        location, spread = self.eras.outer(*self.laws.ahead(levels, features), at)
        common = self.unity.trace(self.state, values, features, observed)
        memory = _memory(ends, after, common, self.eras.places(at), away)
        return Course(log_scales, common, location + shift, spread, scores, at, memory)

    def innovations(self, course: Course) -> Float3D:
        """Return the innovations float64[N, T, C] of sequences."""
        found: Float3D = (course.scores - course.location[:, :-1]) * np.exp(-course.spread[:, :-1])
        return found

    def factors(self, course: Course) -> Array:
        """Return by how much channels float64[N, T + 1, C] are larger than what the marginal map makes."""
        found: Array = self.state.factors(course.log_scales) * np.exp(self.eras.wider[course.at])
        return found

    def told(self, course: Course) -> Array:
        """Return tension and unity float64[N, T, 2] before each step, at most three deviations."""
        told = np.stack([course.log_scales[:, :-1].mean(axis=-1), course.unity[:, :-1]], axis=-1)
        found: Array = np.clip((told - self.calm[0]) / self.calm[1], -_TENSE, _TENSE)
        return found

    def cells(self, told: Float2D) -> tuple[Array, Array]:
        """Return in which stretches of tension and of unity days told float64[n, 2] lie, int64[n] each."""
        raw = self.calm[0] + told * self.calm[1]
        return np.searchsorted(self.edges, raw[:, 0]), np.searchsorted(self.unities, raw[:, 1])

    def components(self, course: Course) -> Float3D:
        """Return the components float64[N, T, K] of sequences."""
        return self.scaling.forward(self.innovations(course))

    def made(self, components: Float2D) -> Float2D:
        """Return the innovations float64[n, C] that made components float64[n, K] stand for."""
        found = self.scaling.inverse(components)
        return found if self.touch is None else self.touch.apply(found)

    def walk(
        self, pool: Float2D, chosen: Int2D, eras: Int2D, memory: Memory, law: FinalLaw | None = None
    ) -> Float3D:
        """Return values float64[N, T, C] of paths; ``memory`` moves on in place.

        pool : float64[B * G * S, C], innovations for each stretch of tension and, in it, of unity;
        chosen : int64[N, T] below S; eras : int64[N, T], stretches of the history. Levels that come back are
        sums of what the ``law`` makes of the values.
        """
        values = np.empty((*chosen.shape, pool.shape[1]))
        unity = (self.unity.direction, UNITY_OF, UNITY_RATE)
        laws = (self.laws.weights, level_rates(), len(HORIZONS), self.tables())
        widths = (np.exp(self.eras.log_scales), np.exp(self.eras.wider))
        drift = (eras, self.eras.means, *widths, _REACH)
        known = (memory.variances, memory.signed, memory.levels, memory.unity, memory.distance)
        final = (law or FinalLaw.none(pool.shape[1])).constants()
        home = (self.home.pull, self.home.bound, self.home.offset, 1.0 - 1.0 / MONTH, final)
        own = (self.state.weights, self.state.own, *laws, unity, home)
        edges = (self.edges, self.unities)
        walk(pool, edges, chosen, self.state.constants(), own, drift, known, values)
        return values

    def choices(self, pool: Float2D) -> int:
        """Return S, how many innovations a pool has for each stretch of tension and of unity."""
        return len(pool) // self.stretches

    @property
    def stretches(self) -> int:
        """Return B * G, the number of stretches of tension and, in each, of unity."""
        return (len(self.edges) + 1) * (len(self.unities) + 1)

    def tables(self) -> Float2D:
        """Return the scaled values float64[C, knots] of an even grid of scores.

        Where a value is made again and again its scores keep their order by a hair, so that the final law
        can give it the share it has in the data, and exactly its value.
        """
        grid = np.linspace(-_REACH, _REACH, _KNOTS)
        tables = np.stack([one.values(grid) for one in self.marginals.channels])
        return np.asarray(tables + _HAIR * tables.std(axis=1, keepdims=True) * grid)

    def arrays(self) -> dict[str, Array]:
        """Return the fitted arrays by name."""
        parts: dict[str, Any] = {
            "state": self.state,
            "marginals": self.marginals,
            "laws": self.laws,
            "scaling": self.scaling,
            "unity": self.unity,
            "home": self.home,
            "eras": self.eras,
        }
        found = {
            f"{part}/{name}": array for part, one in parts.items() for name, array in one.arrays().items()
        }
        return {**found, "calm": self.calm, "edges": self.edges, "unities": self.unities}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], layout: Layout) -> DayEncoding:
        """Return the encoding that ``arrays`` describes, without its correction: the pool has it."""

        def under(part: str) -> dict[str, Array]:
            prefix = f"{part}/"
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        return cls(
            VolatilityState.from_arrays(under("state"), layout),
            Marginals.from_arrays(under("marginals")),
            ChannelLaws.from_arrays(under("laws")),
            Scaling.from_arrays(under("scaling")),
            Unity.from_arrays(under("unity")),
            ErrorCorrection.from_arrays(under("home")),
            Eras.from_arrays(under("eras")),
            arrays["calm"],
            arrays["edges"],
            arrays["unities"],
        )


def _memory(
    ends: list[tuple[Float2D, Float2D]], after: Float3D, common: Array, place: Int1D, away: Array
) -> Memory:
    variances, signed = (np.stack(part) for part in zip(*ends, strict=True))
    return Memory(variances, signed, after, common[:, -1].copy(), place, away[:, -1].copy())
