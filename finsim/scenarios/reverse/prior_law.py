"""How drivers move together before anything is stressed: a normal law of four-quarter moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.notation import Float1D, Float2D
from finsim.scenarios.plausible.bundled_history import EQUITY
from finsim.scenarios.plausible.coherence import year_moves
from finsim.scenarios.variables import VARIABLES

SOURCE = (
    "covariance of overlapping four-quarter moves, 1989Q4 to 2024Q4, in the bundled Federal Reserve history"
)
ASSUMED = "assumption: a normal law centred on no move; the move is reached in even steps and then stays"


@dataclass(frozen=True)
class PriorLaw:
    """A normal law: ``names`` of the drivers and ``root`` [drivers, drivers] with root root' = covariance.

    Rates in percentage points, prices and ``equity`` in log percent; mean zero.
    """

    names: tuple[str, ...]
    root: Float2D

    @property
    def deviations(self) -> Float1D:
        """Standard deviation of each driver: float64 [drivers]."""
        return np.sqrt((self.root**2).sum(axis=1))

    def moves(self, u: Float2D) -> Float2D:
        """Return moves as files state them, points and percent, at standard normal u: float64 [n, drivers]."""
        raw = u @ self.root.T
        prices = np.array([is_price(name) for name in self.names])
        found: Float2D = np.where(prices, 100.0 * np.expm1(np.minimum(raw, 700.0) / 100.0), raw)
        return found


def is_price(name: str) -> bool:
    """Tell whether a driver moves in percent of its level: prices, indices and ``equity``."""
    return name == EQUITY or VARIABLES[name].kind == "cum_return"


def without_history(names: Sequence[str]) -> tuple[str, ...]:
    """Return the drivers whose moves the bundled history does not know."""
    return tuple(name for name in names if name not in year_moves())


def prior_law(names: Sequence[str]) -> PriorLaw:
    """Return the law of drivers that the bundled history knows; raises KeyError for others."""
    past = np.column_stack([year_moves()[name] for name in names])
    return PriorLaw(tuple(names), np.linalg.cholesky(np.atleast_2d(np.cov(past.T))))


def factor_law(name: str) -> PriorLaw:
    """Return the law of the systematic factor alone: standard normal, as the credit model has it."""
    return PriorLaw((name,), np.eye(1))


def given_law(covariance: Mapping[str, Mapping[str, float]]) -> PriorLaw:
    """Return the law with a covariance stated by name: the caller's own, or that of a test."""
    names = tuple(covariance)
    table = np.array([[covariance[one][two] for two in names] for one in names])
    return PriorLaw(names, np.linalg.cholesky(table))
