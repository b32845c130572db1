"""``OddLaw``: payments of series that are not on their day: paid later, paid twice, a bonus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.standing.changing_law import month_of
from finsim.generators.events.habits.standing.periods import nearest
from finsim.generators.events.habits.standing.series_table import Series
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D
from finsim.randomness import Streams

POOL, YEAR = 64, 12
PRIOR = 24.0
"""Periods that the rate of a whole kind counts among those of a calendar month (assumption)."""
OF_ODD = 3
"""Draws of a period: whether it is odd, as which learned row, whether one comes beside it."""
SAME = 1e-9
FEW_ODD = 3
"""One in so many payments of a pair may be an odd one of its series, at most (assumption)."""


@dataclass(frozen=True)
class OddLaw:
    """How often payments of each kind are odd, and what they are then.

    moved, beside float64[K, 12] : chances by calendar month that a payment comes on another day, and that one
    more comes. days int64[K, 2, POOL] : days behind the due one of such; ratio float64[K, 2, POOL] :
    logarithm of its sum against the usual one of the series, NaN where it is that of the period's payment.
    """

    moved: Float2D
    beside: Float2D
    days: Array
    ratio: Array

    @classmethod
    def none(cls, kinds: int) -> OddLaw:
        """Return the law of kinds without odd payments, as models of before have it."""
        moved, beside = np.zeros((2, kinds, YEAR))
        return cls(moved, beside, np.zeros((kinds, 2, POOL), np.int64), np.full((kinds, 2, POOL), np.nan))

    def drawn(self, kind: Int1D, month: Array, draws: Array) -> tuple[Array, Array, Array, Array]:
        """Return for periods [m, P] days behind the due one where moved, else 0, and whether they are moved.

        Further, days of one more payment, and logarithms of its sum: -inf where there is none. month
        int64[m, P], 0 is January; draws float64[m, P, OF_ODD].
        """
        at = (draws[:, :, 1] * POOL).astype(np.int64)
        row = kind[:, None]
        moved = draws[:, :, 0] < self.moved[row, month]
        more = draws[:, :, 2] < self.beside[row, month]
        days = np.where(moved, self.days[row, 0, at], 0)
        return days, moved, self.days[row, 1, at], np.where(more, self.ratio[row, 1, at], -np.inf)


def odd_rows(key: Int1D, of_row: Int1D, period: Int1D) -> Int1D:
    """Return the series int64[n] of rows that are odd ones of it, -1 for all others.

    key int64[n] : groups of an entity, a payee and its words, -1 for none; of_row int64[n], period int64[N]
    of series. The rows beside the one series of their group are odd if they are few.
    """
    found = np.full(len(key), -1)
    if not len(period) or not (key >= 0).any():
        return found
    size = int(key.max()) + 1
    inner = (key >= 0) & (of_row >= 0)
    low, high = np.full(size, len(period)), np.full(size, -1)
    np.minimum.at(low, key[inner], of_row[inner])
    np.maximum.at(high, key[inner], of_row[inner])
    whole = np.bincount(key[key >= 0], minlength=size)
    left = whole - np.bincount(key[inner], minlength=size)
    good = (low == high) & (left > 0) & (left * FEW_ODD <= whole)
    some = (key >= 0) & (of_row < 0)
    some[some] = good[key[some]]
    found[some] = low[key[some]]
    return found


@dataclass(frozen=True)
class Placed:
    """Rows that are odd ones of series, and where they lie: series, index (number of the period) int64[m].

    away int64[m] : days behind the due one, behind int64[m] : behind the payment of their period, 0 where
    there is none. is_moved bool[m] : the payment of their period themselves. month int64[m], 0 is January.
    ratio float64[m] : logarithm of the sum against the usual one of the series, NaN where it is that of the
    period's payment. of_regular, month_of_regular int64[n] : of the regular rows.
    """

    series: Int1D
    index: Int1D
    away: Int1D
    behind: Int1D
    is_moved: Bool1D
    month: Int1D
    ratio: Float1D
    of_regular: Int1D
    month_of_regular: Int1D


def placed(found: Series, day: Int1D, amount: Float1D, usual: Float1D) -> Placed:
    """Return where odd rows lie; day, amount [n] of all rows; usual float64[N], the usual sum of series."""
    rows, regular = np.flatnonzero(found.odd >= 0), np.flatnonzero(found.of_row >= 0)
    series = np.concatenate([found.of_row[regular], found.odd[rows]])
    days = np.concatenate([day[regular], day[rows]])
    index, away = np.zeros(len(days), np.int64), np.zeros(len(days), np.int64)
    for one in np.unique(found.period[series]):
        which = found.period[series] == one
        index[which], away[which] = nearest(int(one), found.phase[series[which]], days[which])
    wide = int(np.ptp(index)) + 1
    code = series * wide + index - index.min()
    known, at = code[: len(regular)], code[len(regular) :]
    # The first odd row of a period without its payment is the payment; all others come beside one.
    first = np.zeros(len(at), np.bool_)
    first[np.unique(at, return_index=True)[1]] = True
    is_moved = first & ~np.isin(at, known)
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known[order], at), len(known) - 1)
    beside = known[order][place] == at
    ratio = np.log(np.abs(amount[rows] / usual[found.odd[rows]]))
    sums = amount[regular][order][place]
    ratio[beside & (np.abs(sums - amount[rows]) <= SAME * np.abs(sums))] = np.nan
    behind = np.where(beside, day[rows] - day[regular][order][place], 0)
    month, cut = month_of(days - away), len(regular)
    return Placed(
        found.odd[rows], index[cut:], away[cut:], behind, is_moved, month[cut:], ratio, series[:cut],
        month[:cut],
    )  # fmt: skip


def learn_odd(found: Series, odd: Placed, some: Bool1D, streams: Streams) -> OddLaw:
    """Return the law of the odd rows ``some`` bool[m]."""
    kinds, kind = found.kinds()
    law = OddLaw.none(len(kinds))
    periods = np.zeros((len(kinds), YEAR))
    np.add.at(periods, (kind[odd.of_regular], odd.month_of_regular), 1.0)
    for k in range(len(kinds)):
        for side, sort in enumerate((odd.is_moved, ~odd.is_moved)):
            own = np.flatnonzero(some & sort & (kind[odd.series] == k))
            if not len(own):
                continue
            chosen = np.resize(streams.at("odd", k, side).permutation(own), POOL)
            law.days[k, side], law.ratio[k, side] = odd.away[chosen], odd.ratio[chosen]
            many = np.bincount(odd.month[own], minlength=YEAR)
            rate = many.sum() / max(periods[k].sum(), 1.0)
            (law.moved, law.beside)[side][k] = (many + PRIOR * rate) / (periods[k] + PRIOR)
    return law
