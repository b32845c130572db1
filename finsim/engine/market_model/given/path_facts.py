"""What conditions look at in made paths: volatility, market volatility over 22 steps, moves to the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.markets.encoding import Encoding
from finsim.notation import Bool1D, Float1D, Float2D, Float3D
from finsim.records.paths import DIFFERENCE

SPAN = 22
"""Steps over which the volatility of the market tells the regime: a month of sessions."""


@dataclass(frozen=True)
class PathFacts:
    """Of n paths: volatility float64[n, A] per year, market variance [n, W] over 22 steps, moves [n, A].

    The market's variance is the mean over assets of squared returns in units of ``sizes`` float64[A].
    """

    volatility: Float2D
    market: Float2D
    moves: Float2D


def moves_of(features: Float3D, encoding: Encoding) -> Float3D:
    """Return the moves float64[n, T, A] of features [n, T, C] as a view."""
    return encoding.split(features)[..., encoding.fields.index("return")]


def squared_sizes(features: Float3D, encoding: Encoding) -> Float1D:
    """Return the mean squared move float64[A], 1 for an asset that never moves."""
    mean = (moves_of(features, encoding) ** 2).mean(axis=(0, 1))
    return np.where(mean > 0.0, mean, 1.0)


def facts_of(features: Float3D, encoding: Encoding, sizes: Float1D) -> PathFacts:
    """Return the facts of features float64[n, T, C], returns and gaps joined."""
    moves = moves_of(features, encoding)
    yearly = np.sqrt(encoding.calendar.steps_a_year)
    market = (moves**2 / sizes).mean(axis=-1)
    total = np.cumsum(np.pad(market, ((0, 0), (1, 0))), axis=1)
    span = min(SPAN, moves.shape[1])
    return PathFacts(
        moves.std(axis=1) * yearly, (total[:, span:] - total[:, :-span]) / span, moves.sum(axis=1)
    )


def volatility_of(facts: PathFacts, asset: int | None, encoding: Encoding) -> Float1D:
    """Return the volatility float64[n] of one asset, or the mean of all that are priced alike.

    Levels move in units of their own: they count only where there is nothing else.
    """
    if asset is not None:
        return facts.volatility[:, asset]
    levels = encoding.where(DIFFERENCE)
    others = [a for a in range(len(encoding.assets)) if a not in levels]
    found: Float1D = facts.volatility[:, others or list(levels)].mean(axis=1)
    return found


def is_mostly(facts: PathFacts, low: float, high: float) -> Bool1D:
    """Return bool[n]: at least half of the steps of a path have a market variance in [low, high)."""
    return share_within(facts, low, high) >= 0.5


def share_within(facts: PathFacts, low: float, high: float) -> Float1D:
    """Return the share float64[n] of the steps of paths with a market variance in [low, high)."""
    found: Float1D = ((facts.market >= low) & (facts.market < high)).mean(axis=1)
    return found
