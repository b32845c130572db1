"""``Profiles``: how each learned entity lives; new lives between those of neighbours, and attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.activity import Activity, Lives
from finsim.generators.events.habits.amounts import Levels, normal, places
from finsim.generators.events.habits.crowded_days import Crowds
from finsim.generators.events.habits.ledger import DAY
from finsim.generators.events.habits.restaurant import Returns
from finsim.generators.margins.number_margin import NumberMargin
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

NEAR = 3
DRAWS = 45
ANCH, OWNS = True, True
HD=3
# Assumptions: s.d. of what a new life adds to that of its neighbours, in logarithms and scores.
COUNT_NOISE, RATE_NOISE, DAY_NOISE = 0.15, 0.2, 0.3
SMOOTH = 0.5
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
    crowds: Crowds
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

    own = [
        known.crowds.stays, known.crowds.doubles, returns.remembers, returns.returns, known.burst, returns.keeps,
        levels.level, np.log(levels.spread),
    ]
    noise = np.stack([normal(np.ascontiguousarray(draws[:, k])) for k in range(8, 16)])
    first, last, active, size, more_of = _spans(lives, law, anchor if ANCH else donor, draws[:, 19:], days, own)
    if OWNS:
        stays, doubles, remembers, again, burst, keeps, level, spread = more_of
        strength = returns.strength[payees_of] * more
        rates = (stays, doubles, burst, remembers, keeps, again, strength, returns.discount[payees_of])
        level = level + levels.doubt_of_level[anchor] * noise[5]
        spread = np.exp(spread + levels.doubt_of_spread[anchor] * noise[6])
    else:
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
    lives: Lives, law: Activity, donor: Int1D, draws: Float2D, days: int, own: list[Float1D]
) -> tuple[Int1D, Int1D, Int1D, Float1D, list[Float1D]]:
    """Return first and last active day, number of active days and size of new lives; draws float64[S, 8].

    Smoothed from donors; see ``smoothed``.
    """
    learned = len(law.shares)
    first, last, active, size = lives.first[donor], lives.last[donor], lives.active[donor], lives.size[donor]
    place = np.concatenate([[0.0], np.cumsum(law.shares)])
    room = np.concatenate([[0.0], np.cumsum(np.minimum(law.shares, 1.0))])
    middle = (place[:-1] + place[1:]) / 2.0
    begin, finish, number, often = first.copy(), last.copy(), active.astype(np.float64), size.copy()
    once = lives.active == 1
    found = [one[donor] for one in own]
    rows = np.flatnonzero(once[donor])
    if len(rows):
        known = [_spread(place, lives.first[once]), lives.size[once], *(one[once] for one in own)]
        of = np.cumsum(once)[donor[rows]] - 1
        where, often[rows], *rest = smoothed(known, of, draws[rows])
        for one, new in zip(found, rest):
            one[rows] = new
        begin[rows] = finish[rows] = _day_at(place, where)
    more = lives.active > 1
    rows = np.flatnonzero(more[donor])
    if len(rows):
        start = middle[lives.first[more]]
        start0 = _spread(place, lives.first[more])
        gone = (middle[lives.last[more]] - start) / (place[-1] - start)
        inner = room[lives.last[more]] - room[lives.first[more] + 1] + 1.0
        count = _exposure(lives.active[more] - 2.0, inner)
        steep = _slope(np.log(inner), count)
        known = [start0, gone, count - steep * np.log(inner), lives.size[more], *(one[more] for one in own)]
        of = np.cumsum(more)[donor[rows]] - 1
        where, gone, count, often[rows], *rest = smoothed(known, of, draws[rows])
        for one, new in zip(found, rest):
            one[rows] = new
        begin[rows] = np.minimum(_day_at(place, where), learned - 2)
        end = middle[begin[rows]] + gone * (place[-1] - middle[begin[rows]])
        finish[rows] = np.maximum(_day_at(place, end), begin[rows] + 1)
        inner = room[finish[rows]] - room[begin[rows] + 1] + 1.0
        number[rows] = 2.0 + _days_of(count + steep * np.log(inner), inner)
    if days != learned:
        begin, finish, number = _in_period(lives, place, (begin, finish, number), draws, days)
    number = np.floor(number + draws[:, 2]) if days > learned else np.round(number)
    number = np.where(lives.active[donor] == 0, 0, np.clip(number, 1, finish - begin + 1)).astype(np.int64)
    finish = np.where(number <= 1, begin, finish)
    number = np.where(finish > begin, np.maximum(number, 2), number)
    return begin.astype(np.int64), finish.astype(np.int64), number, often, found


def _spread(place, day):
    order=np.argsort(day,kind="stable"); d=day[order]
    _, first, counts = np.unique(d, return_index=True, return_counts=True)
    inside=(np.arange(len(d))-np.repeat(first,counts)+.5)/np.repeat(counts,counts)
    out=np.empty(len(d)); out[order]=place[d]+inside*(place[d+1]-place[d]); return out


def _exposure(days, inner):
    return np.log(-inner * np.log1p(-np.minimum((days + 0.5) / inner, 0.98)))


def _days_of(exposure, inner):
    return np.maximum(-inner * np.expm1(-np.exp(exposure) / inner) - 0.5, 0.0)


def _slope(x, y):
    v = x.var()
    return float(np.clip(((x - x.mean()) * (y - y.mean())).mean() / v, 0.0, 1.0)) if v > 1e-9 else 0.0


def _day_at(place, where):
    return np.clip(np.searchsorted(place, where, side="right") - 1, 0, len(place) - 2)


def _in_period(lives, place, life, draws, days):
    """Return lives of another period than the learned one."""
    begin, finish, number = life
    learned = len(place) - 1
    wide = finish - begin + 1
    if days > learned:
        is_open = (learned - 1 - finish) * number <= 2.0 * wide
        finish = np.where(is_open & (number > 1), finish + days - learned, finish)
        return begin, finish, number * np.maximum((finish - begin + 1) / wide, 1.0)
    seen = np.sort(lives.first[(lives.active > 0) & (lives.first < days)])
    late = np.where(begin >= days, begin - _day_of_rank(place, seen, draws[:, 0] * 1_024 % 1.0), 0)
    return begin - late, finish - late, number


def smoothed(known: list[Float1D], of: Int1D, draws: Float2D) -> list[Float1D]:
    """Return values of a smoothed law float64[S] each; known float64[K] each; draws float64[S, 2 k]."""
    count, scores, back = len(known[0]), [], []
    whole = []
    for k, values in enumerate(known):
        ordered = np.sort(values)
        low, high = np.searchsorted(ordered, values, side="left"), np.searchsorted(ordered, values, side="right")
        span = high - low
        rank = (low[of] + draws[:, k] * span[of]) / count
        scores.append(normal(np.clip(rank, 0.25 / count, 1.0 - 0.25 / count)))
        whole.append(normal((low + 0.5 * span) / count))
        back.append(ordered)
    alike = np.corrcoef(np.stack(whole) + 1e-9 * np.random.default_rng(0).normal(size=(len(known), count))) if count > 9 else np.eye(len(known))
    lower = np.linalg.cholesky(0.99 * np.atleast_2d(alike) + 0.01 * np.eye(len(known)))
    noise = np.stack([normal(np.ascontiguousarray(draws[:, len(known) + k])) for k in range(len(known))])
    moved = np.sqrt(1.0 - SMOOTH**2) * np.stack(scores) + SMOOTH * (lower @ noise)
    from finsim.generators.margins.smooth_margin import smooth_quantiles
    out=[]
    for k,(m,o) in enumerate(zip(moved,back)):
        r=places(np.ascontiguousarray(m))
        if k<HD and count>9:
            q=smooth_quantiles(o,min(512,count)); out.append(np.interp(r,np.linspace(0,1,len(q)),q))
        else: out.append(np.interp(r * count - 0.5, np.arange(count), o))
    return out


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
