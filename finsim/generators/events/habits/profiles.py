"""``Profiles``: how each learned entity lives; new lives between those of neighbours, and attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.amounts import Levels, normal, places
from finsim.generators.events.habits.clock import Clock
from finsim.generators.events.habits.days.activity import BURST_GROUPS, Activity, Lives
from finsim.generators.events.habits.days.crowded_days import Crowds
from finsim.generators.events.habits.ledger import DAY
from finsim.generators.events.habits.life_law import DRAWS as LIFE_DRAWS
from finsim.generators.events.habits.life_law import OWN, SMOOTH, LifeLaw
from finsim.generators.events.habits.restaurant import Returns
from finsim.generators.margins.number_margin import NumberMargin
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

NEAR = 3
FEW_DAYS = 8
OTHER, OF_COLUMNS, OF_ROUNDING = 9, 7, 8
DRAWS = OTHER + LIFE_DRAWS
"""Draws of a new entity: ``OTHER`` that tell its neighbours and noise (one each for further columns and for
what it rounds), and those of its life."""

SCORE_NOISE = 0.25
DAYS_NOISE = 20.0
"""S.d. of what a number (in scores) and a time (in days) are moved by (assumptions)."""


@dataclass(frozen=True)
class Profiles:
    """Lives, chances and levels of the learned entities, one row each.

    part int64[E] as in ``Links``.
    """

    lives: Lives
    law: LifeLaw
    returns: Returns
    levels: Levels
    clock: Clock
    part: Int1D


@dataclass(frozen=True)
class NewLives:
    """New entities: first, last, active, burst, size_group int64[S]; the rest as in ``Profiles``."""

    first: Int1D
    last: Int1D
    active: Int1D
    burst: Int1D
    size_group: Int1D
    weekdays: Float2D
    hours: Float2D
    rates: tuple[Float1D, ...]
    level: Float1D
    spread: Float1D
    limit: Int1D
    donor: Int1D


def new_lives(
    known: Profiles, order: Int1D, near: tuple[Int1D, Int1D, Int1D, Float1D], draws: Float2D, law: Activity,
    days: int,
) -> NewLives:  # fmt: skip
    """Return lives between those of anchors and of their neighbours; draws float64[S, DRAWS].

    near : the anchors, whose lives theirs are like, who they meet payees like int64[S] each, and how many
    more they meet float64[S].
    """
    anchor, life, payees_of, more = near
    lives, levels = known.lives, known.levels
    other, donor = donors(lives, known.part, order, anchor, draws)
    part = 0.25 + 0.5 * draws[:, 2]
    of_sums = np.where(draws[:, 4] < 0.5, anchor, other)

    def between(values: Array) -> Array:
        weight = part if values.ndim == 1 else part[:, None]
        return np.asarray(weight * values[anchor] + (1.0 - weight) * values[other])

    values = known.law.drawn(life, draws[:, OTHER:])
    first, last, active = _in_period(known, life, values, draws[:, -2:], (law.shares, days))
    stays, doubles, remembers, again, burst, keeps, level, spread = values[:, -OWN:].T
    noise = [normal(np.ascontiguousarray(draws[:, k])) for k in (5, 6)]
    strength = known.returns.strength[payees_of] * more
    rates = (stays, doubles, burst, remembers, keeps, again, strength, known.returns.discount[payees_of])
    level = level + levels.doubt_of_level[life] * noise[0]
    spread = np.exp(spread + levels.doubt_of_spread[life] * noise[1])
    # How uneven waits are is told of lives with several days alone.
    uneven = np.where(
        lives.active[life] >= FEW_DAYS, lives.burst[life], (3.0 * draws[:, 3] % 1.0 * 3.0).astype(np.int64)
    )
    uneven = np.where(active < FEW_DAYS, BURST_GROUPS - 1, uneven)
    weekdays = between(lives.weekdays)
    # Words of an entity are its donor's, and go with hours: most of these are the donor's too.
    part = np.where(donor == anchor, np.maximum(part, 1.0 - part), np.minimum(part, 1.0 - part))
    hours = known.clock.factors(between(known.clock.hours), between(known.clock.by_law))
    return NewLives(
        first, last, active, uneven, law.size_group(values[:, SMOOTH], lives.crowded[life]), weekdays,
        hours, rates, level, spread, levels.limit[of_sums], donor,
    )  # fmt: skip


def donors(lives: Lives, part: Int1D, order: Int1D, anchor: Int1D, draws: Float2D) -> tuple[Int1D, Int1D]:
    """Return a neighbour of each anchor int64[S], and which of the two gives words and attributes int64[S].

    ``part`` int64[E] and ``draws`` as in ``new_lives``.
    """
    count = len(order)
    position = np.empty(count, np.int64)
    position[order] = np.arange(count)
    step = 1 + (draws[:, 0] * NEAR).astype(np.int64)
    side = np.where(draws[:, 1] < 0.5, -step, step)
    beside = position[anchor] + side
    beside = np.where((beside < 0) | (beside >= count), position[anchor] - side, beside)
    other = order[np.clip(beside, 0, count - 1)]
    is_near = (lives.active[other] > 0) & (part[other] == part[anchor])
    other = np.where(is_near, other, anchor)
    return other, np.where(draws[:, 3] < 0.7, anchor, other)


def own_numbers(returns: Returns, crowds: Crowds, levels: Levels, burst: Float1D) -> list[Float1D]:
    """Return the rates and levels float64[E] of each entity that are drawn with its life."""
    return [
        crowds.stays, crowds.doubles, returns.remembers, returns.returns, burst, returns.keeps, levels.level,
        np.log(levels.spread),
    ]  # fmt: skip


def _in_period(
    known: Profiles, donor: Int1D, values: Float2D, draws: Float2D, period: tuple[Float1D, int]
) -> tuple[Int1D, Int1D, Int1D]:
    """Return first and last active day and number of active days; draws float64[S, 2].

    A longer period than the learned one lets lives that were open at its end go on. A shorter one is cut
    out of the learned period by the caller: what would begin behind it begins when others do within it.
    """
    shares, days = period
    learned = len(shares)
    begin, finish, active = known.law.spans(values, donor, shares)
    wide = (finish - begin + 1).astype(np.float64)
    if days > learned:
        is_open = (learned - 1 - finish) * active <= 2.0 * wide
        finish = np.where(is_open & (active > 1), finish + days - learned, finish)
        active = active * np.maximum((finish - begin + 1) / wide, 1.0)
    elif days < learned:
        place = np.concatenate([[0.0], np.cumsum(shares)])
        first = known.lives.first[known.lives.active > 0]
        late = np.where(
            begin >= days, begin - _day_of_rank(place, np.sort(first[first < days]), draws[:, 1]), 0
        )
        begin, finish = begin - late, finish - late
    number = np.floor(active + draws[:, 0]) if days > learned else np.round(active)
    number = np.clip(number, 1, finish - begin + 1).astype(np.int64)
    finish = np.where(number == 1, begin, finish)
    number = np.where(finish > begin, np.maximum(number, 2), number)
    return begin, finish, np.where(known.lives.active[donor] == 0, 0, number)


def _day_of_rank(place: Float1D, known: Int1D, rank: Float1D) -> Int1D:
    """Return the day at a rank in (0, 1) among known days, in increasing order."""
    count = len(known)
    if not count:
        return np.zeros(len(rank), np.int64)
    at = rank * count - 0.5
    target = np.interp(at, np.arange(count), (place[known] + place[known + 1]) / 2.0)
    return np.asarray(np.clip(np.searchsorted(place, target, side="right") - 1, 0, len(place) - 2))


def new_attributes(known: MixedTable, donor: Int1D, numbers: Int1D, streams: Streams) -> MixedTable:
    """Return the attributes of entities ``numbers`` int64[S] of a run that live like the donors int64[S]."""
    columns = {}
    for name, column in known.columns.items():
        cells = column.values[donor]
        if column.kind in (NUMBER, TIME) and _differs(column):
            noise = _noise(streams.under("attribute", name), numbers)
            there = ~column.take(donor).missing()
            cells = cells.copy()
            cells[there] = _moved(column, cells[there], noise[there])
        columns[name] = column.with_values(cells)
    return MixedTable(columns, len(donor))


def _differs(column: MixedColumn) -> bool:
    """Tell whether a column says something of one entity: a day that all have is nobody's own."""
    filled = column.values[~column.missing()]
    return len(filled) > 0 and (len(column.values) == 1 or bool((filled != filled[0]).any()))


def _noise(streams: Streams, numbers: Int1D) -> Array:
    """Return float64[S, 2] uniform draws, each entity from its own number."""
    draws = np.empty((len(numbers), 2))
    if len(numbers):
        fill_uniforms(np.uint64(streams.word("draws")), int(numbers[0]), draws)
    return draws


def _moved(column: MixedColumn, cells: Array, draws: Array) -> Array:
    noise: Float1D = normal(np.ascontiguousarray(draws[:, 0]))
    if column.kind == TIME:
        step = max(int(column.step), 1)
        whole = bool((column.values[~column.missing()] % DAY == 0).all())
        moved = np.round(DAYS_NOISE * noise if whole else DAYS_NOISE * noise * 1e6) / (1 if whole else 1e6)
        return (cells + (moved * DAY).astype(np.int64)) // step * step
    margin = NumberMargin.fit(column.values[~column.missing()], column.step)
    at = normal(margin.uniform(cells, draws[:, 1]))
    place = places((at + SCORE_NOISE * noise) / np.sqrt(1.0 + SCORE_NOISE**2))
    return margin.values(np.clip(place, 1e-9, 1 - 1e-9), draws[:, 1])
