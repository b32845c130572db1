"""Standing payments whose sums change: bills, settlements, wages with overtime, habits of one weekday.

A group of an entity, a payee and its words is one where its days alone tell it. Without sums they tell less,
so chance is asked more: what an ordinary life puts near the due day is what the ledger as a whole puts near
its busiest one, or what the entity itself does there, where that is more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.standing.odd_rows import FEW, Mostly, expected_mostly, mostly_regular
from finsim.generators.events.habits.standing.payees.payees import Pauses
from finsim.generators.events.habits.standing.periods import (
    LEAST,
    MONTH,
    MONTHS_OF,
    MOST_SHIFT,
    PHASES,
    SHIFTS,
    TRIED,
    WEEK,
    WEEKS,
    index_of,
    month_start,
    nearest,
    periods_of,
    window_chance,
)
from finsim.generators.events.habits.standing.regularity import Groups, Regular, grouped, regular
from finsim.notation import Bool1D, Float1D, Float2D, Int1D

WEEKLY_ODD = 2
"""One in so many payments to a payee of one weekday may be on others, at most (assumption): who goes to a
shop on Saturdays goes there in the week too."""
CHANGING_FEW = tuple(WEEKLY_ODD if period == WEEK else one for period, one in enumerate(FEW))
PRIOR = 5.0
"""Rows that the whole ledger counts among those of an entity (assumption)."""
SURE = 0.01
"""False discoveries among single groups, at most (assumption)."""
OF_KIND, BY_CHANCE = 0.5, 0.1
"""Share of the groups of a kind that are regular from which on it may be taken whole; expected ones of chance
beside those found, at most, where it is (assumptions)."""
OFTEN, LEAST_OFTEN = 0.5, 4
"""Share of payments with another sum than the one before from which on sums of a series vary, and how many
payments tell it (assumptions)."""
SAME = 1e-9


@dataclass(frozen=True)
class Windows:
    """How often payments without order lie near a day: of the ledger by period, and rows of entities.

    counts : period class (days of the month, of one, two and four weeks) -> float64[E, size].
    """

    days: Int1D
    counts: dict[int, Float2D]

    @classmethod
    def of(cls, days: Int1D, entity: Int1D, ordinary: Bool1D) -> Windows:
        """Count the ``ordinary`` rows bool[n] of each entity by day of the period."""
        count, found = int(entity.max(initial=0)) + 1, {}
        for size in (PHASES[MONTH], *(PHASES[period] for period in WEEKS)):
            cell = entity[ordinary] * size + _place(days[ordinary], size)
            found[size] = np.bincount(cell, minlength=count * size).reshape(count, size).astype(np.float64)
        return cls(days, found)

    def shares(self, period: int, entity: Int1D, phase: Int1D) -> Float2D:
        """Return the share float64[G, SHIFTS] of rows within so many days of phases, the larger one."""
        size = _size(period)
        ledger, whole = window_chance(period, self.days), window_chance(MONTH, self.days)
        base = whole if size == PHASES[MONTH] else ledger
        own, found = self.counts[size][entity], np.empty((len(entity), SHIFTS))
        total, near = own.sum(axis=1), np.zeros(len(entity))
        for wide in range(SHIFTS):
            for step in {-wide, wide} if 2 * wide < size else set():
                near = near + own[np.arange(len(entity)), (phase + step) % size]
            found[:, wide] = np.maximum((near + PRIOR * base[wide]) / (total + PRIOR), base[wide])
        return np.asarray(np.minimum(found, 1.0) / MONTHS_OF.get(period, 1))


def _size(period: int) -> int:
    return PHASES[period] if period in WEEKS else PHASES[MONTH]


def _place(days: Int1D, size: int) -> Int1D:
    """Return the day of the month, or of a period of ``size`` days."""
    return days - month_start(index_of(MONTH, days)) if size == PHASES[MONTH] else days % size


def find_changing(
    days: Int1D, entity: Int1D, key: Int1D, taken: Bool1D, kind_of: Int1D, fewest: int,
    pauses: Pauses | None = None,
) -> tuple[Groups, Regular]:  # fmt: skip
    """Return the groups of any sums that chance does not explain, and what they follow.

    key int64[n] of groups, -1 for rows that can be of none, such as those ``taken`` by other series; kind_of
    int64[n]. fewest : series of a kind, at least. Source of single ones: Benjamini and Hochberg 1995.
    """
    groups = grouped(key)
    groups = groups.kept(groups.sizes() >= min(LEAST))
    if not groups.count:
        return groups, regular(days, groups)
    strict = regular(days, groups, pauses=pauses)
    rest = groups.kept(~strict.ok)
    mostly = mostly_regular(days, np.zeros(len(days)), np.inf, rest, CHANGING_FEW, pauses)
    some = _joined(groups.kept(strict.ok), strict.kept(strict.ok), mostly)
    ordinary = ~taken
    ordinary[some.groups.row] = False
    windows = Windows.of(days, entity, ordinary)
    first = some.groups.row[some.groups.starts[:-1]]
    own = own_chances(days, some, entity[first], windows)
    head = groups.row[groups.starts[:-1]]
    kinds, sizes, kind = kind_of[head], groups.sizes(), kind_of[first]
    accepted = np.zeros(some.groups.count, np.bool_)
    for one, period in np.unique(np.column_stack([kind, some.found.period]), axis=0):
        here = np.flatnonzero((kind == one) & (some.found.period == period))
        few = CHANGING_FEW[period]
        most = periods_of(int(period), days)
        tried = (kinds == one) & (sizes >= LEAST[period]) & (sizes * (few - 1) <= most * few)
        ordered = here[np.argsort(own[here], kind="stable")]
        below = np.flatnonzero(own[ordered] <= SURE * np.arange(1, len(ordered) + 1) / max(tried.sum(), 1))
        many = int(below[-1]) + 1 if len(below) else 0
        if len(here) >= OF_KIND * tried.sum():
            expected = expected_mostly(days, int(period), sizes[tried], few)
            many = len(here) if expected <= BY_CHANCE * len(here) else many
        if many >= fewest:
            accepted[ordered[:many]] = True
    return some.groups.kept(accepted), some.found.kept(accepted)


def _joined(groups: Groups, found: Regular, mostly: Mostly) -> Mostly:
    """Return regular groups, and those that are so but for odd rows, as one."""
    ok = mostly.found.ok
    sizes = np.append(groups.sizes(), mostly.sizes[ok])
    return Mostly(groups.with_other(mostly.groups.kept(ok)), found.with_other(mostly.found.kept(ok)), sizes)


def own_chances(days: Int1D, some: Mostly, entity: Int1D, windows: Windows) -> Float1D:
    """Return the chance float64[G] that payments without order are as regular as groups, at most.

    Of each width of the window it counts how many payments lie within it, one a period; the width with the
    least chance is taken, and paid for. Payments outside are chosen in any way.
    """
    groups, period = some.groups, some.found.period
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, max(some.sizes.max(initial=1), 1) + 1)))])
    found = np.zeros(groups.count)
    for one in np.unique(period):
        which = np.flatnonzero(period == one)
        part = groups.kept(period == one)
        phase = some.found.phase[which]
        away = np.abs(nearest(int(one), phase[part.of], days[part.row])[1])
        share = np.log(windows.shares(int(one), entity[which], phase % 31 if _size(one) == 31 else phase))
        whole, size = float(periods_of(int(one), days)), some.sizes[which]
        step = np.log(np.maximum(1.0 - np.arange(max(int(size.max()), 1)) / whole, 1e-300))
        apart, best = np.concatenate([[0.0], np.cumsum(step)]), np.zeros(len(which))
        for wide in range(MOST_SHIFT[one] + 1):
            inner = np.bincount(part.of, away <= wide, len(which)).astype(np.int64)
            many = logs[size] - logs[inner] - logs[size - inner] + np.log(np.maximum(inner, 1))
            many = np.where(inner == size, 0.0, many)
            chance = many + np.maximum(inner - 1, 0) * share[:, wide] + apart[inner]
            best = np.minimum(best, np.where(inner >= LEAST[one], chance, 0.0))
        found[which] = np.exp(np.minimum(best, 0.0)) * (MOST_SHIFT[one] + 1) * TRIED
    return found


def varying(amount: Float1D, groups: Groups, kind: Int1D) -> Int1D:
    """Return 1 int64[G] for series whose sums vary; short ones are as most of their kind int64[G] are."""
    if not groups.count:
        return np.zeros(0, np.int64)
    ratio = np.log(np.abs(amount[groups.row] / np.roll(amount[groups.row], 1)))
    changed = (np.abs(ratio) > SAME) & (np.diff(groups.of, prepend=-1) == 0)
    rate = np.bincount(groups.of, changed, groups.count) / np.maximum(groups.sizes() - 1, 1)
    often = rate > OFTEN
    long = groups.sizes() >= LEAST_OFTEN
    size = int(kind.max()) + 1
    share = np.bincount(kind[long], often[long], size) / np.maximum(
        np.bincount(kind[long], minlength=size), 1
    )
    varied = share[kind] > OFTEN
    # Sums of few levels repeat by chance now and then.
    return np.where(long, often | (varied & (rate > OFTEN / 2)), varied).astype(np.int64)
