"""Shopping habits: frequency, price level and card of each person, and the sales of each shop."""

from __future__ import annotations

import numpy as np

from finsim.agents.population.merchants import Merchants
from finsim.agents.population.shop_popularity import Catchment
from finsim.agents.vocabulary import CATEGORIES
from finsim.notation import Array, Float1D

# assumption, by category: purchases per day of a worker; log-sd of the price in one shop; chance that a card
# holder uses the credit card; share of charm prices; how much the price follows the person's means; share of
# purchases in a favourite shop that cost what they always cost there; share of purchases that are made twice.
_HABITS: dict[str, tuple[float, float, float, float, float, float, float]] = {
    "groceries": (0.320, 0.70, 0.40, 0.00, 0.55, 0.02, 0.004),
    "restaurants": (0.290, 0.55, 0.60, 0.25, 0.50, 0.35, 0.020),
    "fuel": (0.090, 0.35, 0.47, 0.00, 0.15, 0.00, 0.001),
    "transport": (0.120, 0.55, 0.47, 0.20, 0.10, 0.75, 0.160),
    "retail": (0.140, 0.90, 0.60, 0.60, 0.70, 0.03, 0.008),
    "online": (0.165, 0.95, 0.80, 0.60, 0.70, 0.05, 0.012),
    "travel": (0.016, 0.95, 0.95, 0.10, 0.80, 0.02, 0.030),
    "entertainment": (0.068, 0.70, 0.67, 0.35, 0.50, 0.25, 0.030),
    "health": (0.045, 0.85, 0.47, 0.10, 0.40, 0.30, 0.005),
    "digital": (0.080, 0.85, 0.74, 0.75, 0.20, 0.50, 0.030),
}
_FACTS = np.array([_HABITS[name] for name in CATEGORIES])
RATE, SPREAD, CREDIT, CHARM, MEANS, USUAL, TWICE = _FACTS.T
# assumption: how often each segment buys, relative to a worker, in the order of SEGMENTS.
SEGMENT_RATE = np.array([1.0, 1.0, 1.25, 0.78, 0.80])
_LIFT = 1.7  # assumption: mean price factor of people's means, for the estimate of sales only


def expected_visits(shops: int, catchment: Catchment, town: Array) -> Float1D:
    """Return the expected purchases in every shop per month: float64 [shops].

    ``town`` is the town of every person; people visit shops of their town by popularity among those of the
    category, and each category as often as workers do.
    """
    people = np.bincount(town, minlength=catchment.towns).astype(np.float64)
    row = np.repeat(np.arange(len(catchment.first) - 1), np.diff(catchment.first))
    share = np.diff(catchment.running, prepend=0.0)
    share[catchment.first[:-1]] = catchment.running[catchment.first[:-1]] - np.arange(
        len(catchment.first) - 1
    )
    category, place = np.divmod(row, catchment.towns)
    visits = 30.4 * RATE[category] * people[place] * share
    found: Float1D = np.bincount(catchment.shop, weights=visits, minlength=shops).astype(np.float64)
    return found


def expected_sales(merchants: Merchants, visits: Float1D) -> Float1D:
    """Return the expected sales of every shop in minor units per month: float64 [M]."""
    estimate: Float1D = visits * merchants.ticket * np.exp(SPREAD[merchants.category] ** 2 / 2) * _LIFT
    return estimate
