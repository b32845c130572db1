"""What paths are asked to be: bands of volatility, a regime, end points."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("low", "mid", "high")
"""Thirds of the volatility that paths of a model and a length have, from the calmest."""

REGIMES = ("calm", "normal", "crisis")
"""Regimes of the market, by its volatility over the last 22 steps."""

REGIME_QUANTILES = (0.5, 0.9)
"""assumption: the calmer half of all steps is calm, the wildest tenth a crisis, what is between normal."""

WIDTH = 0.1
"""assumption: a volatility given as one number is met by what is within a tenth of it."""


@dataclass(frozen=True)
class Volatility:
    """The annualised volatility of a path, of one asset or (asset None) the mean over assets.

    Either a band ``low`` to ``high``, or a third by its ``level``.
    """

    written: str
    asset: int | None
    low: float = 0.0
    high: float = 0.0
    level: str = ""


@dataclass(frozen=True)
class Regime:
    """At least half of the steps of a path are in a regime."""

    written: str
    name: str


@dataclass(frozen=True)
class EndPoint:
    """Where an asset stands after the last step: the move there from the start, on the line of its scale."""

    written: str
    asset: int
    move: float


Condition = Volatility | Regime | EndPoint
