"""A law of the flow from ticks: shares, sizes, places, spreads, excitation; the pulls of a shipped law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.errors import DataError
from finsim.kernels.books.book_state import ADD_BID, BUY, CUT_BID, SELL
from finsim.markets.books.excitation import Branching, fitted_branching
from finsim.markets.books.flow_law import FlowLaw, Quantiles
from finsim.markets.books.lobster_files import Ticks
from finsim.notation import Array

NEW, REDUCED, DELETED, EXECUTED, HIDDEN = 1, 2, 3, 4, 5
CELLS, FEWEST, LEAST, TURNS = 33, 17, 200, 20
_BASE_SECONDS = 300


def law_from(ticks: Ticks, base: FlowLaw) -> FlowLaw:
    """Return ``base`` with what ticks can show replaced by what they do show.

    Counted: shares of market and limit orders, of partial cancellations and of hidden trades; quantiles of
    sizes, of distances behind the best price and of steps before it, and how often orders take them; sizes
    of limit orders over market orders; the median spread over the day's volatility; the children of an
    arrival on the scales of ``base``. Live orders are not seen and stay, as do the pulls. Executions at one
    instant and side are one market order. Raises DataError for fewer than 200 events or too few of a kind.
    """
    kinds = np.bincount(ticks.kind, minlength=8)
    traded = np.flatnonzero((ticks.kind == EXECUTED) | (ticks.kind == HIDDEN))
    added = np.flatnonzero(ticks.kind == NEW)
    if len(ticks.kind) < LEAST or len(traded) < FEWEST or len(added) < FEWEST:
        raise DataError(
            f"{len(ticks.kind)} events, {len(traded)} trades, {len(added)} new orders", place="ticks",
            expected=f"{LEAST} events, {FEWEST} trades and new orders, or more",
            remedy="give a longer stretch",
        )  # fmt: skip
    order = _orders(ticks, traded)
    sizes = np.bincount(order, ticks.size[traded])
    starts = np.r_[0, np.flatnonzero(np.diff(order)) + 1]
    cuts = kinds[REDUCED] + kinds[DELETED]
    total = len(sizes) + len(added) + cuts
    spread, volatility = _spread_and_volatility(ticks)
    counted = replace(
        base,
        market=len(sizes) / total,
        limit=len(added) / total,
        partial=kinds[REDUCED] / max(cuts, 1),
        hidden=min(kinds[HIDDEN] / len(sizes), 1.0),
        market_sizes=quantiles(sizes),
        size_ratio=float(ticks.size[added].mean() / sizes.mean()),
        spread=spread / volatility if volatility > 0 else base.spread,
        events=total,
        branching=_branching(ticks, traded[starts], base),
    )
    return _placements(ticks, added, counted, spread)


def _orders(ticks: Ticks, traded: Array) -> Array:
    """Return the number of the market order that every trade is a part of."""
    key = np.stack([ticks.time[traded], ticks.side[traded]])
    return np.cumsum(np.r_[True, (np.diff(key, axis=1) != 0).any(axis=0)]) - 1


def _branching(ticks: Ticks, firsts: Array, base: FlowLaw) -> Branching:
    """Return the children of arrivals: market orders by their first trades, limit orders, cancellations."""
    kind = np.full(len(ticks.kind), -1)
    kind[firsts] = np.where(ticks.side[firsts] == 1, BUY, SELL)
    for asked, first in ((NEW, ADD_BID), (REDUCED, CUT_BID), (DELETED, CUT_BID)):
        mine = ticks.kind == asked
        kind[mine] = first + ticks.side[mine]
    held = kind >= 0
    times = ticks.time[held] - ticks.time[held][0]
    return fitted_branching(times / max(float(np.diff(times).mean()), 1e-12), kind[held], base.decays)


def _placements(ticks: Ticks, added: Array, law: FlowLaw, spread: float) -> FlowLaw:
    """Return a law with where orders were placed, against the best prices before them, and how large."""
    added = added[added > 0]
    side, before = ticks.side[added], ticks.book[added - 1, 0]
    best, room = before[np.arange(len(added)), side], before[:, 1] - before[:, 0] - 1
    behind = np.where(side == 0, best - ticks.price[added], ticks.price[added] - best)
    known = (before[:, :2] >= 0).all(axis=1) & (room >= 0) & (behind >= -room)
    behind, room, sizes = behind[known], room[known], ticks.size[added[known]]
    inside, touch = behind < 0, behind <= 0
    wide = float(inside.sum() / max((room / spread).sum(), 1e-12))
    for _ in range(TURNS if wide else 0):  # the share of those that better it is x / (1 + x), x = wide * room
        wide *= inside.mean() / (wide * room / (spread + wide * room)).mean()
    held = behind[behind > 0] if (behind > 0).any() else np.zeros(1)
    return replace(
        law,
        limit_sizes=quantiles(sizes[~touch] if (~touch).any() else sizes),
        touch_sizes=quantiles(sizes[touch]) if touch.sum() >= FEWEST else law.touch_sizes,
        touch_ratio=float(sizes[touch].mean() / sizes.mean()) if touch.sum() >= FEWEST else law.touch_ratio,
        distances=_quantiles(held / spread),
        join=float((behind == 0).sum() / max((~inside).sum(), 1)),
        inside=wide,
        steps=_quantiles((-behind[inside] - 1) / room[inside]) if inside.sum() >= FEWEST else law.steps,
    )


def quantiles(values: Array) -> Quantiles:
    """Return the quantiles of values over their mean, at the middle of equal cells."""
    return _quantiles(values / values.mean())


def _quantiles(values: Array) -> Quantiles:
    at = (np.arange(CELLS) + 0.5) / CELLS
    return tuple(float(one) for one in np.quantile(values, at))


def _spread_and_volatility(ticks: Ticks) -> tuple[float, float]:
    """Return the median spread and the deviation of the whole stretch's move, by five-minute moves."""
    both = (ticks.book[:, 0, :2] >= 0).all(axis=1)
    quotes, time = ticks.book[both, 0, :2], ticks.time[both]
    spread = float(np.median(quotes[:, 1] - quotes[:, 0]))
    grid = np.arange(time[0], time[-1], 1.0)
    mid = quotes.mean(axis=1)[np.maximum(np.searchsorted(time, grid, side="right") - 1, 0)]
    moves = mid[_BASE_SECONDS:] - mid[:-_BASE_SECONDS]
    return max(spread, 1.0), float(np.sqrt((moves**2).sum() / _BASE_SECONDS)) if len(moves) else 0.0
