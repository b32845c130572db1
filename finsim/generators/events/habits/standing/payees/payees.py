"""Which rows are of one payee, whatever a reference, mandate or policy number of the payer's own says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.standing.periods import MONTH, index_of
from finsim.notation import Bool1D, Int1D, Int2D

OWN = -2
LEAST_OWNERS = 3
"""Entities that must pay a payee before its months tell a pause (assumption)."""
OFTEN = 0.5
"""Share of the entities of a payee that pay it in a usual month, at least, where a month without is a pause
(assumption)."""
NEARLY_NONE = 0.1
"""Payments in a month beside those of the middle one, below which nobody pays in it (assumption)."""


def payee_of_targets(target_cells: Int2D, cells: Int2D, entity: Int1D, keeps: Bool1D) -> Int1D:
    """Return the payee int64[T] of each target: words that one entity alone has tell its contract, no payee.

    target_cells int64[T, I]; cells int64[n, I] of all rows, -1 where one lacks; entity int64[n]; keeps
    bool[I], columns that name payees always. Without one of them it is the column of most shared words.
    """
    if not len(target_cells) or target_cells.shape[1] < 2:
        return np.arange(len(target_cells))
    own = [_of_one(cells[:, k], entity) for k in range(len(keeps))]
    if not keeps.any():
        shared = [float((~one[cells[:, k]] & (cells[:, k] >= 0)).sum()) for k, one in enumerate(own)]
        keeps = np.arange(len(keeps)) == int(np.argmax(shared))
    found = target_cells.copy()
    for k in np.flatnonzero(~keeps):
        found[:, k] = np.where((found[:, k] >= 0) & own[k][found[:, k]], OWN, found[:, k])
    if (found == target_cells).all():
        return np.arange(len(target_cells))
    return np.unique(found, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _of_one(word: Int1D, entity: Int1D) -> Bool1D:
    """Return bool[words + 1], words that one entity alone has; the last one stands for none."""
    size = int(word.max(initial=-1)) + 1
    low, high = np.full(size + 1, np.iinfo(np.int64).max), np.full(size + 1, -1)
    np.minimum.at(low, word, entity)
    np.maximum.at(high, word, entity)
    low[size], high[size] = 0, 1
    return np.asarray(low == high)


@dataclass(frozen=True)
class Pauses:
    """Months in which nobody pays a payee though some do before and after.

    before int64[Y + 1, M + 1] : how many such months lie before each month, the last row that of payees of
    few entities; first : the number of month 0 since 1970; payee int64[n], the row of each of the ledger.
    """

    before: Int2D
    first: int
    payee: Int1D

    @classmethod
    def of(cls, payee: Int1D, entity: Int1D, day: Int1D, usable: Bool1D) -> Pauses:
        """Return the pauses of payees; payee, entity, day int64[n], ``usable`` bool[n] rows count."""
        pairs = np.unique(np.column_stack([payee[usable], entity[usable]]), axis=0)[:, 0]
        owners = np.bincount(pairs, minlength=int(payee.max(initial=0)) + 1)
        known = np.flatnonzero(owners >= LEAST_OWNERS)
        place = np.full(len(owners), len(known))
        place[known] = np.arange(len(known))
        if not len(known):
            return cls(np.zeros((1, 2), np.int64), 0, place[payee])
        month = np.asarray(index_of(MONTH, day))
        low = int(month.min())
        wide, rows = int(month.max()) - low + 1, usable & (place[payee] < len(known))
        key = place[payee[rows]] * wide + month[rows] - low
        many = np.bincount(key, minlength=len(known) * wide).reshape(-1, wide)
        middle = np.nanmedian(np.where(many > 0, many, np.nan), axis=1, keepdims=True)
        paid = many > NEARLY_NONE * middle
        inside = np.logical_or.accumulate(paid, axis=1)
        inside &= np.logical_or.accumulate(paid[:, ::-1], axis=1)[:, ::-1]
        # Where few of those who pay do so in a usual month, an empty month is no habit of the payee.
        often = middle >= np.maximum(owners[known] * OFTEN, LEAST_OWNERS)[:, None]
        before = np.zeros((len(known) + 1, wide + 1), np.int64)
        before[:-1, 1:] = np.cumsum(inside & ~paid & often, axis=1)
        return cls(before, low, place[payee])

    def within(self, row: Int1D, first: Int1D, last: Int1D) -> Int1D:
        """Return how many pauses int64[G] lie from month ``first`` to ``last`` of the payees of rows."""
        payee, most = self.payee[row], self.before.shape[1] - 1
        low, high = (np.clip(one - self.first, 0, most) for one in (first, last + 1))
        return np.asarray(self.before[payee, high] - self.before[payee, low])
