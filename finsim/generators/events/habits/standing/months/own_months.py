"""``PayeeMonths``: what a payee pays or asks in one month of the year: a double wage, a bill more.

Where several entities have it of one payee in one month, it is that payee's habit, no accident of the kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.standing.odd_law import Placed
from finsim.generators.events.habits.standing.periods import MOST_SHIFT
from finsim.generators.events.habits.standing.series_table import Series
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D, Int2D
from finsim.randomness import Streams

POOL, YEAR = 64, 12
LEAST_OWNERS = 3
"""Entities that must have it of a payee in a month (assumption)."""
OFTEN, STANDS_OUT = 0.2, 3.0
"""Share of the payments of a payee in a month, and times that of its middle month, from which on it is the
payee's (assumptions)."""
SAME = 1e-9


@dataclass(frozen=True)
class PayeeMonths:
    """Habits of G groups of a kind and a payee: at int64[G, 2, 12] which of N, -1 for none.

    By calendar month; side 0: the payment itself is another, side 1: one more comes beside it. chance
    float64[N]; days int64[N, POOL] behind the due day (0: as usual; side 1: behind the payment); ratio
    float64[N, POOL], logarithm of the sum against the usual one, NaN where it is that of the payment.
    """

    at: Array
    chance: Float1D
    days: Int2D
    ratio: Float2D

    @classmethod
    def none(cls) -> PayeeMonths:
        """Return the law of payees whose months are alike, as models of before have it."""
        return cls(np.full((0, 2, YEAR), -1), np.zeros(0), np.zeros((0, POOL), np.int64), np.zeros((0, POOL)))

    def drawn(self, side: int, payee: Int1D, month: Array, draws: Array) -> tuple[Array, Array, Array, Array]:
        """Return bool[m, P], periods of a month with a habit, and whether it is kept; its days, its ratio.

        payee int64[m]; month int64[m, P], 0 is January; draws float64[m, P, 3] as ``OddLaw`` has them.
        """
        if not len(self.chance):
            nothing = np.zeros(month.shape, np.bool_)
            return nothing, nothing, np.zeros(month.shape, np.int64), np.zeros(month.shape)
        which = self.at[payee[:, None], side, month]
        known = which >= 0
        place = (draws[:, :, 1] * POOL).astype(np.int64)
        kept = known & (draws[:, :, 2 * side] < self.chance[which])
        return known, kept, self.days[which, place], self.ratio[which, place]


def learn_months(
    found: Series, odd: Placed, payee: tuple[Int1D, int], streams: Streams
) -> tuple[PayeeMonths, Bool1D]:
    """Return the habits of payees, and bool[m], odd rows they explain; payee : int64[N], and how many."""
    group, groups = payee
    at = np.full((groups, 2, YEAR), -1)
    chance: list[float] = []
    explained = np.zeros(len(odd.series), np.bool_)
    pools: list[tuple[Int1D, Float1D]] = []
    size = groups * YEAR
    of_regular = group[odd.of_regular] * YEAR + odd.month_of_regular
    key, entity = group[odd.series] * YEAR + odd.month, found.entity[odd.series]
    whole = np.bincount(of_regular, minlength=size) + np.bincount(key[odd.is_moved], minlength=size)
    wide = np.array(MOST_SHIFT)[found.period[odd.series]]
    days = np.where(odd.is_moved, np.where(np.abs(odd.away) <= wide, 0, odd.away), odd.behind)
    ratio = np.where(np.abs(odd.ratio) <= SAME, np.nan, odd.ratio)
    for side, some in enumerate((odd.is_moved, ~odd.is_moved)):
        once = np.unique(np.column_stack([key, odd.series, odd.index])[some], axis=0)[:, 0]
        owners = np.unique(np.column_stack([key, entity])[some], axis=0)[:, 0]
        many, own = (np.bincount(one, minlength=size) for one in (once, owners))
        share = many / np.maximum(whole, 1)
        by_month = np.where(whole > 0, share, np.nan).reshape(groups, YEAR)
        usual = np.repeat(_middles(by_month), YEAR)
        good = (own >= LEAST_OWNERS) & (share >= OFTEN) & (share >= STANDS_OUT * usual)
        for one in np.flatnonzero(good):
            rows = np.flatnonzero(some & (key == one))
            at[one // YEAR, side, one % YEAR] = len(chance)
            chance.append(min(float(share[one]), 1.0))
            chosen = np.resize(streams.at("months", int(one), side).permutation(rows), POOL)
            pools.append((days[chosen], ratio[chosen]))
            explained[rows] = True
    if not chance:
        return PayeeMonths.none(), explained
    return PayeeMonths(at, np.array(chance), *(np.stack(one) for one in zip(*pools, strict=True))), explained


def _middles(share: Float2D) -> Float1D:
    """Return the middle share float64[G] of the months that each row has."""
    found = np.zeros(len(share))
    some = ~np.isnan(share).all(axis=1)
    found[some] = np.nanmedian(share[some], axis=1)
    return found
