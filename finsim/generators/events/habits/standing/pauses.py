"""Months of the year in which series are never paid, such as those of a tax of ten payments a year."""

from __future__ import annotations

import numpy as np

from finsim.notation import Bool1D, Float2D, Int1D

YEAR = 12
LEAST_OWNERS = 3
"""Entities that must leave a month out before it is a pause of a payee or kind (assumption)."""
PAUSED, STANDS_OUT = 0.2, 3.0
"""Share of series without a payment in a calendar month, and times that of other months, from which on it is
a pause (assumptions)."""
MOSTLY = 0.5
"""Share of series that leave a month out from which on it tells nothing of a beginning or end
(assumption)."""


def learn_pauses(
    kind: Int1D, offer: Int1D, entity: Int1D, rows: tuple[Int1D, Int1D], monthly: Bool1D, offers: int
) -> tuple[Float2D, Int1D, Int1D]:
    """Return pauses float64[O, 12], and periods left out and within series that are none int64[N] each.

    rows : where each series begins among the rows, and the number of the period of each row. monthly
    bool[N]. A month counts where three entities leave it out, of the offer or else of the kind.
    """
    first, index = rows
    last = np.append(first[1:], len(index)) - 1
    span = index[last] - index[first] + 1
    series = np.repeat(np.arange(len(first)), span)
    at = np.arange(len(series)) - np.repeat(np.cumsum(span) - span, span) + index[first][series]
    of = np.repeat(np.arange(len(first)), last - first + 1)
    paid = np.zeros(len(series), np.bool_)
    paid[(np.cumsum(span) - span)[of] + index - index[first][of]] = True
    month, every = at % YEAR, monthly[series]
    pauses = np.zeros((offers, YEAR))
    for owner in (kind, offer):
        size = int(owner.max(initial=0)) + 1
        share = _paused(owner[series][every], month[every], paid[every], entity[series][every], size)
        told = share[owner]
        has = told.any(axis=1)
        pauses[offer[has]] = told[has]
    outside = every & (pauses[offer[series], month] > 0)
    lost, inner = (np.bincount(series[some], minlength=len(first)) for some in (~paid & ~outside, ~outside))
    return pauses, lost, inner


def _paused(owner: Int1D, month: Int1D, paid: Bool1D, entity: Int1D, size: int) -> Float2D:
    """Return the shares float64[owners, 12] of series that leave a month out, 0 where it is no pause."""
    whole, lost = (
        np.bincount(owner[some] * YEAR + month[some], minlength=size * YEAR).reshape(size, YEAR)
        for some in (np.ones(len(paid), np.bool_), ~paid)
    )
    who = np.unique(np.column_stack([owner[~paid] * YEAR + month[~paid], entity[~paid]]), axis=0)[:, 0]
    owners = np.bincount(who, minlength=size * YEAR).reshape(size, YEAR)
    share = lost / np.maximum(whole, 1)
    usual = np.median(np.where(whole > 0, share, 0.0), axis=1, keepdims=True)
    good = (owners >= LEAST_OWNERS) & (share >= PAUSED) & (share >= STANDS_OUT * usual)
    return np.asarray(np.where(good, share, 0.0))


def passed_over(index: Int1D, offer: Int1D, pauses: Float2D, monthly: Bool1D, step: int) -> Int1D:
    """Return periods int64[N] with pauses beside them passed over, backwards (step -1) or forwards (1)."""
    found = index.copy()
    for _ in range(YEAR - 1):
        found += np.where(monthly & (pauses[offer, (found + step) % YEAR] >= MOSTLY), step, 0)
    return found
