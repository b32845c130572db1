"""The time of day: hours by entity, seconds in an hour, and short waits between payments of a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.ledger import Ledger, shrunk_rates, sums_by
from finsim.notation import Float1D, Float2D
from finsim.randomness import Streams

KNOTS, SHORT = 65, 900.0
HOUR_WEIGHT = 12.0


@dataclass(frozen=True)
class Clock:
    """``seconds`` float64[24, KNOTS], ``waits`` float64[KNOTS]: quantiles.

    hours float64[E, 24] expected counts of each learned entity, burst float64[E] its chance that a payment
    follows at once; grid : nanoseconds.
    """

    seconds: Float2D
    waits: Float1D
    hours: Float2D
    burst: Float1D
    grid: int


def learn_clock(ledger: Ledger, grid: int, streams: Streams) -> Clock:
    """Learn the clock of a ledger; short waits are those beyond what shuffled times of an entity have."""
    count = ledger.count
    hour = np.minimum((ledger.second // 3_600).astype(np.int64), 23)
    inside = ledger.second - 3_600.0 * hour
    flat = np.linspace(0.0, 3_600.0, KNOTS)
    seconds = np.tile(flat, (24, 1))
    for k in range(24):
        there = inside[hour == k]
        if len(there) >= 20:
            seconds[k] = np.quantile(there, np.linspace(0.0, 1.0, KNOTS))
    common = np.bincount(hour, minlength=24) / max(len(hour), 1)
    counts = (
        np.bincount(ledger.entity * 24 + hour, minlength=24 * count).reshape(count, 24) + HOUR_WEIGHT * common
    )
    follows = ~ledger.is_new_day()
    waits = np.diff(ledger.second, prepend=0.0)
    short = follows & (waits < SHORT)
    order = np.lexsort((streams.at("clock").random(len(hour)), ledger.entity))
    mixed = ledger.second[order]
    block = np.cumsum(ledger.is_new_day())
    mixed = mixed[np.lexsort((mixed, block))]
    by_chance = follows & (np.diff(mixed, prepend=0.0) < SHORT)
    usual = sums_by(ledger.entity, by_chance * 1.0, count)
    tries = sums_by(ledger.entity, follows * 1.0, count)
    found = shrunk_rates(sums_by(ledger.entity, short * 1.0, count), tries, 8.0)
    chance = shrunk_rates(usual, tries, 8.0)
    burst = np.clip((found - chance) / np.maximum(1.0 - chance, 1e-3), 0.0, 0.98)
    told = waits[short] if short.any() else np.zeros(1)
    knots = np.quantile(told, np.linspace(0.0, 1.0, KNOTS))
    return Clock(seconds, knots, counts, burst, grid)
