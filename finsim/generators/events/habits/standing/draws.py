"""The payments of standing series of new entities: when, how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.amounts import normal, places
from finsim.generators.events.habits.ledger import DAY, NANOS
from finsim.generators.events.habits.standing.changing_law import month_of, rounded
from finsim.generators.events.habits.standing.hands import Hand
from finsim.generators.events.habits.standing.law import KNOTS, SAME, StandingLaw
from finsim.generators.events.habits.standing.laws import Laws
from finsim.generators.events.habits.standing.odd_law import OF_ODD
from finsim.generators.events.habits.standing.periods import (
    LENGTHS,
    MONTH,
    MONTH_END,
    SHIFTS,
    due,
    index_of,
    month_start,
    periods_between,
)
from finsim.generators.events.habits.standing.series import NEAR_SUM
from finsim.generators.events.habits.standing.spans import drawn_spans
from finsim.generators.events.habits.standing.together import drawn_together, in_common_hour, offer_draws
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D
from finsim.randomness import Streams

OF_SERIES, OF_ROW, OF_CHANGING = 16, 6, 3
"""Draws of a series, of each of its periods, and of how it varies: how widely, how rounded, what it omits."""
COARSEST = (100.0, 50.0, 10.0, 5.0, 1.0, 0.5, 0.1, 0.05)
FINE = 50.0
"""A changed sum is a multiple of what the first one was a multiple of, at most this part (assumption)."""


@dataclass(frozen=True)
class Paid:
    """Payments: of which series int64[n] (places in the hand), time int64[n] nanoseconds, amount float64[n].

    draw, of_series float64[n], uniform, of the payment and of its series, for cells of other columns; hole
    float64[n], uniform, of the payment, for words that lack.
    """

    series: Int1D
    time: Int1D
    amount: Float1D
    draw: Float1D
    of_series: Float1D
    hole: Float1D


@dataclass(frozen=True)
class Window:
    """Bounds of a sample: begin, end in nanoseconds, ``learned`` end; grid of times; step of amounts.

    grid 0 : whole days. later : months are those of so many days behind.
    """

    begin: int
    end: int
    learned: int
    grid: int
    step: float
    later: int = 0


def paid(
    laws: Laws, hand: Hand, part: slice, life: tuple[Int1D, Int1D], window: Window, streams: Streams,
    world: Streams,
) -> Paid:  # fmt: skip
    """Return the payments of the series ``part`` of a hand, series by series.

    life : first and last ordinary days int64[m] of the entity of each. ``world`` : what all
    generations have together. Equal for every cut into parts.
    """
    law, first, many = laws.law, int(part.start), int(part.stop) - int(part.start)
    kind, offer = hand.kind[part], hand.offer[part]
    draws = np.empty((many, OF_SERIES))
    fill_uniforms(np.uint64(streams.word("series")), first, draws)
    varied = np.empty((many, OF_CHANGING))
    fill_uniforms(np.uint64(streams.word("changing")), first, varied)
    leader = _leaders(hand, part)
    payee = law.offer_common[offer]
    day_of_offer = offer_draws(world, "days", 0, (len(law.offer_kind), 1))[payee, 0]
    phase = _phases(law, (kind, offer), draws, draws[leader], day_of_offer)
    price = law.prices.drawn(law.offer_payee[offer], draws[:, 12])
    base = _sums(laws, kind, (offer, price), draws, draws[leader, 5], window.step)
    begin, end, learned = (-(-one // DAY) for one in (window.begin, window.end, window.learned))
    length = np.array(LENGTHS)[law.period[kind]]
    hours = offer_draws(world, "hours", 0, (len(law.offer_kind), 1))[payee, 0], draws[leader, 15]
    spans = drawn_spans((law.ends, law.between), kind, length, life, (begin, learned, end), draws[:, 6:10])
    drawn = Drawn(kind, offer, first + leader, phase, base, price, draws, varied, hours, spans)
    found = []
    for period in np.unique(law.period[kind]):
        rows = np.flatnonzero(law.period[kind] == period)
        index = periods_between(int(period), begin + window.later, end + window.later)
        # Draws of a period stay its own, however long the sample is.
        flat, more = np.empty((many, len(index) * OF_ROW)), np.empty((many, len(index) * OF_ODD))
        fill_uniforms(np.uint64(streams.word("rows", int(period))), first, flat)
        each: Array = flat[rows].reshape(len(rows), len(index), OF_ROW)
        odd: Array = np.ones((len(rows), len(index), OF_ODD)) - SAME
        if laws.odd.moved[kind].any() or laws.odd.beside[kind].any() or len(laws.months.chance):
            fill_uniforms(np.uint64(streams.word("odd", int(period))), first, more)
            odd = more[rows].reshape(odd.shape)
        holes = _hole_draws(laws, (first, rows), len(index), int(period), streams)
        found += _of_period(laws, drawn.rows(rows), (rows, index, each, odd, holes), window, streams, world)
    if not found:
        return Paid(np.zeros(0, np.int64), np.zeros(0, np.int64), *(np.zeros(0),) * 4)
    series, *cells = (np.concatenate(one) for one in zip(*found, strict=True))
    return Paid(series + first, *cells)


@dataclass(frozen=True)
class Drawn:
    """Series: kind, offer, first one of the entity, phase, first sum, price, draws, hours, span of days."""

    kind: Int1D
    offer: Int1D
    leader: Int1D
    phase: Int1D
    base: Float1D
    price: Int1D
    draws: Float2D
    varied: Float2D
    hours: tuple[Float1D, Float1D]
    spans: tuple[Int1D, Int1D]

    def rows(self, rows: Int1D) -> Drawn:
        """Return some of the series."""
        return Drawn(
            self.kind[rows], self.offer[rows], self.leader[rows], self.phase[rows], self.base[rows],
            self.price[rows], self.draws[rows], self.varied[rows], (self.hours[0][rows], self.hours[1][rows]),
            (self.spans[0][rows], self.spans[1][rows]),
        )  # fmt: skip


def _of_period(
    laws: Laws, of: Drawn, places: tuple[Int1D, Int1D, Array, Array, Array], window: Window, streams: Streams,
    world: Streams,
) -> list[tuple[Array, ...]]:  # fmt: skip
    """Return series, times, amounts and draws of the payments of series of one period, and of odd ones.

    places : numbers int64[m] of the series, of the periods int64[P], draws [m, P, OF_ROW], [m, P, OF_ODD],
    [m, P, 2].
    """
    law, (rows, index, each, odd, holes) = laws.law, places
    kind, period = of.kind, int(law.period[of.kind[0]])
    day = due(period, of.phase[:, None], index[None, :]) - window.later
    there = (day >= of.spans[0][:, None]) & (day <= of.spans[1][:, None])
    there &= each[:, :, 0] >= law.skips[kind, None]
    month = month_of(day + window.later)
    if period in (MONTH, MONTH_END):
        there &= ~laws.changing.is_paused(of.offer, of.varied[:, 2], month)
    learned = -(-window.learned // DAY)
    known = index <= index_of(period, np.array([learned + window.later - 1]))
    amount = _changed(law, kind, of.base, of.draws, (each, known), window.step)
    amount = law.prices.asked(of.price, index_of(MONTH, day + window.later), amount)
    vary = np.flatnonzero(laws.changing.varies[kind])
    if len(vary):
        amount[vary] = laws.changing.sums(
            (kind[vary], of.offer[vary]), of.base[vary], (of.varied[vary], each[vary, :, 4]), month[vary],
            window.step,
        )  # fmt: skip
    share = law.shifts[kind[:, None], (day + window.later + 3) % 7]
    away = _shift_draws(law, kind, (of.offer, of.leader), each, period, streams, world)
    moved = day + (away[:, :, None] >= share).sum(axis=2).clip(0, SHIFTS - 1) - SHIFTS // 2
    moved = law.closed_dates.moved(kind[:, None], moved + window.later) - window.later
    usual = in_month(day + window.later, moved + window.later, law.stays[kind]) - window.later
    second = _second(law, kind, of.draws[:, 10], of.hours, each, window.grid)
    behind, is_moved, later, ratio = laws.odd.drawn(kind, month, odd)
    grain = _grain(of.base, window.step)
    payee = law.offer_payee[of.offer]
    known, kept, days, own = laws.months.drawn(0, payee, month, odd)
    paid_on = np.where(is_moved & ~known, day + behind, np.where(kept & (days != 0), day + days, usual))
    size = np.where(kept, odd_sums(amount, of.base, own, grain, window.step), amount)
    known, kept, days, own = laws.months.drawn(1, payee, month, odd)
    ratio = np.where(known, np.where(kept, own, -np.inf), ratio)
    sums = odd_sums(amount, of.base, ratio, grain, window.step)
    found: list[tuple[Array, ...]] = []
    for one, sum_of, some, hole in (
        (paid_on, size, there, holes[:, :, 0]),
        (np.where(known, usual + days, day + later), sums, there & (ratio != -np.inf), holes[:, :, 1]),
    ):  # fmt: skip
        time = one * DAY + second
        at, column = np.nonzero(some & (time >= window.begin) & (time < window.end))
        found.append((rows[at], time[at, column], sum_of[at, column], each[at, column, 5], of.draws[at, 14],
                      hole[at, column]))  # fmt: skip
    return found


def _hole_draws(laws: Laws, of: tuple[int, Int1D], many: int, period: int, streams: Streams) -> Array:
    """Return the draws [m, P, 2] of words that lack: of payments, and of those beside them.

    of : number of the first series, and places int64[m] behind it.
    """
    first, rows = of
    if laws.holes.is_none:
        return np.zeros((len(rows), many, 2))
    flat = np.empty((int(rows.max()) + 1, many * 2))
    fill_uniforms(np.uint64(streams.word("holes", period)), first, flat)
    return np.asarray(flat[rows].reshape(len(rows), many, 2))


def odd_sums(amount: Float2D, base: Float1D, ratio: Array, grain: Float1D, step: float) -> Float2D:
    """Return sums [m, P] of payments beside those ``amount``: the same (ratio NaN), or part of the usual."""
    some = np.isfinite(ratio)
    own = rounded(base[:, None] * np.exp(np.where(some, ratio, 0.0)), grain, step)
    return np.where(some, own, amount)


def _leaders(hand: Hand, part: slice) -> Int1D:
    """Return for each series the first one of its entity and kind, as a place in the part."""
    kind = hand.kind[part]
    place = np.arange(part.start, part.stop)
    entity = np.searchsorted(hand.starts, place, side="right")
    new = np.ones(len(kind), np.bool_)
    new[1:] = (kind[1:] != kind[:-1]) | (entity[1:] != entity[:-1])
    return np.maximum.accumulate(np.where(new, np.arange(len(kind)), 0))


def _phases(
    law: StandingLaw, of: tuple[Int1D, Int1D], draws: Float2D, shared: Float2D, common: Float1D
) -> Int1D:
    """Return the phase int64[m]: that of the payee, of the entity, or its own; of : kinds and offers.

    common float64[m] : draws of payees whose day too few entities told, for their series to come together.
    """
    kind, offer = of
    of_entity = draws[:, 1] < law.day_alike[kind, 1]
    of_offer = draws[:, 3] < law.day_alike[kind, 0]
    draw = np.where(of_entity, shared[:, 0], np.where(of_offer, common, draws[:, 2]))
    found = (draw[:, None] >= law.phases[kind]).sum(axis=1)
    return np.asarray(np.where(of_offer & (law.offer_day[offer] >= 0), law.offer_day[offer], found))


def _sums(
    laws: Laws, kind: Int1D, offers: tuple[Int1D, Int1D], draws: Float2D, shared: Float1D,
    step: float,
) -> Float1D:  # fmt: skip
    """Return the first sum float64[m]: a price of the payee, else an own one; levels of those that vary.

    offers : offer int64[m], and which price of its payee each series pays, -1 for none.
    """
    law, changing, (offer, price) = laws.law, laws.changing, offers
    alike = law.sum_alike[kind]
    score = np.sqrt(alike) * normal(np.ascontiguousarray(shared))
    score = score + np.sqrt(1.0 - alike) * normal(np.ascontiguousarray(draws[:, 4]))
    place, found = np.clip(places(score), 1e-9, 1.0 - 1e-9), np.empty(len(kind))
    for one in np.unique(kind):
        rows = np.flatnonzero(kind == one)
        found[rows] = law.sums[one].values(place[rows], draws[rows, 11])
    if len(law.atom_sum):
        found = np.where(price >= 0, law.atom_sum[np.maximum(price, 0)], found)
    found = changing.leveled(kind, offer, score, found)
    return np.where(found == 0, step if step > 0 else 1.0, found)


def _changed(
    law: StandingLaw, kind: Int1D, base: Float1D, draws: Float2D, periods: tuple[Array, Bool1D], step: float
) -> Float2D:
    """Return the sums float64[m, P] of the periods of series: the first one, or changed ones.

    periods : draws of each, and bool[P], those of the learned period. Beyond it any series may change.
    """
    each, known = periods
    share, rate, mean, spread, swings, later = law.moves[kind].T
    if not share.any():
        return np.repeat(base[:, None], each.shape[1], axis=1)
    own = np.where(draws[:, 13] < share, rate, 0.0)
    chance = np.where(known[None, :] | (swings[:, None] > 0), own[:, None], later[:, None])
    moves = each[:, :, 3] < chance
    noise = normal(np.ascontiguousarray(each[:, :, 4].ravel())).reshape(moves.shape)
    change = np.where(moves, mean[:, None] + spread[:, None] * noise, 0.0)
    walk = np.cumsum(change, axis=1)
    swing = np.clip(change / np.sqrt(2.0), -NEAR_SUM, NEAR_SUM)
    found = base[:, None] * np.exp(np.where(swings[:, None] > 0, swing, walk))
    size = _grain(base, step)[:, None]
    rounded = np.where(size > 0, np.round(found / np.where(size > 0, size, 1.0)) * size, found)
    still = (np.where(swings[:, None] > 0, change, walk)) == 0
    if step > 0:
        rounded = np.round(np.round(rounded / step) * step, 10)
    return np.asarray(np.where(still, base[:, None], rounded))


def _grain(base: Float1D, step: float) -> Float1D:
    """Return what each sum is a multiple of, at most a part of it."""
    found = np.full(len(base), step)
    for size in COARSEST[::-1]:
        whole = np.abs(base / size - np.round(base / size)) < 1e-6
        found = np.where(whole & (np.abs(base) >= FINE * size) & (size > step), size, found)
    return found


def _shift_draws(
    law: StandingLaw, kind: Int1D, owners: tuple[Int1D, Int1D], each: Array, period: int, streams: Streams,
    world: Streams,
) -> Array:  # fmt: skip
    """Return the draws [m, P] of days behind the due one; owners : offers, and first series of entities."""
    own: Array = each[:, :, 1]
    if not law.shift_alike[kind].any():
        return own
    offer, leader = owners
    low, many = int(leader.min()), own.shape[1]
    of_offer = offer_draws(world, "shifts", period, (len(law.offer_kind), many))
    of_entity = np.empty((int(leader.max()) - low + 1, many))
    fill_uniforms(np.uint64(streams.word("shifts", period)), low, of_entity)
    return drawn_together(
        own, law.shift_alike[kind], of_offer[law.offer_common[offer]], of_entity[leader - low]
    )


def in_month(due_day: Array, day: Array, stays: Int1D) -> Array:
    """Return the days int64[m, P], of kinds that stay in the month of the due day within it."""
    if not stays.any():
        return day
    month = index_of(MONTH, due_day)
    inside = np.clip(day, month_start(month), month_start(month + 1) - 1)
    return np.where(stays[:, None] > 0, inside, day)


def _second(
    law: StandingLaw, kind: Int1D, own: Float1D, common: tuple[Float1D, Float1D], each: Array, grid: int
) -> Array:
    """Return nanoseconds of the day int64[m, P]; common : see ``in_common_hour``."""
    if not grid:
        return np.zeros(each.shape[:2], np.int64)
    alike = law.second_alike[kind][:, None]
    draw, shared = in_common_hour(each[:, :, 2], law.hour_alike[kind], common, kind, law.seconds)
    noise = normal(np.ascontiguousarray(draw.ravel())).reshape(each.shape[:2])
    score = np.sqrt(alike) * normal(np.ascontiguousarray(own))[:, None] + np.sqrt(1.0 - alike) * noise
    place = places(np.ascontiguousarray(score.ravel())).reshape(score.shape) * (KNOTS - 1)
    low = np.clip(place.astype(np.int64), 0, KNOTS - 2)
    left, right = law.seconds[kind[:, None], low], law.seconds[kind[:, None], low + 1]
    second = left + (place - low) * (right - left)
    second = np.where(np.isnan(shared), second, shared)
    return np.asarray(np.floor(second * NANOS).astype(np.int64) // grid * grid)
