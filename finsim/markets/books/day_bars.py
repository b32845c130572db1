"""A bar as a book must show it: prices in whole ticks, volume in whole lots."""

from __future__ import annotations

import math
from dataclasses import dataclass

from finsim.errors import DataError

LEAST_LOTS, MOST_TICKS, MOST_LOTS = 1_000, 4_000_000, 2**53
"""Lots that a day is cut into at least where shares are whole; prices of a book; lots of a day."""
PRINTS = 4
"""Trades that a bar needs at least: open, high, low, close."""


@dataclass(frozen=True)
class DayBar:
    """One bar of one asset: seconds after midnight UTC, prices and volume as the bar has them.

    ``volume`` None: the bars have none, so ``NOMINAL`` lots are traded.
    """

    start: float
    end: float
    open: float
    high: float
    low: float
    close: float
    volume: float | None


NOMINAL = 1_000_000
"""assumption: lots traded in a day whose bars say no volume."""


@dataclass(frozen=True)
class TickBar:
    """A bar in ticks and lots; ``lot`` is the size of a lot in units of the bar's volume."""

    start: float
    end: float
    open: int
    high: int
    low: int
    close: int
    lots: int


def in_ticks(bar: DayBar, tick: float, lot: float, place: str) -> TickBar:
    """Return a bar in whole ticks and lots.

    High and low are kept around open and close after rounding. Raises DataError for prices that are not
    above zero, too many ticks, and a volume with fewer lots than the prices that it must show.
    """
    prices = (bar.open, bar.high, bar.low, bar.close)
    if not all(math.isfinite(price) for price in prices) or min(prices) <= 0:
        raise DataError(
            f"a price of {min(prices):g}", place=place, expected="open, high, low and close above 0",
            remedy="choose a day on which the asset has a bar of prices",
        )  # fmt: skip
    opened, high, low, closed = (round(price / tick) for price in prices)
    high, low = max(opened, high, closed), min(opened, low, closed)
    if low < 1 or high > MOST_TICKS:
        raise DataError(
            f"prices from {low:,} to {high:,} ticks of {tick:g}", place=place,
            expected=f"1 to {MOST_TICKS:,} ticks", remedy="give a tick that suits the prices",
        )  # fmt: skip
    lots = NOMINAL if bar.volume is None else round(bar.volume / lot)
    if not PRINTS <= lots <= MOST_LOTS:
        raise DataError(
            f"a volume of {lots:,} lots of {lot:g}", place=place,
            expected=f"{PRINTS} lots or more: one each for open, high, low and close",
            remedy="choose a day on which the asset was traded",
        )  # fmt: skip
    return TickBar(bar.start, bar.end, opened, high, low, closed, int(lots))


def lot_of(volumes: list[float]) -> float:
    """Return the lot of volumes: 1, or the decimal unit in which they are whole and a day has enough lots."""
    lot = 1.0
    for digits in range(1, 9):
        whole = all(abs(one / lot - round(one / lot)) < 1e-6 * max(1.0, one / lot) for one in volumes)
        exact = all(round(one / lot) * lot == one for one in volumes)
        if whole and (exact or lot == 1.0) and sum(volumes) / lot >= LEAST_LOTS:
            return lot
        lot = float(f"1e-{digits}")
    return lot
