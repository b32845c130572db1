"""Months counted from their end, and due days that the series of one entity or payee have together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.events.habits.standing.periods import (
    LEAST,
    MONTH,
    MONTH_END,
    MOST_PHASES,
    SHIFTS,
    nearest,
)
from finsim.generators.events.habits.standing.regularity import Groups, best_phase, grouped
from finsim.generators.events.habits.standing.series_table import Series
from finsim.notation import Bool1D, Int1D

NEARER = 0.8
"""Days from due ones in sum, as a part of those from the beginning, up to which a kind counts from the end
(assumption)."""
COMMON, LEAST_COMMON = 0.5, 3
"""Share of the series of an entity or payee, and how many at least, whose due day is that of them all
(assumptions)."""


def with_month_ends(day: Int1D, found: Series) -> Series:
    """Return the series with kinds counted from the end of the month whose payments lie nearer so."""
    if not len(found.entity):
        return found
    groups, kind = grouped(found.of_row), np.unique(found.words, axis=0, return_inverse=True)[1].reshape(-1)
    monthly = found.period == MONTH
    long = groups.sizes() >= LEAST[MONTH]
    at_end = np.zeros(len(kind), np.bool_)
    for one in np.unique(kind[monthly & long]):
        some = monthly & (kind == one)
        part = groups.kept(some & long)
        cost = [
            int(_away(p, best_phase(p, day[part.row], part), day, part).sum()) for p in (MONTH, MONTH_END)
        ]
        if cost[1] < NEARER * cost[0]:
            at_end |= some
    return _with_common(day, counted(day, found, at_end, MONTH_END), groups, kind)


def counted(day: Int1D, found: Series, chosen: Bool1D, period: int) -> Series:
    """Return the series with those chosen bool[N] counted by another period of the same length."""
    if not chosen.any():
        return found
    part = grouped(found.of_row).kept(chosen)
    periods, phases = found.period.copy(), found.phase.copy()
    periods[chosen], phases[chosen] = period, best_phase(period, day[part.row], part)
    return replace(found, period=periods, phase=phases)


def _away(period: int, phase: Int1D, day: Int1D, groups: Groups) -> Int1D:
    """Return how far each row of groups with phases int64[G] lies from its due day."""
    return np.asarray(np.abs(nearest(period, phase[groups.of], day[groups.row])[1]))


def _with_common(day: Int1D, found: Series, groups: Groups, kind: Int1D) -> Series:
    """Return the series with the due day of most of their entity (payee), where it is as good as their own.

    Of few payments each day near them is; so are all that the longer series of the kind make likely.
    """
    phase, short = found.phase.copy(), groups.sizes() < LEAST[MONTH]
    size = int(kind.max(initial=0)) + 1
    seen = np.zeros((size, 7, SHIFTS), np.bool_)
    for period in (MONTH, MONTH_END):
        long = groups.kept((found.period == period) & ~short)
        where = np.flatnonzero((found.period == period) & ~short)
        seen[_shifts(period, phase[where], kind[where], day, long)[0]] = True
    for owner in (found.entity, found.target):
        common = _common(np.unique(owner * size + kind, return_inverse=True)[1].reshape(-1), phase, short)
        for period in (MONTH, MONTH_END):
            some = np.flatnonzero((found.period == period) & (common >= 0) & (common != phase))
            if not len(some):
                continue
            part = groups.kept(np.isin(np.arange(len(kind)), some))
            cell, other = _shifts(period, common[some], kind[some], day, part)
            own, starts = _shifts(period, phase[some], kind[some], day, part)[1], part.starts[:-1]
            good = short[some] | (np.add.reduceat(other, starts) <= np.add.reduceat(own, starts))
            good &= np.logical_and.reduceat(seen[cell], starts)
            phase[some[good]] = common[some[good]]
    return replace(found, phase=phase)


def _common(code: Int1D, phase: Int1D, short: Bool1D) -> Int1D:
    """Return the phase int64[N] that most long series of the groups ``code`` int64[N] have, -1 for none."""
    whole = np.bincount(code[~short], minlength=int(code.max()) + 1)
    key, many = np.unique(code[~short] * MOST_PHASES + phase[~short], return_counts=True)
    found = np.full(len(whole), -1)
    good = (many >= LEAST_COMMON) & (many > COMMON * whole[key // MOST_PHASES])
    found[key[good] // MOST_PHASES] = key[good] % MOST_PHASES
    return np.asarray(found[code])


def _shifts(
    period: int, phase: Int1D, kind: Int1D, day: Int1D, groups: Groups
) -> tuple[tuple[Int1D, Int1D, Int1D], Int1D]:
    """Return kind, weekday and shift of each row as places in a table, and how many days it is away."""
    shift = nearest(period, phase[groups.of], day[groups.row])[1]
    weekday = (day[groups.row] - shift + 3) % 7
    cell = np.clip(shift, -(SHIFTS // 2), SHIFTS // 2) + SHIFTS // 2
    return (kind[groups.of], weekday, cell), np.abs(shift)
