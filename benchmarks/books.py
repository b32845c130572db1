"""Books: events a CPU second of the walk and of the whole command, and measures beside real ticks.

    python benchmarks/books.py [FOLDER OF REAL TICKS]

The real ticks (Bitstamp, in the layout of ob-analytics' depth and trades) are not shipped; without the folder
only the speed is told. Bands are the middle 95 % of the measures of random half-hours, drawn 200 times.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import finsim
from finsim.markets.books.book_walk import DayPlan, walk_day
from finsim.markets.books.day_bars import TickBar
from finsim.markets.books.flow_law import COIN, STOCK
from finsim.markets.books.lobster_files import Ticks
from finsim.markets.books.tick_measures import TopOfBook, measures, top_of
from finsim.randomness import Streams

BLOCK, DRAWS = 1_800.0, 200
SESSION = TickBar(34_200.0, 57_600.0, 18_189, 18_311, 18_186, 18_201, 3_750_000)


def ticks_of(plan: DayPlan, seed: int = 1) -> Ticks:
    """Return the tape of a day as ticks."""
    pieces = list(walk_day(plan, Streams(seed)))
    rows, book = (np.concatenate([getattr(one, name) for one in pieces]) for name in ("rows", "book"))
    inside = rows[:, 0] >= plan.bars[0].start * 1e9
    time_, kind, number, size, price, side = rows[inside].T
    return Ticks(time_ / 1e9, kind, number, size, price, side, book[inside], 1.0)


def speed() -> None:
    """Print events a CPU second of the walk by levels, and of the command."""
    for levels in (1, 5, 10):
        plan = DayPlan((SESSION,), STOCK, 61.0, 1_000_000, levels)
        list(walk_day(DayPlan((SESSION,), STOCK, 61.0, 1_000, levels), Streams(1)))
        start = time.process_time()
        rows = sum(len(piece.rows) for piece in walk_day(plan, Streams(1)))
        print(f"walk, {levels:2d} levels: {rows / (time.process_time() - start) / 1e6:.2f} M events a CPU s")
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        made = finsim.simulate_book(
            finsim.example_data("wiki_aapl_ibm_2000_2013"), date="2012-01-03", asset="IBM", events=1_000_000,
            output=Path(folder) / "book", progress=False,
        )  # fmt: skip
        spent = time.process_time() - start
        print(
            f"command with its files, 10 levels: {made.assets[0].events / spent / 1e6:.2f} M events a CPU s"
        )


def real(folder: Path) -> TopOfBook:
    """Return the best quotes and trades of Bitstamp."""
    depth = pd.read_parquet(folder / "bitstamp_btcusd_20150501_depth.parquet")
    trades = pd.read_csv(folder / "bitstamp_btcusd_20150501_trades.csv.gz")
    depth = depth[(depth["best.bid.price"] > 0) & (depth["best.ask.price"] > depth["best.bid.price"])]
    columns = ["best.bid.price", "best.ask.price", "best.bid.vol", "best.ask.vol"]
    return TopOfBook(
        depth["timestamp"].to_numpy(float), depth[columns].to_numpy(float),
        trades["timestamp"].to_numpy(float), np.where(trades["direction"] == "buy", 1, -1), np.zeros(0),
    )  # fmt: skip


def bands(top: TopOfBook) -> dict[str, tuple[float, float]]:
    """Return the middle 95 % of every measure over means of random blocks of the ticks."""
    starts = np.arange(top.time[0], top.time[-1] - BLOCK, BLOCK)
    found = [measures(top.between(start, start + BLOCK)) for start in starts]
    draws = Streams(0).at("bands").integers(0, len(found), (DRAWS, len(found)))
    table = {name: np.array([one[name] for one in found]) for name in found[0]}
    means = {name: np.nanmean(values[draws], axis=1) for name, values in table.items()}
    return {
        name: (float(np.nanquantile(m, 0.025)), float(np.nanquantile(m, 0.975))) for name, m in means.items()
    }


def table(folder: Path) -> None:
    """Print every measure of the real ticks with its band, and of a simulated day of the same length."""
    top = real(folder)
    bar = TickBar(0.0, 18_218.0, 23_647, 23_731, 23_447, 23_600, 482 * 132_443_156)
    plan = DayPlan((bar,), COIN, 220.0, 49_216, 5, has_auctions=False, whole_lots=False)
    known, made, band = measures(top), measures(top_of(ticks_of(plan))), bands(top)
    for name, value in known.items():
        low, high = band[name]
        word = "in" if low <= made[name] <= high else "out"
        print(f"| {name} | {value:.3f} | {low:.3f} to {high:.3f} | {made[name]:.3f} | {word} |")


if __name__ == "__main__":
    speed()
    if len(sys.argv) > 1:
        table(Path(sys.argv[1]))
