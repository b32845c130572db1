"""Groups of rows, which of them are regular, and how often payments without order would be as regular."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.standing.payees.payees import Pauses
from finsim.generators.events.habits.standing.periods import (
    LEAST,
    LENGTHS,
    MONTH,
    MOST_SHIFT,
    PHASES,
    TRIES,
    nearest,
    periods_of,
    window_chance,
)
from finsim.notation import Bool1D, Float1D, Int1D

FULL = 0.75
"""Share of the periods between first and last that have a payment, at least (assumption)."""
CHUNK, MOST_DAYS = 20_000, 20_000


@dataclass(frozen=True)
class Groups:
    """Groups of rows: row int64[m] in order of group and time, of int64[m], starts int64[G + 1]."""

    row: Int1D
    of: Int1D
    starts: Int1D

    @property
    def count(self) -> int:
        """Number of groups G."""
        return len(self.starts) - 1

    def sizes(self) -> Int1D:
        """Return the rows int64[G] of each group."""
        return np.diff(self.starts)

    def kept(self, chosen: Bool1D) -> Groups:
        """Return the groups bool[G]."""
        row, sizes = self.row[chosen[self.of]], self.sizes()[chosen]
        return of_sizes(row, sizes)

    def with_other(self, other: Groups) -> Groups:
        """Return these groups, and others behind them."""
        return of_sizes(np.concatenate([self.row, other.row]), np.append(self.sizes(), other.sizes()))


def of_sizes(row: Int1D, sizes: Int1D) -> Groups:
    """Return rows int64[m] that stand group by group as groups of such sizes int64[G]."""
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Groups(row, np.repeat(np.arange(len(sizes)), sizes), starts)


def grouped(key: Int1D) -> Groups:
    """Return the groups of equal keys from 0 on; rows keep their order, which is that of time."""
    order = np.argsort(key, kind="stable")
    order = order[np.searchsorted(key[order], 0) :]
    sizes = np.unique(key[order], return_counts=True)[1]
    return of_sizes(order, sizes)


@dataclass(frozen=True)
class Regular:
    """Of each group: whether it is regular, its period, phase int64[G] and largest shift int64[G]."""

    ok: Bool1D
    period: Int1D
    phase: Int1D
    shift: Int1D

    def kept(self, chosen: Bool1D) -> Regular:
        """Return those of the groups bool[G]."""
        return Regular(self.ok[chosen], self.period[chosen], self.phase[chosen], self.shift[chosen])

    def with_other(self, other: Regular) -> Regular:
        """Return these, and those of other groups behind them."""
        return Regular(
            np.append(self.ok, other.ok), np.append(self.period, other.period),
            np.append(self.phase, other.phase), np.append(self.shift, other.shift),
        )  # fmt: skip


def regular(days: Int1D, groups: Groups, least: int = 0, pauses: Pauses | None = None) -> Regular:
    """Return which groups are regular: near one due day, one payment a period, few periods without one.

    pauses : months in which nobody pays a payee; they count as none without.
    """
    count = groups.count
    ok, period = np.zeros(count, np.bool_), np.zeros(count, np.int64)
    phase, shift = np.zeros(count, np.int64), np.zeros(count, np.int64)
    sizes = groups.sizes()
    for kind in TRIES:
        fits = ~ok & (bad_gaps(kind, days, groups) == 0) & (sizes >= (least or LEAST[kind]))
        some = np.flatnonzero(fits)
        if not len(some):
            continue
        part = groups.kept(fits)
        at = best_phase(kind, days[part.row], part)
        index, away = nearest(kind, at[part.of], days[part.row])
        most = np.maximum.reduceat(np.abs(away), part.starts[:-1])
        first, last = index[part.starts[:-1]], index[part.starts[1:] - 1]
        again = (np.diff(index, prepend=index[0] - 1) <= 0) & (np.diff(part.of, prepend=-1) == 0)
        good = (most <= MOST_SHIFT[kind]) & (np.bincount(part.of, again, part.count) == 0)
        good &= part.sizes() >= FULL * periods_paid(kind, part, first, last, pauses)
        if kind == MONTH:  # who pays in a few months of the year alone pays by the quarter, half-year or year
            good &= 2 * part.sizes() > last - first + 1
        chosen = some[good]
        ok[chosen], period[chosen] = True, kind
        phase[chosen], shift[chosen] = at[good], most[good]
    return Regular(ok, period, phase, shift)


def periods_paid(kind: int, groups: Groups, first: Int1D, last: Int1D, pauses: Pauses | None) -> Int1D:
    """Return the periods int64[G] from ``first`` to ``last`` of groups, without pauses of their payees."""
    span = last - first + 1
    if pauses is None or kind != MONTH:
        return np.asarray(span)
    return np.asarray(span - pauses.within(groups.row[groups.starts[:-1]], first, last))


def bad_gaps(kind: int, days: Int1D, groups: Groups) -> Int1D:
    """Return how many gaps int64[G] between payments of each group are no whole number of periods."""
    length, gap = LENGTHS[kind], np.diff(days[groups.row], prepend=0)
    slack = 2 * MOST_SHIFT[kind] + 2 if length > 20 else 2 * MOST_SHIFT[kind]
    times = np.maximum(np.round(gap / length), 1)
    inside = np.diff(groups.of, prepend=-1) == 0
    bad = inside & (np.abs(gap - times * length) > slack)
    return np.bincount(groups.of[bad], minlength=groups.count)


def best_phase(kind: int, day: Int1D, groups: Groups) -> Int1D:
    """Return the phase int64[G] whose due days are nearest to the days of each group."""
    phases = np.arange(PHASES[kind])
    cost = np.zeros((groups.count, len(phases)), np.int64)
    known, place = _places(day)
    away = np.minimum(np.abs(nearest(kind, phases[None, :], known[:, None])[1]), 15)
    for start in range(0, len(day), CHUNK):
        part = slice(start, start + CHUNK)
        of = groups.of[part]
        first = np.flatnonzero(np.diff(of, prepend=-1))
        cost[of[first]] += np.add.reduceat(away[place[part]], first)
    return np.asarray(np.argmin(cost, axis=1), np.int64)


def _places(day: Int1D) -> tuple[Int1D, Int1D]:
    """Return days in order, all that are met, and the place of each day among them."""
    if len(day) and np.ptp(day) < MOST_DAYS:
        return np.arange(int(day.min()), int(day.max()) + 1), day - day.min()
    known, place = np.unique(day, return_inverse=True)
    return known, place.reshape(-1)


def chances(days: Int1D, period: Int1D, size: Int1D, shift: Int1D) -> Float1D:
    """Return the chance float64[G] that payments without order are as regular, at most.

    The first one opens a window of days, the others fall into that of other periods. shift : its half width.
    """
    found = np.ones(len(size))
    for kind in np.unique(period):
        window = window_chance(int(kind), days)
        whole = float(periods_of(int(kind), days))
        which = np.flatnonzero(period == kind)
        for k in which:
            step = np.arange(1, size[k])
            found[k] = window[shift[k]] ** (size[k] - 1) * np.prod(np.maximum(1.0 - step / whole, 0.0))
    return np.minimum(found, 1.0)
