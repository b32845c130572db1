"""A law of the flow from ticks: shares, sizes, distances, spreads as counted, pulls of a shipped law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.errors import DataError
from finsim.markets.books.flow_law import FlowLaw, Quantiles
from finsim.markets.books.lobster_files import Ticks
from finsim.notation import Array

NEW, REDUCED, DELETED, EXECUTED, HIDDEN = 1, 2, 3, 4, 5
CELLS, LEAST = 17, 200
_BASE_SECONDS = 300


def law_from(ticks: Ticks, base: FlowLaw) -> FlowLaw:
    """Return ``base`` with what ticks can show replaced by what they do show.

    Counted: shares of market and limit orders, of partial cancellations and of hidden trades; quantiles of
    sizes and of distances behind the best price; sizes of limit orders over market orders; the median spread
    over the day's volatility; live orders are not seen and stay. Executions at one instant and side are one
    market order. Raises DataError for fewer than 200 events or too few of a kind.
    """
    kinds = np.bincount(ticks.kind, minlength=8)
    traded = np.flatnonzero((ticks.kind == EXECUTED) | (ticks.kind == HIDDEN))
    added = np.flatnonzero(ticks.kind == NEW)
    if len(ticks.kind) < LEAST or len(traded) < CELLS or len(added) < CELLS:
        raise DataError(
            f"{len(ticks.kind)} events, {len(traded)} trades, {len(added)} new orders", place="ticks",
            expected=f"{LEAST} events, {CELLS} trades and new orders or more", remedy="give a longer stretch",
        )  # fmt: skip
    key = np.stack([ticks.time[traded], ticks.side[traded]])
    starts = np.r_[True, (np.diff(key, axis=1) != 0).any(axis=0)]
    orders = np.bincount(np.cumsum(starts) - 1, ticks.size[traded])
    cuts = kinds[REDUCED] + kinds[DELETED]
    total = len(orders) + len(added) + cuts
    spread, volatility = _spread_and_volatility(ticks)
    return replace(
        base,
        market=len(orders) / total,
        limit=len(added) / total,
        partial=kinds[REDUCED] / max(cuts, 1),
        hidden=min(kinds[HIDDEN] / len(orders), 1.0),
        market_sizes=quantiles(orders),
        limit_sizes=quantiles(ticks.size[added]),
        size_ratio=float(ticks.size[added].mean() / orders.mean()),
        distances=_distances(ticks, added, spread),
        spread=spread / volatility if volatility > 0 else base.spread,
        events=total,
    )


def quantiles(values: Array) -> Quantiles:
    """Return the quantiles of values over their mean, at the middle of equal cells."""
    at = (np.arange(CELLS) + 0.5) / CELLS
    return tuple(float(one) for one in np.quantile(values, at) / values.mean())


def _distances(ticks: Ticks, added: Array, spread: float) -> Quantiles:
    """Return how far behind the best price before them orders were placed, over the median spread."""
    added = added[added > 0]
    side, before = ticks.side[added], ticks.book[added - 1, 0]
    best = before[np.arange(len(added)), side]
    behind = np.where(side == 0, best - ticks.price[added], ticks.price[added] - best)
    behind = behind[(best >= 0) & (behind >= 0)]
    at = (np.arange(CELLS) + 0.5) / CELLS
    return tuple(float(one) for one in np.quantile(behind if len(behind) else np.zeros(1), at) / spread)


def _spread_and_volatility(ticks: Ticks) -> tuple[float, float]:
    """Return the median spread and the deviation of the whole stretch's move, by five-minute moves."""
    both = (ticks.book[:, 0, :2] >= 0).all(axis=1)
    quotes, time = ticks.book[both, 0, :2], ticks.time[both]
    spread = float(np.median(quotes[:, 1] - quotes[:, 0]))
    grid = np.arange(time[0], time[-1], 1.0)
    mid = quotes.mean(axis=1)[np.maximum(np.searchsorted(time, grid, side="right") - 1, 0)]
    moves = mid[_BASE_SECONDS:] - mid[:-_BASE_SECONDS]
    return max(spread, 1.0), float(np.sqrt((moves**2).sum() / _BASE_SECONDS)) if len(moves) else 0.0
