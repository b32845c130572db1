"""``Profiles``: how each learned entity lives; new lives between those of neighbours, and attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.activity import Activity, Lives
from finsim.generators.events.habits.amounts import Levels, normal, places
from finsim.generators.events.habits.ledger import DAY
from finsim.generators.events.habits.restaurant import Returns
from finsim.generators.margins.number_margin import NumberMargin
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

NEAR = 3
DRAWS = 19
# Assumptions: s.d. of what a new life adds to that of its neighbours, in logarithms and scores.
COUNT_NOISE, RATE_NOISE, DAY_NOISE = 0.15, 0.2, 0.3
SHORT = 1.0 / 6.0
"""Share of the period up to which a life is short: its last day moves with its first (assumption)."""

SCORE_NOISE = 0.25
DAYS_NOISE = 20.0
"""S.d. of what a number (in scores) and a time (in days) are moved by (assumptions)."""


@dataclass(frozen=True)
class Profiles:
    """Lives, chances and levels of the learned entities, one row each; ``hours`` float64[E, 24] counts."""

    lives: Lives
    returns: Returns
    levels: Levels
    hours: Float2D
    burst: Float1D


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
    known: Profiles, order: Int1D, near: tuple[Int1D, Int1D, Float1D], draws: Float2D, law: Activity,
    days: int,
) -> NewLives:  # fmt: skip
    """Return lives between those of anchors and of their neighbours; draws float64[S, DRAWS].

    near : the anchors int64[S], who they meet payees like int64[S], and how many more they meet float64[S].
    """
    anchor, payees_of, more = near
    lives, returns, levels = known.lives, known.returns, known.levels
    count = len(order)
    position = np.empty(count, np.int64)
    position[order] = np.arange(count)
    step = 1 + (draws[:, 0] * NEAR).astype(np.int64)
    side = np.where(draws[:, 1] < 0.5, -step, step)
    beside = position[anchor] + side
    beside = np.where((beside < 0) | (beside >= count), position[anchor] - side, beside)
    other = order[np.clip(beside, 0, count - 1)]
    other = np.where(lives.active[other] > 0, other, anchor)
    part = 0.25 + 0.5 * draws[:, 2]
    donor = np.where(draws[:, 3] < 0.7, anchor, other)
    # Who pays like one of two neighbours on a day need not choose payees like that one.
    of_day, of_sums = (np.where(draws[:, k] < 0.5, anchor, other) for k in (17, 18))

    def between(values: Array) -> Array:
        weight = part if values.ndim == 1 else part[:, None]
        return np.asarray(weight * values[anchor] + (1.0 - weight) * values[other])

    first, last, active = _spans(lives, law, donor, draws[:, 4:8], days)
    noise = np.stack([normal(np.ascontiguousarray(draws[:, k])) for k in range(8, 16)])
    size = lives.size[of_day]
    size = np.where(size > 1e-9, np.maximum(size + 0.05 * noise[0], 1e-6), 0.0)

    def moved(values: Float1D, row: Float1D) -> Float1D:
        odds = np.log(np.clip(between(values), 1e-4, 0.98)) - np.log1p(-np.clip(between(values), 1e-4, 0.98))
        return np.asarray(1.0 / (1.0 + np.exp(-(odds + RATE_NOISE * row))))

    strength = returns.strength[payees_of] * more
    rates = (
        moved(returns.stays, noise[2]), moved(returns.doubles, noise[3]), between(known.burst),
        moved(returns.remembers, noise[4]), returns.keeps[of_sums], between(returns.returns), strength,
        returns.discount[payees_of],
    )  # fmt: skip

    def as_wide(values: Float1D) -> Float1D:
        middle = values.mean()
        return np.asarray(middle + widening(values, order) * (between(values) - middle))

    level = as_wide(levels.level) + levels.doubt_of_level[of_sums] * noise[5]
    spread = np.exp(as_wide(np.log(levels.spread)) + levels.doubt_of_spread[of_sums] * noise[6])
    hours = between(known.hours) + 0.5 * known.hours.sum(axis=0) / max(known.hours.sum(), 1.0)
    total = hours.sum(axis=1, keepdims=True)
    hours = np.cumsum(hours / np.maximum(total, 1e-12), axis=1)
    return NewLives(
        first, last, active, lives.burst[donor], law.size_group(size), between(lives.weekdays),
        np.ascontiguousarray(hours), rates, level, spread, levels.limit[of_sums], donor,
    )  # fmt: skip


def widening(values: Float1D, order: Int1D) -> float:
    """Return by how much lives between neighbours lie too near to the mean: the ratio of the s.d.

    A life has a part w of one entity, uniform from 1/4 to 3/4, and the rest of one up to ``NEAR`` places
    further in the order: the variance is E(w^2 + (1 - w)^2) v + 2 E(w (1 - w)) c.
    """
    own = values[order] - values.mean()
    whole = float((own**2).mean()) if len(own) else 0.0
    if whole <= 0.0:
        return 1.0
    near = [float((own[k:] * own[:-k]).mean()) for k in range(1, NEAR + 1) if len(own) > k]
    alike = sum(near) / max(len(near), 1)
    squares = 2.0 * (0.25 + 1.0 / 48.0)
    return float(np.sqrt(whole / max(squares * whole + (1.0 - squares) * alike, 0.25 * whole)))


def _spans(
    lives: Lives, law: Activity, donor: Int1D, draws: Float2D, days: int
) -> tuple[Int1D, Int1D, Int1D]:
    """Return first and last active day and number of active days, moved a little from those of donors.

    A longer period than the learned one lets lives that were open at its end go on. A shorter one is cut
    out of the learned period by the caller: what would begin behind it begins when others do within it.
    """
    learned = len(law.shares)
    first, last, active = lives.first[donor], lives.last[donor], lives.active[donor].astype(np.float64)
    rate = active / np.maximum(last - first + 1, 1)
    fuzzy = active > 4
    place = np.concatenate([[0.0], np.cumsum(law.shares)])
    wide = (last - first + 1).astype(np.float64)
    noise = np.exp(COUNT_NOISE * normal(np.ascontiguousarray(draws[:, 0])))
    # The rate of payments is moved: who pays nearly every day goes on to do so.
    active = np.where(fuzzy, -wide * np.expm1(noise * np.log1p(-np.minimum(active / wide, 0.998))), active)
    early, ending = (normal(np.ascontiguousarray(draws[:, k])) for k in (1, 2))
    lived = lives.active > 0
    begin = _near_day(place, lives.first[lived], first, early, draws[:, 3])
    finish = _near_day(place, lives.last[lived], last, ending, 1 - draws[:, 3])
    ends = begin + np.round((wide - 1.0) * np.exp(RATE_NOISE * ending)).astype(np.int64)
    finish = np.where(wide <= SHORT * learned, np.minimum(ends, learned - 1), np.maximum(finish, begin))
    is_open = (learned - 1 - last) <= 2.0 / np.maximum(rate, 1e-9)
    if days > learned:
        finish = np.where(is_open & (active > 1), finish + days - learned, finish)
        active = active * np.maximum((finish - begin + 1) / wide, 1.0)
    elif days < learned:
        seen = np.sort(lives.first[lived & (lives.first < days)])
        rank = draws[:, 3] * 1_024 % 1.0  # its first digits have told the late day
        late = np.where(begin >= days, begin - _day_of_rank(place, seen, rank), 0)
        begin, finish = begin - late, finish - late
    number = np.floor(active + draws[:, 0]) if days > learned else np.round(active)
    number = np.maximum(number, 1.0)
    end = max(days, learned) - 1
    finish = np.where((number > 1) & (finish == begin), np.minimum(begin + 1, end), finish)
    begin = np.where((number > 1) & (finish == begin), np.maximum(finish - 1, 0), begin)
    number = np.minimum(number, finish - begin + 1).astype(np.int64)
    finish = np.where(number == 1, begin, finish)
    number = np.where((finish > begin) & (number < 2), 2, number)
    number = np.where(lives.active[donor] == 0, 0, number)
    return begin.astype(np.int64), finish.astype(np.int64), number


def _near_day(place: Float1D, days: Int1D, day: Int1D, noise: Float1D, draws: Float1D) -> Int1D:
    """Return a day near another one, in the law of ``days``: the score of its rank is moved.

    Between two days of that law, days are likelier where the calendar is busier.
    """
    count = len(days)
    if not count:
        return np.maximum(day, 0)
    known = np.sort(days)
    low, high = np.searchsorted(known, day, side="left"), np.searchsorted(known, day, side="right")
    rank = np.clip((low + draws * (high - low)) / count, 0.25 / count, 1.0 - 0.25 / count)
    moved = np.sqrt(1.0 - DAY_NOISE**2) * normal(rank) + DAY_NOISE * noise
    return _day_of_rank(place, known, places(moved))


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
        if column.kind in (NUMBER, TIME) and known.rows:
            noise = _noise(streams.under("attribute", name), numbers)
            there = ~column.take(donor).missing()
            cells = cells.copy()
            cells[there] = _moved(column, cells[there], noise[there])
        columns[name] = column.with_values(cells)
    return MixedTable(columns, len(donor))


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
