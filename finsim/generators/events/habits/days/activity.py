"""When entities are active: a common calendar, silences, and how many payments a day has."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.events.habits.days.calendar import course, going_on
from finsim.generators.events.habits.days.day_sizes import EDGES, learn_sizes, size_steps
from finsim.generators.events.habits.ledger import Ledger, means_by, sums_by
from finsim.kernels.events.active_days import CHANCES, GAPS, RECENT, Calendar, Spans, count_days
from finsim.notation import Array, Float1D, Float2D, Int1D

BURST_GROUPS, ROUNDS = 4, 3
# Assumptions: how many days and weekday counts the common law is worth.
FACTOR_WEIGHT, WEEKDAY_WEIGHT = 12.0, 14.0


@dataclass(frozen=True)
class Lives:
    """Active days by entity: first and last day (-1 without any), number, group of burstiness, payments.

    first, last, active, burst int64[E]; size float64[E], log of the mean payments on an active day;
    weekdays float64[E, 7], active days by weekday; crowded int64[E], 1 for lives of days of many payments.
    """

    first: Int1D
    last: Int1D
    active: Int1D
    burst: Int1D
    size: Float1D
    weekdays: Float2D
    crowded: Int1D


@dataclass(frozen=True)
class Activity:
    """The common law of days: ``shares`` float64[D] of the calendar, ``weekly`` [7] to go on with.

    ``factor`` of silences; ``sizes`` [groups, 3, B] cumulative of ``edges``, ``size_steps`` between groups,
    ``crowded_steps`` between those of crowded lives, which come after them;
    ``tilts`` float64[D] and ``weekly_tilts`` [7], powers of the place in ``sizes`` that a date draws at.
    """

    shares: Float1D
    weekly: Float1D
    factor: Array
    sizes: Array
    edges: Int1D
    size_steps: Float1D
    crowded_steps: Float1D
    tilts: Float1D
    weekly_tilts: Float1D

    def calendar(self, days: int, weekday: Int1D) -> Calendar:
        """Return the calendar of so many days; beyond the learned ones the year comes again, or the mean."""
        shares = going_on(self.shares, self.weekly, days, weekday)
        return Calendar(np.ascontiguousarray(shares), weekday)

    def day_tilts(self, days: int, weekday: Int1D) -> Float1D:
        """Return the powers float64[days] of dates, see ``day_sizes``; they go on as the calendar does."""
        return going_on(self.tilts, self.weekly_tilts, days, weekday)

    def own_weekdays(self, counts: Float2D) -> Float2D:
        """Return what a weekday is worth to entities beyond the calendar, from their counts [n, 7]."""
        usual = self.weekly / self.weekly.sum()
        found = (counts + WEEKDAY_WEIGHT * usual) / (counts.sum(axis=1, keepdims=True) + WEEKDAY_WEIGHT)
        return np.ascontiguousarray(found / usual)

    def size_group(self, size: Float1D, crowded: Int1D) -> Int1D:
        """Return the group of the log mean payments on a day, and of crowded lives (1) among their own."""
        usual = np.searchsorted(self.size_steps, size, side="left")
        own = len(self.size_steps) + 1 + np.searchsorted(self.crowded_steps, size, side="left")
        return np.where(crowded > 0, own, usual).astype(np.int64)


def learn_activity(ledger: Ledger, crowded: Int1D) -> tuple[Lives, Activity]:
    """Learn the lives of a ledger and the law they share; ``crowded`` int64[E] as in ``Lives``."""
    new = ledger.is_new_day()
    entity, day, count = ledger.entity[new], ledger.day[new], ledger.count
    active = np.bincount(entity, minlength=count)
    starts = np.concatenate([[0], np.cumsum(active)]).astype(np.int64)
    there = active > 0
    first, last = np.full(count, -1), np.full(count, -1)
    first[there], last[there] = day[starts[:-1][there]], day[starts[1:][there] - 1]
    weekday = ledger.weekdays(ledger.days)
    weekdays = (
        np.bincount(entity * 7 + weekday[day], minlength=7 * count).reshape(count, 7).astype(np.float64)
    )
    sizes = np.diff(np.append(np.flatnonzero(new), len(new)))
    size = np.log(np.maximum(means_by(entity, sizes.astype(np.float64), count), 1.0))
    shares, weekly = _calendar(
        ledger, entity, day, Lives(first, last, active, active, size, weekdays, crowded)
    )
    burst = _burst_groups(entity, day, active)
    lives = Lives(first, last, active.astype(np.int64), burst, size, weekdays, crowded)
    steps = size_steps(size[there & (crowded == 0)])
    own = size_steps(size[there & (crowded > 0)])
    shape = (BURST_GROUPS, CHANCES, GAPS, RECENT)
    law = Activity(
        shares,
        weekly,
        np.ones(shape),
        np.zeros(0),
        np.array(EDGES),
        steps,
        own,
        np.ones(ledger.days),
        np.ones(7),
    )
    seen, expected = np.zeros(shape), np.zeros(shape)
    spans = Spans(starts, burst, law.own_weekdays(weekdays))
    count_days(spans, Calendar(shares, weekday), day, seen, expected)
    cumulative, tilts, weekly_tilts = learn_sizes(
        entity, sizes, law.size_group(size, crowded), len(steps) + len(own) + 2, day, weekday
    )
    factor = _factor(seen, expected)
    return lives, replace(law, factor=factor, sizes=cumulative, tilts=tilts, weekly_tilts=weekly_tilts)


def _calendar(ledger: Ledger, entity: Int1D, day: Int1D, lives: Lives) -> tuple[Float1D, Float1D]:
    """Return the share of each day, its noise smoothed away, and that of each weekday."""
    days, weekday = ledger.days, ledger.weekdays(ledger.days)
    inner = (day > lives.first[entity]) & (day < lives.last[entity])
    seen = np.bincount(day[inner], minlength=days).astype(np.float64)
    if seen.sum() < 1:
        return np.ones(days), np.ones(7)
    shares = np.ones(days)
    for _ in range(ROUNDS):
        usual, squares = _exposure(shares, lives, days)
        # Days are drawn without replacement: who is active on most of them adds little noise.
        shares, _ = course(seen, usual, np.maximum(usual - squares, 0.0), weekday)
        shares = shares / shares.mean()
    # An entity's own weekdays are held against what its dates had in all, holidays among them.
    whole = sums_by(weekday, usual, 7) + 0.5
    return shares, np.maximum((sums_by(weekday, usual * shares, 7) + 0.5) / whole, 1e-6)


def _exposure(shares: Float1D, lives: Lives, days: int) -> tuple[Float1D, Float1D]:
    """Return the active days of dates but for their own share, and the squares of chances: float64[days]."""
    total = np.concatenate([[0.0], np.cumsum(shares)])
    some = lives.active > 2
    first, last, active = lives.first[some], lives.last[some], lives.active[some]
    rate = (active - 2) / np.maximum(total[last] - total[first + 1], 1e-9)
    return _lived(rate, first, last, days), _lived(rate**2, first, last, days) * shares


def _lived(rate: Float1D, first: Int1D, last: Int1D, days: int) -> Float1D:
    """Return the sums of rates on the dates strictly between first and last."""
    change = np.bincount(first + 1, rate, days + 1) - np.bincount(last, rate, days + 1)
    return np.asarray(np.maximum(np.cumsum(change)[:days], 0.0))


def _burst_groups(entity: Int1D, day: Int1D, active: Int1D) -> Int1D:
    """Return 0 to 2 by how uneven the waits of an entity are, 3 for entities with few active days."""
    same = entity[1:] == entity[:-1]
    gaps, owner = np.diff(day)[same].astype(np.float64), entity[1:][same]
    mean = means_by(owner, gaps, len(active))
    variance = np.maximum(means_by(owner, gaps**2, len(active)) - mean**2, 0.0)
    uneven = np.sqrt(variance) / np.maximum(mean, 1e-9)
    found = np.full(len(active), BURST_GROUPS - 1)
    many = active >= 8
    if many.sum() >= 30:
        found[many] = np.searchsorted(np.quantile(uneven[many], [1 / 3, 2 / 3]), uneven[many])
    return found.astype(np.int64)


def _factor(seen: Array, expected: Array) -> Array:
    """Return observed over expected active days, drawn towards the same for all groups and chances."""
    common = (seen.sum(axis=(0, 1)) + 2.0) / (expected.sum(axis=(0, 1)) + 2.0)
    group = (seen.sum(axis=1) + FACTOR_WEIGHT * common) / (expected.sum(axis=1) + FACTOR_WEIGHT)
    return np.asarray((seen + FACTOR_WEIGHT * group[:, None]) / (expected + FACTOR_WEIGHT))
