"""Conditions as bands of figures of a path, told from paths that the model makes freely."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from finsim.engine.market_model.given.conditions import (
    LEVELS,
    REGIME_QUANTILES,
    REGIMES,
    Condition,
    EndPoint,
    Regime,
    Volatility,
)
from finsim.engine.market_model.given.path_facts import PathFacts, share_within, volatility_of
from finsim.errors import Problem
from finsim.markets.encoding import Encoding
from finsim.notation import Bool1D, Float1D

_HALF = 0.5


@dataclass(frozen=True)
class Band:
    """A condition met where a figure of a path lies within ``low`` to ``high``.

    The figure is a volatility per year, or of a regime the share of steps whose market variance lies
    within ``regime``.
    """

    written: str
    asset: int | None
    low: float
    high: float
    regime: tuple[float, float] | None = None

    def figures(self, facts: PathFacts, encoding: Encoding) -> Float1D:
        """Return the figure float64[n] of paths."""
        if self.regime is not None:
            return share_within(facts, *self.regime)
        return volatility_of(facts, self.asset, encoding)

    def misses(self, facts: PathFacts, encoding: Encoding) -> Float1D:
        """Return by how much of its middle each path misses the band, float64[n]; 0 within."""
        found = self.figures(facts, encoding)
        out = np.maximum(self.low - found, 0.0) + np.maximum(found - self.high, 0.0)
        out = np.where((found >= self.low) & (found <= self.high), 0.0, np.maximum(out, 1e-12))
        return np.asarray(out / max(self.low, 1e-12))


def bands_of(conditions: Iterable[Condition], free: PathFacts, encoding: Encoding) -> tuple[Band, ...]:
    """Return the bands of volatilities and regimes; words are told by freely made paths, ``free``."""
    found = []
    for one in conditions:
        if isinstance(one, Regime):
            edges = np.quantile(free.market, REGIME_QUANTILES)
            place = REGIMES.index(one.name)
            between = np.concatenate([[-np.inf], edges, [np.inf]])[place : place + 2]
            found.append(Band(one.written, None, _HALF, 1.0, (float(between[0]), float(between[1]))))
        elif isinstance(one, Volatility) and one.level:
            thirds = np.quantile(volatility_of(free, one.asset, encoding), (1 / 3, 2 / 3))
            place = LEVELS.index(one.level)
            ends = np.concatenate([[0.0], thirds, [np.inf]])[place : place + 2]
            found.append(Band(one.written, one.asset, float(ends[0]), float(ends[1])))
        elif isinstance(one, Volatility):
            found.append(Band(one.written, one.asset, one.low, one.high))
    return tuple(found)


def ends_of(conditions: Iterable[Condition]) -> tuple[EndPoint, ...]:
    """Return the end points among conditions."""
    return tuple(one for one in conditions if isinstance(one, EndPoint))


def total_miss(bands: tuple[Band, ...], facts: PathFacts, encoding: Encoding) -> Float1D:
    """Return the sum over bands of the misses of each path, float64[n]; 0 where all are met."""
    found = np.zeros(len(facts.moves))
    for band in bands:
        found = found + band.misses(facts, encoding)
    return found


def unmet(
    bands: tuple[Band, ...], tried: PathFacts, encoding: Encoding, steps: int, fewest: int = 1
) -> list[Problem]:
    """Return a problem for every band, and for all together, that fewer than ``fewest`` tried paths meet."""
    problems, together = [], np.ones(len(tried.moves), dtype=np.bool_)
    for band in bands:
        met: Bool1D = band.misses(tried, encoding) == 0.0
        together &= met
        if met.sum() < fewest:
            problems.append(_out_of_reach(band, band.figures(tried, encoding), steps))
    if not problems and together.sum() < fewest:
        found = f"{len(bands)} conditions that none of {len(together)} tried paths meets"
        wanted = "conditions that a path can meet together"
        problems.append(Problem("sample: given", found, wanted, "leave one out, or widen a band"))
    return problems


def _out_of_reach(band: Band, figures: Float1D, steps: int) -> Problem:
    name = band.written.partition("=")[0]
    reach = f"{figures.min():.3g} to {figures.max():.3g}"
    if band.regime is None:
        return Problem(
            f"sample: given {name}", f"{band.written} is met by none of {len(figures)} tried paths",
            f"a volatility that paths of {steps:,} steps have, {reach}",
            "give a value or a band in this range, or low, mid, high",
        )  # fmt: skip
    return Problem(
        f"sample: given {name}", f"none of {len(figures)} tried paths is so for half of its steps",
        f"a regime that lasts; at most {figures.max():.0%} of {steps:,} steps are so",
        "ask for fewer --steps, or give vol=high instead",
    )  # fmt: skip
