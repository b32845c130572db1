"""Sums that payees ask of several entities, and calendar months in which payees are paid once a month."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.entity_resamples import Counts, tallied
from finsim.evaluation.events.event_case import EventSide
from finsim.notation import Array, Bool1D, Float2D, Int1D

LEAST_OWNERS, MOST_CELLS = 3, 60
"""Entities that pay a payee one sum, at least, before it is a price; payees and prices that are told apart
(assumptions)."""
OWNERS, ONCE, YEAR = 10, 0.9, 12
"""Entities of a payee, and share of its entities' months with one payment, from which on it is paid monthly
(assumptions)."""
PAUSED, FAR = 0.5, 10**9
"""Entities that pay in a month, as a share of those of the busiest one, below which it stands out
(assumption)."""
MONTHS = 3
"""Months in which the entities of such a payee pay it, on average at least (assumption)."""


def prices_of(side: EventSide, standing: Bool1D) -> Float2D:
    """Return the commonest prices float64[C, 2] (payee, sum) of the standing rows of a side."""
    if side.partner is None or side.amount is None or not standing.any():
        return np.zeros((0, 2))
    rows = np.flatnonzero(standing & (side.partner >= 0))
    pairs = np.column_stack([side.partner[rows], side.amount[rows], side.sequences.entity()[rows]])
    whole, owners = np.unique(np.unique(pairs, axis=0)[:, :2], axis=0, return_counts=True)
    order = np.argsort(-owners, kind="stable")[:MOST_CELLS]
    order = order[owners[order] >= LEAST_OWNERS]
    return np.asarray(whole[np.sort(order)])


def counts_of_prices(prices: Float2D, standing: Counts) -> Counts:
    """Return how to count the standing rows of payees with ``prices``: by price, and by payee at none of it.

    standing : returns float64[n, 1], 1 for standing rows.
    """
    payees = np.unique(prices[:, 0])

    def counts(side: EventSide) -> Float2D:
        assert side.partner is not None
        assert side.amount is not None
        rows = np.flatnonzero((standing(side)[:, 0] > 0) & np.isin(side.partner, payees))
        cell = len(prices) + np.searchsorted(payees, side.partner[rows])
        for k, (payee, amount) in enumerate(prices):
            cell[(side.partner[rows] == payee) & (side.amount[rows] == amount)] = k
        return tallied(side.sequences.entity()[rows], cell, side.sequences.count, len(prices) + len(payees))

    return counts


def monthly_payees(side: EventSide) -> Int1D:
    """Return the payees paid once a month by nearly all their entities, but for some months of the year."""
    if side.partner is None:
        return np.zeros(0, np.int64)
    rows = np.flatnonzero((side.partner >= 0) & np.isfinite(side.sequences.days))
    keys = np.column_stack([side.partner[rows], side.sequences.entity()[rows], _months(side)[rows]])
    cells, many = np.unique(keys, axis=0, return_counts=True)
    size = int(cells[:, 0].max(initial=-1)) + 1
    owners = np.bincount(np.unique(cells[:, :2], axis=0)[:, 0], minlength=size)
    whole = np.bincount(cells[:, 0], minlength=size)
    once = np.bincount(cells[:, 0], many == 1, size)
    good = (owners >= OWNERS) & (once >= ONCE * whole) & (whole >= MONTHS * owners)
    low, high = int(cells[:, 2].min(initial=FAR)), int(cells[:, 2].max(initial=0))
    wide = max(high - low + 1, 1)
    paid = np.bincount(cells[:, 0] * wide + cells[:, 2] - low, minlength=size * wide).reshape(size, wide)
    # Months at the edges may be cut off; a payee paid in all the others alike has no months to compare.
    good &= (paid[:, 1:-1] < PAUSED * paid.max(axis=1, initial=0)[:, None]).any(axis=1)
    best = np.argsort(-np.where(good, whole, 0), kind="stable")[:MOST_CELLS]
    return np.sort(best[good[best]])


def counts_of_months(payees: Int1D) -> Counts:
    """Return how to count the rows of payees by payee and calendar month."""

    def counts(side: EventSide) -> Float2D:
        assert side.partner is not None
        there = np.isin(side.partner, payees) & np.isfinite(side.sequences.days)
        rows = np.flatnonzero(there)
        cell = np.searchsorted(payees, side.partner[rows]) * YEAR + _months(side)[rows] % YEAR
        return tallied(side.sequences.entity()[rows], cell, side.sequences.count, len(payees) * YEAR)

    return counts


def _months(side: EventSide) -> Int1D:
    days: Array = np.floor(np.nan_to_num(side.sequences.days)).astype(np.int64)
    return np.asarray(days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64))
