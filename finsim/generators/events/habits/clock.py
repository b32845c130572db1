"""The time of day: hours by entity, seconds in an hour, and short waits between payments of a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.ledger import Ledger, shrunk_rates, sums_by
from finsim.generators.events.habits.payee_hours import PayeeHours
from finsim.notation import Float1D, Float2D, Int1D
from finsim.randomness import Streams

KNOTS, SHORT = 65, 900.0
HOUR_WEIGHT, OF_ALL = 12.0, 0.5
"""Rows of all that an entity's hours are drawn towards, in the fit and in a new life (assumptions)."""


@dataclass(frozen=True)
class Clock:
    """``seconds`` float64[24, KNOTS], ``waits`` float64[KNOTS]: quantiles.

    hours float64[E, 24] counts of each learned entity with some of all; by_law float64[E, 24] what the laws
    of its payees expect; burst float64[E] its chance that a payment follows at once; grid : nanoseconds.
    laws, of_link, of_payee, usual as in ``PayeeHours``; where times are days, there are no hours.
    """

    seconds: Float2D
    waits: Float1D
    hours: Float2D
    by_law: Float2D
    burst: Float1D
    grid: int
    laws: Float2D
    of_link: Int1D
    of_payee: Int1D
    usual: Float1D

    def factors(self, hours: Float2D, by_law: Float2D) -> Float2D:
        """Return how far entities of such counts are beyond the laws of their payees, float64[S, 24]."""
        least = OF_ALL * self.usual
        return np.ascontiguousarray((hours + least) / np.maximum(by_law + least, 1e-300))


def learn_clock(ledger: Ledger, grid: int, link: Int1D, known: PayeeHours, streams: Streams) -> Clock:
    """Learn the clock of a ledger; short waits are those beyond what shuffled times of an entity have.

    link int64[n], the pair of each row; known : the laws of hours of pairs.
    """
    count = ledger.count
    hour = np.minimum((ledger.second // 3_600).astype(np.int64), 23)
    inside = ledger.second - 3_600.0 * hour
    flat = np.linspace(0.0, 3_600.0, KNOTS)
    seconds = np.tile(flat, (24, 1))
    for k in range(24):
        there = inside[hour == k]
        if len(there) >= 20:
            seconds[k] = np.quantile(there, np.linspace(0.0, 1.0, KNOTS))
    counts = np.bincount(ledger.entity * 24 + hour, minlength=24 * count).reshape(count, 24)
    of_rows = known.of_link[link]
    by_law = np.stack([np.bincount(ledger.entity, one[of_rows], count) for one in known.laws.T], axis=1)
    some, wide = HOUR_WEIGHT * known.usual, 0 if ledger.is_dated else 24
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
    return Clock(
        seconds, knots, (counts + some)[:, :wide], (by_law + some)[:, :wide], burst, grid,
        known.laws[:, :wide], known.of_link, known.of_payee, known.usual[:wide],
    )  # fmt: skip
