"""Which days an entity is active on: a fixed number of days between its first and its last.

The chance of a day is the calendar's share of the days that are left, times what silence and recent
activity change; it is forced where no more days are left than are needed. Twins: ``tests/naive/habits.py``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import next_uniform, seed_state
from finsim.notation import Array, Float1D, Float2D, Int1D

CHANCES, GAPS, RECENT = 8, 12, 5
MEMORY_DAYS = 14.0
HIGHEST = 0.995
_KEEP = np.exp(-1.0 / MEMORY_DAYS)


class Calendar(NamedTuple):
    """What a day is worth to all: shares float64[D], positive; weekday int64[D], 0 to 6."""

    shares: Float1D
    weekday: Int1D


class Spans(NamedTuple):
    """The lives of entities: places of their active days, and how they differ.

    starts : int64[E + 1], entity e is active on days[starts[e]:starts[e + 1]]. group : int64[E], which table
    of silences. own : float64[E, 7], positive, what a weekday is worth to the entity.
    """

    starts: Int1D
    group: Int1D
    own: Float2D


@kernel
def chance_bin(chance: Any) -> Any:
    """Return the bin 0..7 of a calendar chance."""
    place = 0
    edge = 0.005
    while place < 7 and chance >= edge:
        edge *= 2.2
        place += 1
    return place


@kernel
def gap_bin(days: Any) -> Any:
    """Return the bin 0..11 of the days since the last active day (1, 2, 3, ... by wider steps)."""
    if days <= 4:
        return days - 1
    place = 4
    edge = 5.0
    while place < 11 and days > edge:
        edge *= 1.5
        place += 1
    return place


@kernel
def recent_bin(ratio: Any) -> Any:
    """Return the bin 0..4 of recent activity over the entity's mean activity."""
    if ratio < 0.35:
        return 0
    if ratio < 0.75:
        return 1
    if ratio < 1.3:
        return 2
    return 3 if ratio < 2.2 else 4


@kernel
def weight_between(first: Any, last: Any, calendar: Calendar, own: Float1D) -> Any:
    """Return the calendar's weight of the days strictly between two days."""
    total = 0.0
    for day in range(first + 1, last):
        total += calendar.shares[day] * own[calendar.weekday[day]]
    return total


@kernel
def count_days(spans: Spans, calendar: Calendar, days: Int1D, seen: Array, expected: Array) -> None:
    """Add up active and expected days by group of entities, chance, silence and recent activity.

    days : int64[n], increasing inside an entity, within the calendar. seen, expected :
    float64[groups, 8, 12, 5], added to.
    """
    for e in range(len(spans.group)):
        begin, end, group = spans.starts[e], spans.starts[e + 1], spans.group[e]
        if end - begin < 3:
            continue
        first, last = days[begin], days[end - 1]
        left = end - begin - 2
        mass = weight_between(first, last, calendar, spans.own[e])
        mean = (end - begin) / (last - first + 1)
        lively, silence, at = mean, 1, begin + 1
        for day in range(first + 1, last):
            if left == 0 or last - day <= left:
                break
            weight = calendar.shares[day] * spans.own[e, calendar.weekday[day]]
            chance = min(weight * left / max(mass, 1e-300), HIGHEST)
            a, b, c = chance_bin(chance), gap_bin(silence), recent_bin(lively / mean)
            expected[group, a, b, c] += chance
            lively *= _KEEP
            silence += 1
            if days[at] == day:
                seen[group, a, b, c] += 1.0
                lively += 1.0 - _KEEP
                silence = 1
                left -= 1
                at += 1
            mass -= weight


@kernel
def draw_days(
    seed: Any, numbers: Int1D, spans: Spans, ends: Int1D, calendar: Calendar, factor: Array, days: Int1D
) -> None:
    """Write the active days of entities; entity e draws from its own state, of index numbers[e].

    seed : uint64; numbers : int64[E]. ends : int64[E], the last day of each. days : int64[n], written; the
    first day of each entity stands there already. An entity has at most as many active days as its life
    has, and exactly 1 where the last day is the first. factor : float64[groups, 8, 12, 5].
    """
    state = np.empty(4, np.uint64)
    for e in range(len(ends)):
        at, end, last = spans.starts[e], spans.starts[e + 1], ends[e]
        if end - at < 2:
            continue
        seed_state(seed, np.uint64(numbers[e]), state)
        first, left, table = days[at], end - at - 2, factor[spans.group[e]]
        mass = weight_between(first, last, calendar, spans.own[e])
        mean = (end - at) / (last - first + 1)
        lively, silence = mean, 1
        at += 1
        for day in range(first + 1, last):
            if left == 0:
                break
            weight = calendar.shares[day] * spans.own[e, calendar.weekday[day]]
            chance = min(weight * left / max(mass, 1e-300), HIGHEST)
            chance *= table[chance_bin(chance), gap_bin(silence), recent_bin(lively / mean)]
            drawn = next_uniform(state) < min(chance, HIGHEST)
            lively *= _KEEP
            silence += 1
            if drawn or last - day <= left:
                days[at] = day
                lively += 1.0 - _KEEP
                silence = 1
                left -= 1
                at += 1
            mass -= weight
        days[end - 1] = last


@kernel
def day_losses(spans: Spans, calendar: Calendar, days: Int1D, table: Array, losses: Float1D) -> None:
    """Write -log of the chance of the days between first and last of each entity, given their number.

    days : int64[n], increasing inside an entity, within the calendar. table : float64[8, 12, 5], the
    factors of one group. losses : float64[E], written.
    """
    for e in range(len(losses)):
        begin, end = spans.starts[e], spans.starts[e + 1]
        losses[e] = 0.0
        if end - begin < 3:
            continue
        first, last, left = days[begin], days[end - 1], end - begin - 2
        mass = weight_between(first, last, calendar, spans.own[e])
        mean = (end - begin) / (last - first + 1)
        lively, silence, at = mean, 1, begin + 1
        for day in range(first + 1, last):
            if left == 0:
                break
            weight = calendar.shares[day] * spans.own[e, calendar.weekday[day]]
            chance = min(weight * left / max(mass, 1e-300), HIGHEST)
            chance *= table[chance_bin(chance), gap_bin(silence), recent_bin(lively / mean)]
            chance = 1.0 if last - day <= left else min(chance, HIGHEST)
            lively *= _KEEP
            silence += 1
            if days[at] == day:
                losses[e] -= np.log(chance)
                lively += 1.0 - _KEEP
                silence = 1
                left -= 1
                at += 1
            else:
                losses[e] -= np.log(1.0 - chance)
            mass -= weight
