"""``StandingLaw``: how many standing series entities have, of which kinds, and how each kind is paid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.amounts import normal
from finsim.generators.events.habits.ledger import DAY, Ledger
from finsim.generators.events.habits.standing.changing_law import (
    ChangingLaw,
    SeriesRows,
    learn_changing,
    levels,
    month_of,
)
from finsim.generators.events.habits.standing.dates.closed_dates import ClosedDates, learn_closed
from finsim.generators.events.habits.standing.months.own_months import PayeeMonths, learn_months
from finsim.generators.events.habits.standing.odd_law import OddLaw, Placed, learn_odd, placed
from finsim.generators.events.habits.standing.pauses import learn_pauses, passed_over
from finsim.generators.events.habits.standing.payees.due_days import days_of, first_of
from finsim.generators.events.habits.standing.payees.price_lists import Paths, Prices, learn_prices
from finsim.generators.events.habits.standing.periods import (
    LENGTHS,
    MONTH,
    MONTH_END,
    MOST_PHASES,
    SHIFTS,
    index_of,
    nearest,
)
from finsim.generators.events.habits.standing.series_table import Series
from finsim.generators.events.habits.standing.spans import learn_ends
from finsim.generators.events.habits.standing.together import beyond_chance, chances, hour_alike, shift_alike
from finsim.generators.margins.number_margin import NumberMargin
from finsim.notation import Array, Float1D, Float2D, Int1D, Int2D
from finsim.randomness import Streams

KNOTS = 65
MANY = 5
"""Series of one kind from which on an entity is of those that have many, as employers do (assumption)."""
SAME, PASSES = 1e-9, 3
MOST_ALIKE = 0.95
YEAR = 365.2425
TO_AND_FRO = 0.5
"""Share of payments with another sum than the one before from which on sums go to and fro about a middle
(assumption)."""


@dataclass(frozen=True)
class StandingLaw:
    """N learned series of K kinds (a period and words) at O offers (a kind and a payee).

    entity, kind, offer int64[N], by entity and kind. period int64[K], words int64[K, C]. offer_cells
    int64[O, I], cells of the columns that name payees; offer_kind int64[O]; offer_day int64[O], the phase
    that most series of its payee have (-1 where too few entities tell it). offer_payee int64[O], the one of G
    groups of a kind and a payee: offers of one differ in words of one entity, such as a mandate;
    offer_common int64[O], the first offer of the payee of any kind, whose draws they share. atom_starts
    int64[G + 1], atom_sum, atom_share, atom_later, atom_since [A], see ``Prices``. phases
    float64[K, 93] cumulative; day_alike float64[K, 2], chances that a series has the day of its offer, and
    of its entity. shifts float64[K, 7, 9] cumulative, days from the due one by its weekday. seconds
    float64[K, KNOTS] quantiles of the second of the day; second_alike, sum_alike float64[K], correlations
    of a series and of an entity. sums : own sums by kind. moves float64[K, 6] : share of series whose sums
    change, rate of a change among them, mean and s.d. of its logarithm, 1 where sums go to and fro, and the
    rate among all series, which holds beyond the learned period. ends
    float64[K, 2, 2, 2], between float64[K, 2, 17], see ``spans.py``. skips, doubles float64[K] : share of
    periods left out, and of
    series beyond the first at one offer. order, group int64[E] : entities by what they are like and by
    size, and what they are like. hour_alike, shift_alike float64[K, 2], see ``together.py``; stays int64[K],
    1 where no payment lies in another month than its due day. closed int64[C], turn int64[K], see
    ``ClosedDates``.
    """

    entity: Int1D
    kind: Int1D
    offer: Int1D
    period: Int1D
    words: Int2D
    offer_cells: Int2D
    offer_kind: Int1D
    offer_day: Int1D
    atom_starts: Int1D
    atom_sum: Float1D
    atom_share: Float1D
    phases: Float2D
    day_alike: Float2D
    shifts: Array
    seconds: Float2D
    second_alike: Float1D
    sums: tuple[NumberMargin, ...]
    sum_alike: Float1D
    moves: Float2D
    ends: Array
    between: Array
    skips: Float1D
    doubles: Float1D
    order: Int1D
    group: Int1D
    hour_alike: Float2D
    shift_alike: Float2D
    stays: Int1D
    offer_payee: Int1D
    atom_later: Float1D
    atom_since: Int1D
    offer_common: Int1D
    closed: Int1D
    turn: Int1D

    @property
    def kinds(self) -> int:
        """Number of kinds K."""
        return len(self.period)

    @property
    def closed_dates(self) -> ClosedDates:
        """Dates on which kinds are not paid."""
        return ClosedDates(self.closed, self.turn)

    @property
    def prices(self) -> Prices:
        """What payees ask of their series."""
        return Prices(self.atom_starts, self.atom_sum, self.atom_share, self.atom_later, self.atom_since)


def learn_law(
    ledger: Ledger, found: Series, payee: Int1D, alike: Int1D, step: float, streams: Streams
) -> tuple[StandingLaw, ChangingLaw, OddLaw, PayeeMonths]:
    """Learn the laws of at least one series; ``alike`` int64[E] says which entities may take each other's.

    ledger : all rows, ordinary ones too. payee int64[T] of each target. step : the grid of amounts.
    """
    kinds, kind = found.kinds()
    offers, offer = np.unique(np.column_stack([kind, found.target]), axis=0, return_inverse=True)
    offer = offer.reshape(-1).astype(np.int64)
    of_payee = np.column_stack([offers[:, 0], payee[offers[:, 1]]])
    groups, offer_group = np.unique(of_payee, axis=0, return_inverse=True)
    offer_group = offer_group.reshape(-1).astype(np.int64)
    group = offer_group[offer]
    count, period = len(kinds), kinds[:, 0].copy()
    rows = np.flatnonzero(found.of_row >= 0)
    rows = rows[np.argsort(found.of_row[rows], kind="stable")]
    series = found.of_row[rows]
    first = np.searchsorted(series, np.arange(len(kind)))
    of_kind, day = kind[series], ledger.day[rows] + ledger.origin // DAY
    index, shift = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    for one in np.unique(period):
        which = period[of_kind] == one
        index[which], shift[which] = nearest(int(one), found.phase[series[which]], day[which])
    varies, monthly = kinds[:, 1].copy(), np.isin(found.period, (MONTH, MONTH_END))
    in_order = SeriesRows(series, ledger.amount[rows], month_of(day - shift), kind, group, found.entity)
    usual = _usual(series, ledger.amount[rows], len(kind))
    sums = levels(in_order, found.varies > 0, usual)
    due_month = np.asarray(index_of(MONTH, day - shift))
    paths = Paths.of(series, ledger.amount[rows], due_month, usual, found.varies > 0)
    prices, own, listed = learn_prices(group, found.entity, paths, len(groups))
    margins, sum_alike = _own_sums(kind, sums, own, found.entity, count, step, streams)
    odd = placed(found, ledger.day + ledger.origin // DAY, ledger.amount, sums)
    begin, paid = with_odd((series, index), odd, len(kind))
    pauses, lost, inner = learn_pauses(kind, group, found.entity, (begin, paid), monthly, len(groups))
    changing = learn_changing(in_order, varies, sums, pauses, step).at_offers(offer_group)
    months, explained = learn_months(found, odd, (group, len(groups)), streams.under("months"))
    odd_law = learn_odd(found, odd, ~explained, streams.under("odd"))
    second_alike, seconds = _seconds(of_kind, series, ledger.second[rows], count)
    # Wages of one sum and wages with overtime are moved by one weekend alike.
    alike_kind = first_of(np.unique(kinds[:, np.arange(kinds.shape[1]) != 1], axis=0, return_inverse=True)[1])
    closed, shifts = _closed(alike_kind[of_kind], day - shift, shift, count)
    free = [(of_kind == k) & ~listed[series] for k in range(count)]
    moves = np.stack([
        np.zeros(6) if varies[k]
        else _moves(series[free[k]], ledger.amount[rows[free[k]]], LENGTHS[period[k]])
        for k in range(count)
    ])  # fmt: skip
    span = paid[begin], paid[np.append(begin[1:], len(paid)) - 1]
    span = (passed_over(span[0], group, pauses, monthly, -1), passed_over(span[1], group, pauses, monthly, 1))
    ends = learn_ends(ledger, found, kind, period, span)
    tries = np.maximum(np.bincount(kind, np.maximum(inner - 2, 0), count), 1.0)
    skips = np.bincount(kind, lost, count) / tries
    twice = found.entity * len(groups) + group
    is_more = np.ones(len(twice), np.bool_)
    is_more[np.unique(twice, return_index=True)[1]] = False
    doubles = np.bincount(kind, is_more, count) / np.maximum(np.bincount(kind, minlength=count), 1)
    order, classes = _classes(found.entity, kind, alike, np.bincount(ledger.entity, minlength=ledger.count))
    by = np.lexsort((offer, kind, found.entity))
    law = StandingLaw(
        found.entity[by], kind[by], offer[by], period, kinds[:, 2:].copy(), found.target_cells[offers[:, 1]],
        offers[:, 0].copy(), days_of(found, payee, (group, groups))[offer_group],
        prices.starts, prices.first, prices.share,
        _phases(kind, found.phase, count), _day_alike(kind, group, found, count), shifts[alike_kind], seconds,
        second_alike, margins, sum_alike, moves, *ends, skips, doubles, order, classes,
        hour_alike(kind, (group, found.entity), ledger.second[rows[first]], count),
        shift_alike(of_kind, (group[series], found.entity[series]), day - shift, shift, count),
        stays_in_month(of_kind, period, day, shift, count), offer_group, prices.later, prices.since,
        first_of(payee[offers[:, 1]]), closed.dates, closed.turn[alike_kind],
    )  # fmt: skip
    return law, changing, odd_law, months


def with_odd(rows: tuple[Int1D, Int1D], odd: Placed, count: int) -> tuple[Int1D, Int1D]:
    """Return where each of the series begins int64[N], and the periods int64[m] with a payment, in order.

    rows : series and periods of regular payments, in order. Odd ones count that stand for their period,
    within the series or next to it: a double wage of December is no month without a wage.
    """
    series, index = rows
    first = np.searchsorted(series, np.arange(count + 1))
    low, high = index[first[:-1]], index[first[1:] - 1]
    near = odd.is_moved & (odd.index >= low[odd.series] - 1) & (odd.index <= high[odd.series] + 1)
    of, at = np.append(series, odd.series[near]), np.append(index, odd.index[near])
    order = np.lexsort((at, of))
    return np.searchsorted(of[order], np.arange(count)), at[order]


def _usual(series: Int1D, amount: Float1D, count: int) -> Float1D:
    """Return the sum float64[N] that each series has most often, the lowest of several."""
    values, code = np.unique(amount, return_inverse=True)
    key, many = np.unique(series * len(values) + code.reshape(-1), return_counts=True)
    best = np.lexsort((key, -many, key // len(values)))
    which = best[np.searchsorted((key // len(values))[best], np.arange(count))]
    return np.asarray(values[key[which] % len(values)])


def _own_sums(
    kind: Int1D, sums: Float1D, own: Array, entity: Int1D, count: int, step: float, streams: Streams
) -> tuple[tuple[NumberMargin, ...], Float1D]:
    """Return the law of own sums of each kind, and how alike those of one entity are (in scores)."""
    draws = streams.at("sums").random(len(kind))
    margins, alike = [], np.zeros(count)
    for k in range(count):
        rows = np.flatnonzero((kind == k) & own)
        rows = rows if len(rows) else np.flatnonzero(kind == k)
        margin = NumberMargin.fit(sums[rows], step, smooth=True)
        margins.append(margin)
        alike[k] = correlation(entity[rows], normal(margin.uniform(sums[rows], draws[rows])))
    return tuple(margins), alike


def correlation(group: Int1D, score: Float1D) -> float:
    """Return the correlation of scores within groups, 0 to ``MOST_ALIKE``; each score counts once."""
    score = score - score.mean()
    _, code, size = np.unique(group, return_inverse=True, return_counts=True)
    total = np.bincount(code.reshape(-1), score)
    inside = np.bincount(code.reshape(-1), score**2)
    many = size > 1
    if not many.any() or score.var() < SAME:
        return 0.0
    pairs = (total**2 - inside)[many] / (size[many] - 1)
    return float(np.clip(pairs.sum() / size[many].sum() / score.var(), 0.0, MOST_ALIKE))


def _seconds(of_kind: Int1D, series: Int1D, second: Float1D, count: int) -> tuple[Float1D, Float2D]:
    alike, quantiles = np.zeros(count), np.zeros((count, KNOTS))
    for k in range(count):
        rows = of_kind == k
        quantiles[k] = np.quantile(second[rows], np.linspace(0.0, 1.0, KNOTS))
        rank = np.empty(int(rows.sum()))
        rank[np.argsort(second[rows], kind="stable")] = (np.arange(len(rank)) + 0.5) / len(rank)
        alike[k] = correlation(series[rows], normal(rank)) if np.ptp(second[rows]) > 0 else 0.0
    return alike, quantiles


def _closed(of_kind: Int1D, due: Int1D, shift: Int1D, count: int) -> tuple[ClosedDates, Array]:
    """Return closed dates, and shifts as ``_shifts`` has them of payments that none of these moves."""
    shifts = _shifts(of_kind, due, shift, count)
    for _ in range(PASSES):  # what holidays move tells at first of dates that are none
        closed = learn_closed(of_kind, due, shift, shifts)
        plain = ~closed.crossed(of_kind, due, shift)
        shifts = _shifts(of_kind[plain], due[plain], shift[plain], count)
    return closed, shifts


def _shifts(of_kind: Int1D, due: Int1D, shift: Int1D, count: int) -> Array:
    """Return cumulative shares float64[K, 7, SHIFTS] of days from the due one, by its weekday."""
    weekday, half = (due + 3) % 7, SHIFTS // 2
    found = np.zeros((count, 7, SHIFTS))
    np.add.at(found, (of_kind, weekday, np.clip(shift, -half, half) + half), 1.0)
    found = np.stack([_of_all_weekdays(one) for one in found])
    found[found.sum(axis=2) == 0, half] = 1.0  # a kind whose rows are all odd ones is paid on its due day
    return np.asarray(np.cumsum(found, axis=2) / found.sum(axis=2, keepdims=True))


def stays_in_month(of_kind: Int1D, period: Int1D, day: Int1D, shift: Int1D, count: int) -> Int1D:
    """Return 1 int64[K] for kinds paid by the month that no weekend moves into another one."""
    moved = index_of(MONTH, day) != index_of(MONTH, day - shift)
    monthly = np.isin(period, (MONTH, MONTH_END))
    return np.asarray((np.bincount(of_kind, moved, count) == 0) & monthly).astype(np.int64)


def _of_all_weekdays(counts: Float2D) -> Float2D:
    """Return counts [7, SHIFTS] in which weekdays that no payment was due on are as others like them.

    Working days are like working days. Who moves Sunday's payment moves Saturday's to the same day.
    """
    found, seen = counts.copy(), counts.sum(axis=1) > 0
    half, working = SHIFTS // 2, counts[:5].sum(axis=0)
    for day, other, step in ((5, 6, 1), (6, 5, -1)):
        if not seen[day] and seen[other]:
            at = np.arange(SHIFTS)
            moved = np.where(at == half, half, np.clip(at + step, 0, SHIFTS - 1))
            found[day] = np.bincount(moved, counts[other], SHIFTS)
    likely = working if working.any() else counts.sum(axis=0)
    empty = found.sum(axis=1) == 0
    found[empty] = likely
    return np.asarray(found)


def _moves(series: Int1D, amount: Float1D, length: float) -> Float1D:
    """Return how the sums of a kind change, see ``StandingLaw``; rows by series and time.

    length : days of a period. What a ledger shorter than a year saw counts as that of a whole year.
    """
    if len(series) < 2:
        return np.zeros(6)
    inside = series[1:] == series[:-1]
    ratio = np.log(np.abs(amount[1:] / amount[:-1]))[inside]
    of, changed = series[1:][inside], np.abs(ratio) > SAME
    moving = np.isin(of, of[changed])
    if not changed.any():
        return np.zeros(6)
    every = len(np.unique(series))
    share, rate = len(np.unique(of[changed])) / every, changed[moving].mean()
    later = changed.sum() / max(len(changed), every * YEAR / length)
    return np.array([
        share, rate, ratio[changed].mean(), ratio[changed].std(), float(rate > TO_AND_FRO), later
    ])  # fmt: skip


def _phases(kind: Int1D, phase: Int1D, count: int) -> Float2D:
    found = np.zeros((count, MOST_PHASES))
    np.add.at(found, (kind, phase), 1.0)
    return np.asarray(np.cumsum(found, axis=1) / found.sum(axis=1, keepdims=True))


def _day_alike(kind: Int1D, offer: Int1D, found: Series, count: int) -> Float2D:
    """Return chances float64[K, 2] beyond chance that series of one offer, of one entity, have one day."""
    alike = np.zeros((count, 2))
    for k in range(count):
        rows = np.flatnonzero(kind == k)
        phase = found.phase[rows]
        chance = np.full(len(rows), (np.bincount(phase) ** 2.0).sum() / len(rows) ** 2)
        alike[k] = [beyond_chance(group[rows], phase, chance) for group in (offer, found.entity)]
    return chances(alike)


def _classes(entity: Int1D, kind: Int1D, alike: Int1D, rows: Int1D) -> tuple[Int1D, Int1D]:
    """Return entities in order of class and size int64[E], and the class of each int64[E].

    Entities with many series of one kind are a class of it: an employer is no one's tenant.
    """
    kinds = int(kind.max(initial=0)) + 1
    key, size = np.unique(entity * kinds + kind, return_counts=True)
    many = np.zeros(len(rows), np.int64)
    order = np.argsort(size, kind="stable")
    order = order[size[order] >= MANY]
    many[key[order] // kinds] = key[order] % kinds + 1
    group = np.unique(np.column_stack([alike, many]), axis=0, return_inverse=True)[1].reshape(-1)
    return np.lexsort((rows, group)).astype(np.int64), group.astype(np.int64)
