"""The law of a book's flow as data have it, without units: shares, quantiles and ratios.

Sizes are relative to their mean, distances to the ordinary spread, times to the mean time between events,
so one law serves any price, tick and activity. ``LAWS`` are the shipped ones. Their measured numbers are
facts counted in data that are not shipped themselves; what the data cannot show says ``assumption``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

Quantiles = tuple[float, ...]


@dataclass(frozen=True)
class FlowLaw:
    """Shares, quantiles and ratios of the flow of orders.

    * ``market``, ``limit``: shares of market and limit orders among arrivals; the rest cancels.
    * ``market_sizes``, ``limit_sizes``, ``touch_sizes`` (orders at the best price or better): quantiles of
      sizes over their mean, at the middle of equal cells.
    * ``size_ratio``: mean limit order over mean market order; ``touch_ratio``: mean order at the best price
      or better over the mean limit order.
    * ``distances``: quantiles of ticks behind the best price over the median spread; ``join``: share of
      orders at it, among those that do not better it.
    * ``inside``: share that betters the best price where the room for it is an ordinary spread, small ones;
      ``steps``: quantiles of the ticks beyond the first one over the room.
    * ``spread``: median spread over the day's volatility (standard deviation of a day's move).
    * ``events``: arrivals of a day, where none are asked for.
    * ``decays``, ``branching``: of the excitation: rates per mean time between events; offspring per
      arrival (same kind, each of the kinds) on each scale.
    * ``target``: live orders of a side; ``near``: spreads over which cancellation fades; ``stale``: the
      share of it that is left far away.
    * ``partial``, ``hidden``, ``capped``: shares.
    * ``tilt``, ``lean``, ``wide``: pulls of the reference (market, limit, cancel), of the imbalance
      (market, cancel) and of a wide spread on market orders.
    * ``round_lot``, ``round_share``: round sizes where lots are whole shares.
    * ``smile``: depth of the U of activity; ``auctions``: shares of volume at open and close.
    """

    market: float
    limit: float
    market_sizes: Quantiles
    limit_sizes: Quantiles
    touch_sizes: Quantiles
    size_ratio: float
    touch_ratio: float
    distances: Quantiles
    join: float
    inside: float
    steps: Quantiles
    spread: float
    events: int
    decays: tuple[float, float, float]
    branching: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
    target: int
    near: float
    stale: float
    partial: float
    hidden: float
    capped: float
    tilt: tuple[float, float, float]
    lean: tuple[float, float]
    wide: float
    round_lot: int = 1
    round_share: float = 0.0
    smile: float = 0.0
    auctions: tuple[float, float] = (0.0, 0.0)


COIN = FlowLaw(
    market=0.01,
    limit=0.50,
    market_sizes=(
        0.0069, 0.0292, 0.0378, 0.0378, 0.0677, 0.0882, 0.1367, 0.1596, 0.1602, 0.222, 0.3845, 0.6638, 0.755,
        1.254, 1.5953, 3.0627, 7.1022,
    ),
    limit_sizes=(
        0.011, 0.0352, 0.0853, 0.1941, 0.3393, 0.47, 0.578, 0.7866, 0.788, 0.7903, 0.7914, 0.792, 0.8003,
        1.3065, 1.8516, 2.5082, 4.478,
    ),
    touch_sizes=(
        0.011, 0.0352, 0.0853, 0.1941, 0.3393, 0.47, 0.578, 0.7866, 0.788, 0.7903, 0.7914, 0.792, 0.8003,
        1.3065, 1.8516, 2.5082, 4.478,
    ),
    size_ratio=8.25,
    touch_ratio=1.0,
    distances=(0.0, 0.0, 0.0, 0.1, 0.3, 0.7, 1.2, 2.0, 3.0, 4.5, 6.5, 9.0, 13.0, 20.0, 40.0),
    join=0.2,
    inside=0.1,
    steps=(0.0,0.7),
    spread=0.077,
    events=200_000,
    decays=(40.0, 0.2, 0.01),
    branching=((0.031, 0.0), (0.006, 0.0895), (0.036, 0.0165)),
    target=40,
    near=0.7,
    stale=0.15,
    partial=0.02,
    hidden=0.0,
    capped=0.6,
    tilt=(1.0, 2.5, 2.5),
    lean=(0.3, 0.1),
    wide=0.3,
)  # fmt: skip
"""Counted in the order events of Bitstamp BTCUSD, 2015-05-01 (five hours; ob-analytics): shares of arrivals,
sizes, ``size_ratio``, ``spread``. assumption: the rest, chosen so that measures lie near those data; real
distances are longer (the median is eleven spreads)."""
STOCK = replace(
    COIN,
    market=0.12,
    limit=0.46,
    market_sizes=(0.642,) * 13 + (0.963, 1.284, 1.356, 2.948),
    limit_sizes=(0.642,) * 13 + (0.963, 1.284, 1.356, 2.948),
    size_ratio=1.3,
    spread=0.04,
    decays=(8.0, 0.25, 0.01),
    branching=((0.15, 0.02), (0.08, 0.01), (0.0, 0.0)),
    hidden=0.27,
    capped=0.9,
    round_lot=100,
    round_share=0.7,
    smile=0.6,
    auctions=(0.01, 0.04),
)
"""Counted in trades and NYSE quotes of IBM, 2013-10-07 (vendor sample, not shipped): ``market_sizes``,
``hidden`` (27 % of trades lie strictly inside the NYSE quote), ``spread``, the closing print. assumption:
the rest; the quotes show neither orders nor depth behind the best price."""
LAWS = {"stock": STOCK, "coin": COIN}
"""Name -> shipped law."""
