"""Points of the tail of simulated losses: the quantile (VaR) and the mean beyond it (ES)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Float1D

LEAST_BEYOND = 5.0
"""How many draws there must be beyond a quantile for it to be told."""


@dataclass(frozen=True)
class Shortfall:
    """The mean of the worst losses, the quantile that it begins at, and the draws beyond: float64[K]."""

    value: float
    quantile: float
    beyond: Float1D


def quantile_of(ordered: Float1D, level: float) -> float:
    """Return the order statistic of rank ceil(M level) of M losses in ascending order."""
    draws = len(ordered)
    return float(ordered[min(max(int(np.ceil(draws * level)), 1), draws) - 1])


def shortfall_of(ordered: Float1D, level: float) -> Shortfall:
    """Return the mean of the worst 1 - ``level`` of losses in ascending order.

    The rank at the quantile enters with its fraction (Acerbi and Tasche 2002, def. 2.6).
    """
    draws = len(ordered)
    mass = draws * (1.0 - level)
    at = min(int(np.floor(draws * level + 1e-9)), draws - 1)
    beyond = ordered[at + 1 :]
    quantile = float(ordered[at])
    return Shortfall((float(beyond.sum()) + (mass - len(beyond)) * quantile) / mass, quantile, beyond)
