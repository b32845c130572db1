"""``Ledger``: an event log as the arrays that habits are learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Float1D, Int1D
from finsim.records.event_log import EventLog

DAY = 86_400_000_000_000
NANOS = 1_000_000_000
MOST_WEIGHT, MOST_CHANCE = 1e6, 0.95


@dataclass(frozen=True)
class Ledger:
    """Rows by entity and time: entity, day since ``origin``, second of the day, payee, amount.

    entity, day, payee int64[n]; second, amount float64[n] (NaN where the amount lacks). starts int64[E + 1].
    Payee ``payees - 1`` stands for a missing counterparty; a log without counterparties has one payee.
    origin : nanoseconds UTC of the first midnight; days : length of the period; is_dated : whole days only.
    """

    starts: Int1D
    entity: Int1D
    day: Int1D
    second: Float1D
    payee: Int1D
    amount: Float1D
    payees: int
    origin: int
    days: int
    is_dated: bool

    @classmethod
    def read(cls, log: EventLog) -> Ledger:
        """Return the rows of a log with at least one event."""
        origin = log.begin // DAY * DAY
        times = log.times - origin
        day = times // DAY
        second = (times - day * DAY) / NANOS
        partner = log.part("partner")
        words = 0 if log.roles.partner is None else len(log.events[log.roles.partner].words)
        payee = np.zeros(len(day), np.int64) if partner is None else np.where(partner < 0, words, partner)
        amount = log.part("amount")
        size = np.full(len(day), np.nan) if amount is None else amount
        days = max(-((origin - log.end) // DAY), 1)
        return cls(
            log.starts, log.entity(), day, second, payee.astype(np.int64), size, words + 1, int(origin),
            int(days),
            bool((times % DAY == 0).all()),
        )  # fmt: skip

    @property
    def count(self) -> int:
        """Number of entities E."""
        return len(self.starts) - 1

    def weekdays(self, days: int) -> Int1D:
        """Return int64[days], 0 (Monday) to 6, from the origin."""
        return (np.arange(days) + self.origin // DAY + 3) % 7

    def is_first(self) -> Array:
        """Return bool[n], true at the first row of each entity."""
        found = np.zeros(len(self.day), dtype=np.bool_)
        found[self.starts[:-1][np.diff(self.starts) > 0]] = True
        return found

    def is_new_day(self) -> Array:
        """Return bool[n], true at the first row of an entity on a day."""
        found = self.is_first()
        found[1:] |= self.day[1:] != self.day[:-1]
        return found


def means_by(group: Int1D, values: Float1D, count: int) -> Float1D:
    """Return the mean of values in each of ``count`` groups, 0 in empty ones."""
    return np.asarray(np.bincount(group, values, count) / np.maximum(np.bincount(group, minlength=count), 1))


def sums_by(group: Int1D, values: Array, count: int) -> Float1D:
    """Return the sum of values in each of ``count`` groups."""
    return np.asarray(np.bincount(group, values, count))


def shrunk_rates(hits: Float1D, tries: Float1D, weight: float) -> Float1D:
    """Return rates drawn towards the common one by ``weight`` tries."""
    common = hits.sum() / max(tries.sum(), 1.0)
    return np.asarray((hits + weight * common) / (tries + weight))


def net_rates(group: Int1D, alike: Array, chance: Float1D, count: int, least: float) -> Float1D:
    """Return the rate of each group float64[count] at which tries are alike beyond chance.

    A try float64[n] is alike with chance + rate (1 - chance), so it counts for 1 - chance. Rates are drawn
    towards the common one by as many tries as the groups differ little: the variance of a try over that
    between groups, ``least`` at least. Source: one-way analysis of variance (Fisher 1925), empirical Bayes
    (Efron and Morris 1973).
    """
    tries = 1.0 - np.minimum(chance, MOST_CHANCE)
    net = alike - (1.0 - tries)
    total, size = sums_by(group, net, count), sums_by(group, tries, count)
    whole, groups = float(size.sum()), int((size > 0).sum())
    if whole <= 0:
        return np.zeros(count)
    common, own = float(net.sum()) / whole, total / np.maximum(size, 1e-9)
    inside = float((tries * (net / tries - own[group]) ** 2).sum()) / max(len(net) - groups, 1)
    spread = float((size * (own - common) ** 2).sum()) - (groups - 1) * inside
    between = spread / max(whole - float((size**2).sum()) / whole, 1e-9)
    weight = float(np.clip(inside / max(between, 1e-9), least, MOST_WEIGHT))
    return np.asarray(np.maximum((total + weight * common) / (size + weight), 0.0))
