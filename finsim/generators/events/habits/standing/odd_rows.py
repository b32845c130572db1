"""Series that most rows of a group follow: a second payment of a period, a late one, another sum stay out.

A payment booked twice, a thirteenth salary or a bonus is no reason to lose the twelve others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.standing.payees.payees import Pauses
from finsim.generators.events.habits.standing.periods import LEAST, LENGTHS, MOST_SHIFT, TRIES, nearest
from finsim.generators.events.habits.standing.regularity import (
    FULL,
    Groups,
    Regular,
    bad_gaps,
    best_phase,
    chances,
    of_sizes,
    periods_paid,
)
from finsim.notation import Bool1D, Float1D, Int1D

ODD = 6
"""One in so many rows of a group may be odd, at most (assumption)."""
FEW = (ODD,) * len(LENGTHS)
SAME = 1e-9
FAR = 10**9


@dataclass(frozen=True)
class Mostly:
    """Groups without their odd rows, what they follow, and the rows int64[G] that each had with them."""

    groups: Groups
    found: Regular
    sizes: Int1D


def mostly_regular(
    days: Int1D, size: Float1D, near: float, groups: Groups, few: tuple[int, ...] = FEW,
    pauses: Pauses | None = None,
) -> Mostly:  # fmt: skip
    """Return the groups in which all but a few rows are of about one sum; ok: those that follow a period.

    size : logarithms of the sums of all rows; near : how far one may be from the middle of its group (inf:
    any). few : one in so many rows may be odd, by period. pauses : see ``regular``.
    """
    groups = groups.kept(groups.sizes() >= ODD)
    away = np.abs(size[groups.row] - _middles(size, groups)[groups.of])
    inner = _without(groups, away <= near)
    some = _are_few(inner, groups.sizes(), ODD)
    sizes, groups = groups.sizes()[some], inner.kept(some)
    count = groups.count
    ok, period = np.zeros(count, np.bool_), np.zeros(count, np.int64)
    phase, shift = np.zeros(count, np.int64), np.zeros(count, np.int64)
    usual = np.abs(size[groups.row] - _middles(size, groups)[groups.of]) <= SAME
    usual &= np.isfinite(near)
    kept = np.ones(len(groups.row), np.bool_)
    for kind in TRIES:
        # Each odd row opens two gaps at most that are not of the period.
        some = ~ok & (bad_gaps(kind, days, groups) <= 2 * (sizes // few[kind]))
        if not some.any():
            continue
        part, inside = groups.kept(some), some[groups.of]
        at = best_phase(kind, days[part.row], part)
        index, moved = nearest(kind, at[part.of], days[part.row])
        far = np.abs(moved)
        fits = _first_of_period(part.of, index, far, usual[inside]) & (far <= MOST_SHIFT[kind])
        rest = _without(part, fits)
        good = _are_few(rest, sizes[some], few[kind]) & (rest.sizes() >= LEAST[kind])
        good[good] = _are_full(kind, index[fits & good[part.of]], rest.kept(good), pauses)
        if not good.any():
            continue
        own, chosen = good[part.of], np.flatnonzero(some)[good]
        ok[chosen], period[chosen], phase[chosen] = True, kind, at[good]
        shift[chosen] = np.maximum.reduceat(far[fits & own], rest.kept(good).starts[:-1])
        kept[np.flatnonzero(inside)[own]] = fits[own]
    return Mostly(_without(groups, kept), Regular(ok, period, phase, shift), sizes)


def ways(size: Int1D, odd: Int1D) -> Float1D:
    """Return in how many ways float64[G] chance may choose odd rows, and the row that opens the window."""
    found: Float1D = (size - odd).astype(np.float64)
    for step in range(int(odd.max(initial=0))):
        found = np.where(odd > step, found * (size - step) / (step + 1), found)
    return found


def expected_mostly(day: Int1D, period: int, sizes: Int1D, few: int = ODD) -> float:
    """Return how many groups of such sizes follow a period by chance but for their odd rows, at most."""
    total, (size, many) = 0.0, np.unique(sizes, return_counts=True)
    wide, which = np.full(len(size), MOST_SHIFT[period]), np.full(len(size), period)
    for left in range(int(size.max(initial=0)) // few + 1):
        some = left * few <= size
        chance = chances(day, which[some], size[some] - left, wide[some])
        total += float((many[some] * ways(size[some], np.full(some.sum(), left)) * chance).sum())
    return total


def _without(groups: Groups, kept: Bool1D) -> Groups:
    """Return all groups with some of their rows; a group may lose all."""
    return of_sizes(groups.row[kept], np.bincount(groups.of[kept], minlength=groups.count))


def _are_few(rest: Groups, sizes: Int1D, few: int) -> Bool1D:
    return np.asarray((sizes - rest.sizes()) * few <= sizes)


def _are_full(kind: int, index: Int1D, groups: Groups, pauses: Pauses | None) -> Bool1D:
    """Return bool[G], groups with a payment in most periods from first to last; index : those of the rows."""
    first, last = index[groups.starts[:-1]], index[groups.starts[1:] - 1]
    return np.asarray(groups.sizes() >= FULL * periods_paid(kind, groups, first, last, pauses))


def _middles(size: Float1D, groups: Groups) -> Float1D:
    """Return the logarithm float64[G] of the sum in the middle of each group, the lower one of two."""
    order = np.lexsort((size[groups.row], groups.of))
    return np.asarray(size[groups.row][order][groups.starts[:-1] + (groups.sizes() - 1) // 2])


def _first_of_period(of: Int1D, index: Int1D, away: Int1D, usual: Bool1D) -> Bool1D:
    """Return bool[m], the one payment of each period: of the usual sum, then nearest to the due day."""
    order = np.lexsort((np.arange(len(of)), away, ~usual, index, of))
    again = (np.diff(of[order], prepend=-1) == 0) & (np.diff(index[order], prepend=0) == 0)
    found = np.ones(len(of), np.bool_)
    found[order[again]] = False
    return found


def is_extra(
    days: Int1D, entity: Int1D, pair: Int1D, groups: Groups, period: Int1D, series: tuple[Groups, Int1D]
) -> Bool1D:
    """Return bool[G], short groups that are no series: paid beside one, or once where more was to come.

    days, entity, pair int64[n] of all rows; period : what each group would be, and what each series is.
    """
    if not groups.count:
        return np.zeros(0, np.bool_)
    low, high = days[groups.row[groups.starts[:-1]]], days[groups.row[groups.starts[1:] - 1]]
    wide = np.array(LENGTHS) + np.array(MOST_SHIFT)
    known, of = series
    near = np.array(LENGTHS) - 2 * np.array(MOST_SHIFT)
    begin, end = np.full(int(pair.max(initial=0)) + 1, FAR), np.full(int(pair.max(initial=0)) + 1, -FAR)
    first, last = known.row[known.starts[:-1]], known.row[known.starts[1:] - 1]
    np.minimum.at(begin, pair[first], (days[first] - near[of]).astype(np.int64))
    np.maximum.at(end, pair[first], (days[last] + near[of]).astype(np.int64))
    owner, payer = pair[groups.row[groups.starts[:-1]]], entity[groups.row[groups.starts[:-1]]]
    beside = (high >= begin[owner]) & (low <= end[owner])
    opened, closed = np.full(int(entity.max()) + 1, FAR), np.full(int(entity.max()) + 1, -FAR)
    np.minimum.at(opened, entity, days)
    np.maximum.at(closed, entity, days)
    before, behind = opened[payer] < low - wide[period], closed[payer] > low + wide[period]
    return np.asarray(beside | ((groups.sizes() == 1) & (before | behind)))
