"""The law of a flow in the units of one day: ticks, lots and seconds, as the kernel wants it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.kernels.books.book_state import DECAYS, TYPES, Law
from finsim.markets.books.flow_law import FlowLaw, Quantiles
from finsim.notation import Float1D, Float2D, Float3D

CELLS = 1024
LEAST_BASE = 0.05
"""Share of a kind's rate that is never excited by others."""
WIDEST = 0.0049
"""Of the price: a spread that ``quotes-lob`` lets pass."""
MOST_STEP = 0.999
"""Of the room inside a spread that one order takes."""


@dataclass(frozen=True)
class Liquidity:
    """Multipliers on the spread and the depth of a day; 1 changes nothing."""

    spread: float = 1.0
    depth: float = 1.0


@dataclass(frozen=True)
class Scales:
    """What a day gives to its law: ticks of an ordinary spread, lots of a market order, events a second."""

    spread: float
    market_size: float
    rate: float


def widest(price: int, unit: float, liquidity: Liquidity) -> int:
    """Return the ticks of the widest spread that makers allow at a price: what ``quotes-lob`` lets pass.

    Where half a percent is less than two ordinary spreads, these are; a scenario widens it as it widens them.
    """
    return int(max(WIDEST * price * liquidity.spread, 2.0 * unit, 2.0))


def table(quantiles: Quantiles) -> Float1D:
    """Return float64[CELLS] between quantiles at the middle of equal cells; the ends are held."""
    at = (np.arange(len(quantiles)) + 0.5) / len(quantiles)
    return np.interp((np.arange(CELLS) + 0.5) / CELLS, at, quantiles)


def kernel_law(law: FlowLaw, scales: Scales, liquidity: Liquidity, round_lots: bool) -> Law:
    """Return the law of one day for the kernel.

    A spread ``liquidity.spread`` times as wide stretches the unit of every distance and is the floor of
    every spread, so no quote is narrower; ``liquidity.depth`` scales the size of limit orders.
    """
    unit = max(scales.spread, 1.0) * liquidity.spread
    floor = max(int(np.ceil(liquidity.spread - 1e-9)), 1)
    limit_size = max(scales.market_size * law.size_ratio * liquidity.depth, 1.0)
    is_round = round_lots and min(limit_size, scales.market_size) >= law.round_lot
    base, jumps, decays = hawkes(law, scales.rate)
    return Law(
        base=base,
        jumps=jumps,
        decays=decays,
        market_sizes=_mean_one(table(law.market_sizes)),
        limit_sizes=_mean_one(table(law.limit_sizes)),
        touch_sizes=_mean_one(table(law.touch_sizes)),
        distances=table(law.distances),
        steps=np.minimum(table(law.steps), MOST_STEP),
        tilt_market=law.tilt[0],
        tilt_limit=law.tilt[1],
        tilt_cancel=law.tilt[2],
        lean_market=law.lean[0],
        lean_cancel=law.lean[1],
        wide_market=law.wide,
        inside=law.inside,
        join=law.join,
        unit=float(unit),
        floor=floor,
        target=float(law.target),
        near=float(max(law.near * unit, 1.0)),
        haste=law.haste,
        stale=law.stale,
        shy=law.shy,
        partial=law.partial,
        hidden=law.hidden,
        capped=law.capped,
        limit_size=float(limit_size),
        touch_size=max(float(limit_size * law.touch_ratio), 1.0),
        round_lot=law.round_lot if is_round else 1,
        round_share=law.round_share,
    )


def _mean_one(values: Float1D) -> Float1D:
    return np.asarray(values / values.mean())


def hawkes(law: FlowLaw, rate: float) -> tuple[Float1D, Float3D, Float1D]:
    """Return base rates, jumps and decays of a flow of ``rate`` arrivals a second.

    The base is what leaves every kind its share after the offspring of all: mu = (I - B^T) share * rate.
    """
    cut = 1.0 - law.market - law.limit
    share = np.repeat([law.market, law.limit, cut], 2) * 0.5 * rate
    branching = np.empty((DECAYS, TYPES, TYPES))
    for scale, (own, other) in enumerate(law.branching):
        wanted = np.outer(np.ones(TYPES), share) / share.sum()
        branching[scale] = other * TYPES * wanted + own * np.eye(TYPES)
    total = branching.sum(axis=0)
    base = np.maximum(share - total.T @ share, LEAST_BASE * share)
    decays = np.array(law.decays) * rate
    return base, branching * decays[:, None, None], decays


def settled(law: Law) -> Float2D:
    """Return the mean excitation float64[3, 6] of a flow that has gone on for long: a day begins with it."""
    branching = law.jumps / law.decays[:, None, None]
    rate = np.linalg.solve(np.eye(TYPES) - branching.sum(axis=0).T, law.base)
    return np.asarray(np.einsum("dck,c->dk", branching, rate))
