"""The law of a book's flow as data have it, without units: shares, quantiles and ratios.

Sizes are relative to their mean, distances to the ordinary spread, times to the mean time between events,
so one law serves any price, tick and activity. ``LAWS`` are the shipped ones. Their measured numbers are
facts counted in data that are not shipped themselves; what the data cannot show says ``assumption``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

Quantiles = tuple[float, ...]


@dataclass(frozen=True)
class FlowLaw:
    """Shares, quantiles and ratios of the flow of orders.

    * ``market``, ``limit``: shares of market and limit orders among arrivals; the rest cancels.
    * ``market_sizes``, ``limit_sizes``: quantiles of sizes over their mean, at the middle of equal cells.
    * ``size_ratio``: mean limit order over mean market order.
    * ``distances``: quantiles of ticks behind the best price over the median spread.
    * ``spread``: median spread over the day's volatility (standard deviation of a day's move).
    * ``events``: arrivals of a day, where none are asked for.
    * ``decays``, ``branching``: of the excitation: rates per mean time between events; offspring per
      arrival (same kind, other kinds) on each scale.
    * ``target``: live orders of a side; ``near``: spreads over which cancellation fades.
    * ``inside``: how fast a wide spread is narrowed; ``partial``, ``hidden``, ``capped``: shares.
    * ``tilt``, ``lean``, ``wide``: pulls of the reference (market, limit, cancel), of the imbalance
      (market, cancel) and of a wide spread on market orders.
    * ``round_lot``, ``round_share``: round sizes where lots are whole shares.
    * ``smile``: depth of the U of activity; ``auctions``: shares of volume at open and close.
    """

    market: float
    limit: float
    market_sizes: Quantiles
    limit_sizes: Quantiles
    size_ratio: float
    distances: Quantiles
    spread: float
    events: int
    decays: tuple[float, float]
    branching: tuple[tuple[float, float], tuple[float, float]]
    target: int
    near: float
    inside: float
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
    notes: str = field(default="", compare=False)


COIN = FlowLaw(
    market=0.02,
    limit=0.50,
    market_sizes=(0.002, 0.006, 0.011, 0.02, 0.04, 0.08, 0.13, 0.2, 0.3, 0.45, 0.65, 0.95, 1.5, 2.6, 8.0),
    limit_sizes=(0.002, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.42, 0.6, 0.85, 1.2, 1.8, 3.0, 6.3),
    size_ratio=3.0,
    distances=(0.0, 0.0, 0.0, 0.1, 0.3, 0.7, 1.2, 2.0, 3.0, 4.5, 6.5, 9.0, 13.0, 20.0, 40.0),
    spread=0.05,
    events=200_000,
    decays=(8.0, 0.25),
    branching=((0.22, 0.05), (0.08, 0.01)),
    target=150,
    near=4.0,
    inside=0.45,
    partial=0.02,
    hidden=0.0,
    capped=0.6,
    tilt=(0.6, 0.3, 0.3),
    lean=(0.5, 0.3),
    wide=0.3,
    notes="Bitstamp BTCUSD 2015-05-01, order events as kept by ob-analytics",
)
STOCK = replace(
    COIN,
    market=0.06,
    limit=0.48,
    size_ratio=1.2,
    spread=0.018,
    target=120,
    hidden=0.12,
    capped=0.9,
    inside=0.8,
    round_lot=100,
    round_share=0.7,
    smile=0.6,
    auctions=(0.01, 0.05),
    notes="IBM trades and quotes of 2013-10-07 and 08",
)
LAWS = {"stock": STOCK, "coin": COIN}
"""Name -> shipped law."""
