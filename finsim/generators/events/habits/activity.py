"""When entities are active: a common calendar, silences, and how many payments a day has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.ledger import Ledger, means_by, sums_by
from finsim.kernels.events.active_days import CHANCES, GAPS, RECENT, Calendar, Spans, count_days
from finsim.notation import Array, Float1D, Float2D, Int1D

SIZE_GROUPS, BURST_GROUPS = 12, 4
SMOOTH_DAYS = 21
# Assumptions: how many days, sessions and weekday counts the common law is worth.
FACTOR_WEIGHT, SIZE_WEIGHT, WEEKDAY_WEIGHT = 12.0, 4.0, 14.0
_EDGES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 19, 24, 32, 48, 72, 128, 256, 1_024, 8_192)


@dataclass(frozen=True)
class Lives:
    """Active days by entity: first and last day (-1 without any), number, group of burstiness, payments.

    first, last, active, burst int64[E]; size float64[E], log of the mean payments on an active day;
    weekdays float64[E, 7], active days by weekday.
    """

    first: Int1D
    last: Int1D
    active: Int1D
    burst: Int1D
    size: Float1D
    weekdays: Float2D


@dataclass(frozen=True)
class Activity:
    """The common law of days: ``shares`` float64[D] of the calendar.

    ``weekly`` and ``yearly`` to go on with; ``factor`` of silences; ``sizes`` [groups, 3, B] cumulative of
    ``edges``, ``size_steps`` between groups.
    """

    shares: Float1D
    weekly: Float1D
    factor: Array
    sizes: Array
    edges: Int1D
    size_steps: Float1D

    def calendar(self, days: int, weekday: Int1D) -> Calendar:
        """Return the calendar of so many days; beyond the learned ones the year comes again, or the mean."""
        shares = self.shares
        if days > len(shares):
            smooth = shares / self.weekly[weekday[: len(shares)]]
            far = np.arange(len(shares), days)
            level = smooth[far % 365] if len(shares) >= 365 else np.full(len(far), smooth.mean())
            shares = np.concatenate([shares, level * self.weekly[weekday[far]]])
        return Calendar(np.ascontiguousarray(shares[:days]), weekday)

    def own_weekdays(self, counts: Float2D) -> Float2D:
        """Return what a weekday is worth to entities beyond the calendar, from their counts [n, 7]."""
        usual = self.weekly / self.weekly.sum()
        found = (counts + WEEKDAY_WEIGHT * usual) / (counts.sum(axis=1, keepdims=True) + WEEKDAY_WEIGHT)
        return np.ascontiguousarray(found / usual)

    def size_group(self, size: Float1D) -> Int1D:
        """Return the group of the log mean payments on a day."""
        return np.searchsorted(self.size_steps, size, side="left").astype(np.int64)


def learn_activity(ledger: Ledger) -> tuple[Lives, Activity]:
    """Learn the lives of a ledger and the law they share."""
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
    shares, weekly = _calendar(ledger, entity, day, Lives(first, last, active, active, size, weekdays))
    burst = _burst_groups(entity, day, active)
    lives = Lives(first, last, active.astype(np.int64), burst, size, weekdays)
    steps = _steps(size[there])
    shape = (BURST_GROUPS, CHANCES, GAPS, RECENT)
    law = Activity(shares, weekly, np.ones(shape), np.zeros(0), np.array(_EDGES), steps)
    seen, expected = np.zeros(shape), np.zeros(shape)
    spans = Spans(starts, burst, law.own_weekdays(weekdays))
    count_days(spans, Calendar(shares, weekday), day, seen, expected)
    cumulative = _size_law(entity, sizes, law.size_group(size), len(steps) + 1)
    return lives, Activity(shares, weekly, _factor(seen, expected), cumulative, np.array(_EDGES), steps)


def _calendar(ledger: Ledger, entity: Int1D, day: Int1D, lives: Lives) -> tuple[Float1D, Float1D]:
    """Return the share of each day, its noise smoothed away, and that of each weekday."""
    days, weekday = ledger.days, ledger.weekdays(ledger.days)
    inner = (day > lives.first[entity]) & (day < lives.last[entity])
    seen = np.bincount(day[inner], minlength=days).astype(np.float64)
    if seen.sum() < 1:
        return np.ones(days), np.ones(7)
    shares = np.ones(days)
    for _ in range(4):
        exposure = _exposure(shares, lives, days)
        shares = np.where(exposure > 0, (seen + 0.5) / (exposure + 0.5), 1.0) * shares
        shares /= shares.mean()
    exposure = _exposure(np.ones(days), lives, days)
    weekly = (sums_by(weekday, seen, 7) + 0.5) / (sums_by(weekday, exposure, 7) + 0.5)
    level = _smooth(seen, SMOOTH_DAYS) / np.maximum(_smooth(exposure * weekly[weekday], SMOOTH_DAYS), 1e-9)
    usual = exposure * weekly[weekday] * level
    # Days differ by more than chance: that surplus says how far a day's own figure is believed.
    surplus = ((seen - usual) ** 2 - usual).sum() / max((usual**2).sum(), 1e-9)
    weight = 1.0 / max(surplus, 1e-4)
    own = (seen + weight) / (usual + weight)
    return np.maximum(weekly[weekday] * np.maximum(level, 1e-3) * own, 1e-6), np.maximum(weekly, 1e-6)


def _exposure(shares: Float1D, lives: Lives, days: int) -> Float1D:
    """Return the expected active days of each day, but for its own share: float64[days]."""
    total = np.concatenate([[0.0], np.cumsum(shares)])
    some = lives.active > 2
    first, last, active = lives.first[some], lives.last[some], lives.active[some]
    rate = (active - 2) / np.maximum(total[last] - total[first + 1], 1e-9)
    change = np.bincount(first + 1, rate, days + 1) - np.bincount(last, rate, days + 1)
    return np.asarray(np.maximum(np.cumsum(change)[:days], 0.0) * shares)


def _smooth(values: Float1D, width: int) -> Float1D:
    """Return the means of values in a window of ``width`` days around each."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    low, high = np.maximum(at - width // 2, 0), np.minimum(at + width // 2 + 1, len(values))
    return np.asarray((total[high] - total[low]) / (high - low))


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


def _steps(size: Float1D) -> Float1D:
    """Return the borders between groups of entities by their payments on a day; one payment is a group."""
    more = size[size > 1e-9]
    if len(more) < 20:
        return np.array([1e-9])
    groups = int(np.clip(len(more) // 10, 1, SIZE_GROUPS - 1))
    inner = np.quantile(more, np.linspace(0, 1, groups + 1)[1:-1])
    return np.unique(np.append(1e-9, inner))


def _size_law(entity: Int1D, sizes: Int1D, group: Int1D, groups: int) -> Array:
    """Return cumulative shares [groups, 3, B] of sizes, after 1, 2 to 3 or more payments the day before."""
    chosen = np.minimum(np.searchsorted(_EDGES, sizes, side="right") - 1, len(_EDGES) - 2)
    before = np.concatenate([[1], sizes[:-1]])
    before[np.append(True, entity[1:] != entity[:-1])] = 1
    state = np.where(before == 1, 0, np.where(before < 4, 1, 2))
    bins = len(_EDGES) - 1
    cells = (group[entity] * 3 + state) * bins + chosen
    counts = np.bincount(cells, minlength=groups * 3 * bins).reshape(groups, 3, bins).astype(np.float64)
    whole = counts.sum(axis=1) + 1e-3 * (counts.sum(axis=(0, 1)) + 1e-9) / max(counts.sum(), 1.0)
    whole /= whole.sum(axis=1, keepdims=True)
    law = counts + SIZE_WEIGHT * whole[:, None]
    return np.asarray(np.cumsum(law / law.sum(axis=2, keepdims=True), axis=2))
