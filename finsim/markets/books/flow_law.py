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
    * ``target``: live orders of a side; ``haste``: 1 where orders of all ages are cancelled alike, more
      where the young are, by the power of their rank; ``near``: spreads over which cancellation fades,
      ``stale``: to which share; ``shy``: how much less an order of no size than one of mean size is
      cancelled within a spread.
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
    haste: float
    near: float
    stale: float
    shy: float
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
    market=0.0094,
    limit=0.498,
    market_sizes=(
        0.00811, 0.0128, 0.0193, 0.0193, 0.0193, 0.0193, 0.0248, 0.0386, 0.0386, 0.0413, 0.0509, 0.0633,
        0.0815, 0.0818, 0.0819, 0.082, 0.0856, 0.112, 0.13, 0.208, 0.301, 0.383, 0.459, 0.619, 0.772, 0.873,
        1.22, 1.52, 1.96, 2.47, 3.26, 4.0, 6.31,
    ),
    limit_sizes=(
        0.00882, 0.0189, 0.0221, 0.0713, 0.0891, 0.178, 0.189, 0.264, 0.33, 0.334, 0.345, 0.551, 0.56,
        0.661, 0.757, 0.767, 0.767, 0.768, 0.769, 0.77, 0.771, 0.773, 0.774, 0.775, 0.784, 1.16, 1.32, 1.66,
        1.84, 2.27, 2.93, 3.43, 5.63,
    ),
    touch_sizes=(
        0.0426, 0.0588, 0.1, 0.141, 0.159, 0.243, 0.249, 0.257, 0.259, 0.277, 0.462, 0.478, 0.554, 0.554,
        0.554, 0.582, 0.589, 0.929, 1.02, 1.02, 1.03, 1.04, 1.05, 1.1, 1.27, 1.34, 1.54, 1.65, 1.71, 2.21,
        2.49, 3.3, 4.38,
    ),
    size_ratio=4.15,
    touch_ratio=0.336,
    distances=(
        0.222, 0.667, 1.11, 1.44, 1.78, 2.11, 2.5, 2.89, 3.44, 4.22, 5.44, 7.55, 8.39, 9.11, 9.5, 9.78,
        10.1, 10.4, 10.8, 11.2, 11.7, 12.1, 12.4, 13.1, 13.4, 14.1, 15.7, 18.4, 20.6, 26.6, 36.1, 60.0,
        60.0,
    ),
    join=0.0144,
    inside=0.0493,
    steps=(
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
        0.0143, 0.0195, 0.0244, 0.04, 0.0455, 0.0588, 0.0833, 0.119, 0.165, 0.256, 0.368, 0.563, 0.8,
    ),
    spread=0.08,
    events=200_000,
    decays=(0.35, 0.05, 0.001),
    branching=((0.0035, 0.073), (0.0599, 0.0327), (0.0039, 0.0009)),
    target=60,
    haste=4.0,
    near=6.0,
    stale=0.4,
    shy=1.0,
    partial=0.0,
    hidden=0.0,
    capped=0.3,
    tilt=(0.3, 1.2, 0.05),
    lean=(0.3, 0.0),
    wide=0.15,
)  # fmt: skip
"""Counted by ``law_from`` in two hours of Bitstamp BTCUSD, 2015-05-01 (ob-analytics): shares, sizes,
places (longer distances than 60 spreads count as 60), ``branching``. assumption: the rest, chosen among a few
hundred so that a simulated day of those two hours measures like them; ``haste`` gives orders the lives that
orders had there (median 9 s, nine tenths below 70 s); ``target``: 60 a side stood there."""
STOCK = replace(
    COIN,
    market=0.072,
    limit=0.4825,
    market_sizes=(0.642,) * 13 + (0.963, 1.284, 1.356, 2.948),
    limit_sizes=(0.642,) * 13 + (0.963, 1.284, 1.356, 2.948),
    touch_sizes=(0.642,) * 13 + (0.963, 1.284, 1.356, 2.948),
    size_ratio=0.85,
    touch_ratio=0.77,
    distances=(0.11, 0.33, 0.77, 1.3, 2.2, 3.3, 5.0, 7.2, 9.9, 14.3, 22.0, 44.0),
    join=0.17,
    inside=0.132,
    steps=(0.0, 0.034, 0.371),
    spread=0.012,
    events=94_500,
    decays=(175.0, 7.0, 0.18),
    branching=((0.034, 0.054), (0.02, 0.033), (0.026, 0.042)),
    target=55,
    haste=2.24,
    near=1.61,
    stale=0.128,
    shy=0.0,
    partial=0.02,
    hidden=0.137,
    capped=0.86,
    tilt=(3.28, 0.93, 0.072),
    lean=(0.32, 0.24),
    wide=0.4,
    round_lot=100,
    round_share=0.7,
    smile=0.6,
    auctions=(0.01, 0.04),
)
"""Counted in trades and NYSE quotes of IBM, 2013-10-07 (vendor sample, not shipped): ``market_sizes``, the
closing print, ``decays`` and the children in all (by the likelihood of its quote times). assumption: the
rest, chosen so that a simulated day measures like that one; the quotes show neither orders nor depth behind
the best price. ``hidden`` is less than the 27 % of trades that lie strictly inside the NYSE quote."""
LAWS = {"stock": STOCK, "coin": COIN}
"""Name -> shipped law."""
