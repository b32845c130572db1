"""What a payee asks: sums that several entities pay, and lists of few prices with their changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D, Int2D

LEAST_OWNERS = 3
"""Entities that must share a sum of a payee before new ones get it (assumption)."""
LISTED = 0.9
"""Share of the series of a payee that only pay sums which others pay too, from which on it has a price list
(assumption)."""
NO_LIST, NEVER = -1, 1 << 40


@dataclass(frozen=True)
class Prices:
    """Sums of G payees: those of payee g from starts[g] int64[G + 1] on.

    first, later float64[A] : what a series pays, and from month since[a] on (int64[A], since 1970; NEVER:
    none); NO_LIST where sums of the payee may change at any time. share float64[A] : cumulative, of series.
    """

    starts: Int1D
    first: Float1D
    share: Float1D
    later: Float1D
    since: Int1D

    def drawn(self, payee: Int1D, draw: Float1D) -> Int1D:
        """Return which sum int64[m] new series of payees take, -1 for one of their own."""
        if not len(self.first):
            return np.full(len(payee), -1)
        begin, end = self.starts[payee], self.starts[payee + 1]
        # Shares rise to at most 1 within a payee: payee + share is in order as a whole.
        owner = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        at = np.searchsorted(owner + np.minimum(self.share, 1.0 - 1e-12), payee + draw * (1 - 1e-9))
        return np.asarray(np.where((at >= begin) & (at < end), at, -1))

    def asked(self, which: Int1D, month: Array, usual: Float2D) -> Float2D:
        """Return sums float64[m, P] in months int64[m, P]: the price of a list, else the ``usual`` ones."""
        rows = np.flatnonzero(which >= 0)
        rows = rows[self.since[which[rows]] != NO_LIST] if len(rows) else rows
        if not len(rows):
            return usual
        found, one = usual.copy(), which[rows][:, None]
        found[rows] = np.where(month[rows] >= self.since[one], self.later[one], self.first[one])
        return found


@dataclass(frozen=True)
class Paths:
    """Of N series: most usual sum, first and last sum, month of the change, and how often sums change.

    varies bool[N] : sums change at most payments.
    """

    usual: Float1D
    first: Float1D
    last: Float1D
    month: Int1D
    changes: Int1D
    varies: Bool1D

    @classmethod
    def of(cls, series: Int1D, amount: Float1D, month: Int1D, usual: Float1D, varies: Bool1D) -> Paths:
        """Read rows in order of series and time: series, month since 1970 int64[n], amount float64[n]."""
        count = len(usual)
        begin = np.searchsorted(series, np.arange(count + 1))
        changed = np.flatnonzero((np.diff(series, prepend=-1) == 0) & (amount != np.roll(amount, 1)))
        since = np.full(count, NEVER)
        np.minimum.at(since, series[changed], month[changed])
        changes = np.bincount(series[changed], minlength=count)
        return cls(usual, amount[begin[:-1]], amount[begin[1:] - 1], since, changes, varies)


def learn_prices(payee: Int1D, entity: Int1D, paths: Paths, payees: int) -> tuple[Prices, Bool1D, Bool1D]:
    """Return the prices of payees, bool[N], series of own sums, and bool[N], series of a payee with a list.

    payee, entity int64[N] of series. A list has ways to pay (a price, or one price and from a month on
    another) that ``LEAST_OWNERS`` entities share; a payee without one has sums that as many pay.
    """
    cells = np.concatenate([paths.usual, paths.first, paths.last])
    values, code = np.unique(cells, return_inverse=True)
    usual, first, last = code.reshape(3, -1).astype(np.int64)
    steady = ~paths.varies
    known = _shared(np.column_stack([payee, usual]), entity, steady)
    sums = [_shared(np.column_stack([payee, one]), entity, steady) for one in (first, last)]
    way = np.column_stack([payee, first, last, paths.month])
    ways = _shared(way, entity, steady & (paths.changes <= 1))
    whole = np.maximum(np.bincount(payee, minlength=payees), 1)
    listed = np.bincount(payee, sums[0] & sums[1] & steady, payees) >= LISTED * whole
    listed &= np.bincount(payee, ways, payees) >= LISTED / 2 * whole
    of_list = listed[payee]
    rows = np.where(of_list, ways, known)
    columns = np.column_stack([usual, usual, np.full(len(payee), NO_LIST)])
    columns = np.where(of_list[:, None], way[:, 1:], columns)
    found, many = np.unique(np.column_stack([payee, columns])[rows], axis=0, return_counts=True)
    of = found[:, 0]
    total = np.where(listed, np.bincount(of, many, payees), whole)
    cumulated = np.cumsum(many / total[of])
    starts = np.searchsorted(of, np.arange(payees + 1)).astype(np.int64)
    before = np.concatenate([[0.0], cumulated])[starts[of]]
    prices = Prices(starts, values[found[:, 1]], cumulated - before, values[found[:, 2]], found[:, 3])
    return prices, ~known, of_list


def _shared(key: Int2D, entity: Int1D, some: Bool1D) -> Bool1D:
    """Return bool[N], series among ``some`` whose key int64[N, C] at least ``LEAST_OWNERS`` entities have."""
    code = np.unique(key, axis=0, return_inverse=True)[1].reshape(-1)
    pairs = np.unique(np.column_stack([code, entity])[some], axis=0)[:, 0]
    owners = np.bincount(pairs, minlength=int(code.max(initial=-1)) + 1)
    return np.asarray(some & (owners[code] >= LEAST_OWNERS))
