"""Real ticks of a stock: the best quotes and trades of IBM on one exchange (New York) on a day.

The file has quotes and trades, neither orders nor depth. A price of 0 says that a row leaves its side as it
was. A trade above the middle of the quote before it is a buyer's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from finsim.markets.books.day_bars import TickBar
from finsim.markets.books.tick_measures import TopOfBook

SESSION, TICK, EXCHANGE = (34_200.0, 57_600.0), 0.01, "N"


def read_ibm(folder: Path, day: str) -> tuple[TopOfBook, TickBar]:
    """Return best quotes (ticks, shares), trades, and the bar of the exchange's trades in the session."""
    quotes, trades = (
        _of(pd.read_parquet(folder / f"ibm_{kind}_ticks.parquet"), day) for kind in ("quote", "trade")
    )
    for side in ("Bid", "Ask"):
        is_told = quotes[f"{side}Price"] > 0
        for cell in ("Price", "Size"):
            quotes[side + cell] = quotes[side + cell].where(is_told).ffill()
    cells = quotes[["BidPrice", "AskPrice", "BidSize", "AskSize"]].to_numpy(float)
    cells[:, :2] = np.rint(cells[:, :2] / TICK)
    sound = np.isfinite(cells).all(axis=1) & (cells[:, 0] < cells[:, 1])
    sound &= np.r_[True, (np.diff(cells, axis=0) != 0).any(axis=1)]
    time, cells = quotes["ms"].to_numpy(float)[sound] / 1e3, cells[sound]
    price, at = np.rint(trades["Price"].to_numpy() / TICK), trades["ms"].to_numpy(float) / 1e3
    before = np.maximum(np.searchsorted(time, at, side="left") - 1, 0)
    side = np.sign(price - cells[before, :2].mean(axis=1)).astype(np.int64)
    top = TopOfBook(time, cells, at[side != 0], side[side != 0], np.zeros(0))
    whole = price.astype(int)
    bar = TickBar(*SESSION, int(whole[0]), int(whole.max()), int(whole.min()), int(whole[-1]),
                  int(trades["Size"].sum()))  # fmt: skip
    return top.between(*SESSION), bar


def _of(rows: pd.DataFrame, day: str) -> pd.DataFrame:
    inside = rows["ms"].between(SESSION[0] * 1e3, SESSION[1] * 1e3) & (rows["Suspicious"] == 0)
    return rows[(rows["Day"].astype(str) == day) & (rows["Exchange"] == EXCHANGE) & inside].copy()
