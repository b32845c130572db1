"""How drivers move together before anything is stressed: a normal law of four-quarter moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.notation import Float2D
from finsim.scenarios.plausible.bundled_history import EQUITY
from finsim.scenarios.plausible.coherence import year_moves
from finsim.scenarios.variables import VARIABLES

FACTOR = "credit_factor"
SOURCE = (
    "normal, with the covariance of overlapping four-quarter moves, 1989Q4 to 2024Q4, in the bundled Federal "
    "Reserve history; assumption: centred on no move, reached in even steps, then stays"
)
FACTOR_SOURCE = (
    "credit_factor: the part that all sectors share of the credit model's own factor (s.d. {deviation:.3g}); "
    "assumption: independent of the economy"
)
FRAUD = "fraud_intensity"
"""The driver that multiplies how often every fraud of a study is tried."""
FRAUD_DEVIATION = 40.0
FRAUD_SOURCE = (
    "fraud_intensity: log-normal around no move, s.d. of its logarithm .4; assumption: the order of the "
    "yearly log growth of losses that are reported to authorities; one multiple for all frauds of the study, "
    "from the first day on"
)


@dataclass(frozen=True)
class PriorLaw:
    """A normal law: ``names`` of the drivers, and ``root`` [drivers, free] from standard normal u to moves.

    Rates in percentage points, prices and ``equity`` in log percent; mean zero. Drivers beyond the free ones
    go along at their mean given the others.
    """

    names: tuple[str, ...]
    root: Float2D

    @property
    def free(self) -> int:
        """How many standard normal coordinates the law has."""
        return int(self.root.shape[1])

    def moves(self, u: Float2D) -> Float2D:
        """Return moves as files state them, points and percent, at u [n, free]: float64 [n, drivers]."""
        raw = u @ self.root.T
        prices = np.array([is_price(name) for name in self.names])
        found: Float2D = np.where(prices, 100.0 * np.expm1(np.minimum(raw, 700.0) / 100.0), raw)
        return found


def is_price(name: str) -> bool:
    """Tell whether a driver moves in percent of its level: prices, ``equity``, how often fraud is tried."""
    return name in (EQUITY, FRAUD) or VARIABLES[name].kind == "cum_return"


def without_history(names: Sequence[str]) -> tuple[str, ...]:
    """Return the drivers whose moves the bundled history does not know."""
    return tuple(name for name in names if name not in year_moves())


def prior_law(free: Sequence[str], along: Sequence[str] = (), factor: float = 0.0) -> PriorLaw:
    """Return the law of drivers that the bundled history knows; raises KeyError for others.

    ``free`` ones make the metric, those ``along`` follow at their mean given the free ones. With ``factor``
    above 0 the systematic factor of credit is one more free driver, independent of the others, with that
    standard deviation.
    """
    names, size = (*free, *along), len(free)
    past = np.column_stack([year_moves()[name] for name in names]) if names else np.empty((2, 0))
    root = np.linalg.cholesky(np.atleast_2d(np.cov(past.T)))[:, :size] if names else np.zeros((0, 0))
    if factor > 0.0:
        own = np.zeros((1, size + 1))
        own[0, size] = factor
        root = np.vstack([np.column_stack([root, np.zeros(len(names))]), own])
    return PriorLaw((*names, *((FACTOR,) if factor > 0.0 else ())), root)


def fraud_law() -> PriorLaw:
    """Return the law of how often fraud is tried (``FRAUD_SOURCE``)."""
    return PriorLaw((FRAUD,), np.array([[FRAUD_DEVIATION]]))


def given_law(covariance: Mapping[str, Mapping[str, float]]) -> PriorLaw:
    """Return the law with a covariance stated by name."""
    names = tuple(covariance)
    table = np.array([[covariance[one][two] for two in names] for one in names])
    return PriorLaw(names, np.linalg.cholesky(table))
