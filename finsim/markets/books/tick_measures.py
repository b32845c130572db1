"""What quants measure on ticks: spreads, imbalance and what it foretells, depth, gaps in time, impact, noise.

Every measure is without units (over the mid, the median spread, the mean gap, the day's variance), so a real
and a simulated day of any price stand side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.markets.books.lobster_files import Ticks
from finsim.notation import Array, Float1D, Int1D

HIDDEN_OR_SEEN = 4
IMPACT_TRADES = (1, 10)
GAPS = (0.1, 0.5, 0.9, 0.99)
SIGNATURE = (1, 10, 60)
BASE_SECONDS = 300
MOST_SECONDS = 400_000


@dataclass(frozen=True)
class TopOfBook:
    """Best quotes at event time and trades, as measures read them.

    ``time`` float64[N] seconds; ``quotes`` float64[N, 4]: bid, ask, their sizes; ``trade_time`` float64[M];
    ``trade_sign`` int64[M]: 1 a buyer's, -1 a seller's; ``depth`` float64[L]: mean lots by level over the
    first, empty where only the best is known.
    """

    time: Float1D
    quotes: Array
    trade_time: Float1D
    trade_sign: Int1D
    depth: Float1D

    def between(self, start: float, end: float) -> TopOfBook:
        """Return the part of a day from ``start`` to ``end``."""
        held = (self.time >= start) & (self.time < end)
        traded = (self.trade_time >= start) & (self.trade_time < end)
        return TopOfBook(self.time[held], self.quotes[held], self.trade_time[traded],
                         self.trade_sign[traded], self.depth)  # fmt: skip


def top_of(ticks: Ticks) -> TopOfBook:
    """Return the best quotes and the trades of ticks; rows without both sides are left out."""
    best = ticks.book[:, 0].astype(np.float64)
    held = (best[:, :2] >= 0).all(axis=1)
    traded = (ticks.kind >= HIDDEN_OR_SEEN) & (ticks.kind <= HIDDEN_OR_SEEN + 1)
    sizes = ticks.book[held][:, :, 2:].mean(axis=(0, 2))
    return TopOfBook(
        ticks.time[held], best[held], ticks.time[traded], np.where(ticks.side[traded] == 1, 1, -1),
        sizes / max(sizes[0], 1e-12),
    )  # fmt: skip


def measures(top: TopOfBook) -> dict[str, float]:
    """Return every measure by name; NaN where the ticks cannot show it."""
    found = spreads(top) | imbalance(top) | gaps(top) | impact(top) | signature(top)
    return found | {f"depth of level {k + 1} over the best": float(top.depth[k])
                    for k in (1, 2, 4) if k < len(top.depth)}  # fmt: skip


def spreads(top: TopOfBook) -> dict[str, float]:
    """Return quantiles of the spread, over its median: weighted by how long it stood."""
    spread = (top.quotes[:, 1] - top.quotes[:, 0])[:-1]
    weight = np.diff(top.time)
    order = np.argsort(spread, kind="stable")
    at = np.cumsum(weight[order]) / max(weight.sum(), 1e-12)
    quantile = {
        q: spread[order][min(int(np.searchsorted(at, q)), len(order) - 1)] for q in (0.1, 0.5, 0.9, 0.99)
    }
    return {f"spread, {q:.0%} quantile over median": quantile[q] / max(quantile[0.5], 1e-12)
            for q in (0.1, 0.9, 0.99)}  # fmt: skip


def imbalance(top: TopOfBook) -> dict[str, float]:
    """Return mean |imbalance| of the best queues and how well it foretells the next move of the mid (AUC)."""
    bid, ask = top.quotes[:, 2], top.quotes[:, 3]
    lean = (bid - ask) / np.maximum(bid + ask, 1e-12)
    mid = top.quotes[:, 0] + top.quotes[:, 1]
    moves = np.flatnonzero(np.diff(mid) != 0)
    following = np.searchsorted(moves, np.arange(len(mid)))
    known = following < len(moves)
    up = np.diff(mid)[moves[following[known]]] > 0
    return {
        "mean imbalance": float(np.abs(lean).mean()),
        "imbalance foretells the next move, AUC": auc(lean[known], up),
    }


def auc(score: Float1D, up: Array) -> float:
    """Return the chance that a score before an upward move exceeds one before a downward move."""
    if up.all() or not up.any():
        return float("nan")
    from scipy.stats import rankdata

    ranks, ups = rankdata(score), int(up.sum())
    return float((ranks[up].sum() - ups * (ups + 1) / 2) / (ups * (len(up) - ups)))


def gaps(top: TopOfBook) -> dict[str, float]:
    """Return quantiles of times between events over their mean."""
    between = np.diff(top.time)
    mean = max(between.mean(), 1e-12)
    return {
        f"time between events, {q:.0%} quantile over mean": float(np.quantile(between, q) / mean)
        for q in GAPS
    }


def impact(top: TopOfBook) -> dict[str, float]:
    """Return signed moves of the mid from just before a trade until k trades later, over the mean spread."""
    mid = 0.5 * (top.quotes[:, 0] + top.quotes[:, 1])
    spread = (top.quotes[:, 1] - top.quotes[:, 0]).mean()
    # an instant is a trade: parts of one order at one time count once
    first = np.r_[True, np.diff(top.trade_time) > 0] if len(top.trade_time) else np.zeros(0, bool)
    time, sign = top.trade_time[first], top.trade_sign[first]
    at = np.maximum(np.searchsorted(top.time, time, side="left") - 1, 0)
    found = {}
    for k in IMPACT_TRADES:
        moved = mid[at[k:]] - mid[at[:-k]] if len(at) > k else np.zeros(0)
        found[f"impact after {k} trades over the spread"] = (
            float((sign[:-k] * moved).mean() / spread) if len(moved) else float("nan")
        )
    return found


def signature(top: TopOfBook) -> dict[str, float]:
    """Return the variance of the mid sampled every few seconds over that of every five minutes."""
    mid = 0.5 * (top.quotes[:, 0] + top.quotes[:, 1])
    grid = np.arange(top.time[0], top.time[-1], 1.0)[:MOST_SECONDS]
    sampled = mid[np.maximum(np.searchsorted(top.time, grid, side="right") - 1, 0)]
    base = _variance(sampled, BASE_SECONDS)
    return {f"variance at {k} s over 5 min": _variance(sampled, k) / max(base, 1e-300) for k in SIGNATURE}


def _variance(sampled: Float1D, step: int) -> float:
    """Return the realised variance at a step, averaged over its offsets."""
    moves = sampled[step:] - sampled[:-step]
    return float((moves**2).sum() / step) if len(moves) else float("nan")
