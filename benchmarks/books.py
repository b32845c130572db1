"""Books: events a CPU second of the walk and of the whole command, and measures beside real ticks.

    python benchmarks/books.py [FOLDER OF REAL TICKS]

The real ticks are not shipped (Bitstamp in the layout of ob-analytics, IBM's quotes and trades); without the
folder only the speed is told. The law ``coin`` was fitted on Bitstamp's first two hours and is judged on the
other three, ``stock`` on IBM's first day and is judged on the second; ten seeds, other ones than those it was
fitted with. Bands are the middle 95 % of means over random half-hours, drawn 200 times; real and simulated
figures are means over half-hours too. ``before``: the same figures of the hours that a law was fitted on.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from bitstamp_ticks import read_bitstamp
from ibm_ticks import read_ibm

import finsim
from finsim.markets.books.book_walk import DayPlan, walk_day
from finsim.markets.books.day_bars import TickBar
from finsim.markets.books.flow_law import COIN, STOCK
from finsim.markets.books.lobster_files import Ticks
from finsim.markets.books.tick_measures import TopOfBook, measures, top_of
from finsim.notation import Array
from finsim.randomness import Streams

BLOCK, DRAWS, SEEDS, FITTED = 1_800.0, 200, range(1, 11), 7_200.0
SESSION = TickBar(34_200.0, 57_600.0, 18_189, 18_311, 18_186, 18_201, 3_750_000)
DEPTHS = (2, 3, 5, 10)
CLOCK, ROUND_LOT = 1e-3, 100
"""What the feed of IBM's quotes shows: thousandths of a second, whole round lots."""


def ticks_of(plan: DayPlan, seed: int = 1) -> Ticks:
    """Return the tape of a day as ticks."""
    pieces = list(walk_day(plan, Streams(seed)))
    rows, book = (np.concatenate([getattr(one, name) for one in pieces]) for name in ("rows", "book"))
    inside = rows[:, 0] >= plan.bars[0].start * 1e9
    time_, kind, number, size, price, side = rows[inside].T
    return Ticks(time_ / 1e9, kind, number, size, price, side, book[inside], 1.0)


def speed() -> None:
    """Print events a CPU second of the walk by levels, and of the call with its three files, both warm."""
    for levels in (1, 1, 5, 10):
        plan = DayPlan((SESSION,), STOCK, 61.0, 2_000_000, levels)
        list(walk_day(DayPlan((SESSION,), STOCK, 61.0, 1_000, levels), Streams(1)))
        start = time.process_time()
        rows = sum(len(piece.rows) for piece in walk_day(plan, Streams(1)))
        walked = rows / (time.process_time() - start) / 1e6
        with tempfile.TemporaryDirectory() as folder:
            start = time.process_time()
            made = finsim.simulate_book(
                finsim.example_data("wiki_aapl_ibm_2000_2013"), date="2012-01-03", asset="IBM", levels=levels,
                events=2_000_000, output=Path(folder) / "book", progress=False,
            )  # fmt: skip
            called = made.assets[0].events / (time.process_time() - start) / 1e6
        print(f"{levels:2d} levels: walk {walked:.2f}, with its files {called:.2f} M events a CPU s")


def real(folder: Path) -> tuple[TopOfBook, pd.DataFrame]:
    """Return the best quotes and trades of Bitstamp, and its trades."""
    depth = pd.read_parquet(folder / "bitstamp_btcusd_20150501_depth.parquet")
    trades = pd.read_csv(folder / "bitstamp_btcusd_20150501_trades.csv.gz")
    depth = depth[(depth["best.bid.price"] > 0) & (depth["best.ask.price"] > depth["best.bid.price"])]
    columns = ["best.bid.price", "best.ask.price", "best.bid.vol", "best.ask.vol"]
    top = TopOfBook(
        depth["timestamp"].to_numpy(float), depth[columns].to_numpy(float),
        trades["timestamp"].to_numpy(float), np.where(trades["direction"] == "buy", 1, -1), np.zeros(0),
    )  # fmt: skip
    return top, trades


def by_half_hours(top: TopOfBook) -> list[dict[str, float]]:
    """Return the measures of every half-hour."""
    starts = np.arange(top.time[0], top.time[-1] - BLOCK + 1.0, BLOCK)
    return [measures(top.between(start, start + BLOCK)) for start in starts]


def depths(ticks: Ticks) -> list[dict[str, float]]:
    """Return the mean lots of levels over those of the best one, by half-hour."""
    starts = np.arange(ticks.time[0], ticks.time[-1] - BLOCK + 1.0, BLOCK)
    found = []
    for start in starts:
        inside = (ticks.time >= start) & (ticks.time < start + BLOCK)
        lots = ticks.book[inside][:, :, 2:].mean(axis=(0, 2))
        found.append({f"lots of level {k} over the best": float(lots[k - 1] / lots[0]) for k in DEPTHS})
    return found


def means(found: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of every measure."""
    return {name: float(np.nanmean([one[name] for one in found])) for name in found[0]}


def bands(found: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Return the middle 95 % of every measure over means of random half-hours."""
    draws = Streams(0).at("bands").integers(0, len(found), (DRAWS, len(found)))
    drawn = {name: np.nanmean(np.array([one[name] for one in found])[draws], axis=1) for name in found[0]}
    return {
        name: (float(np.nanquantile(m, 0.025)), float(np.nanquantile(m, 0.975))) for name, m in drawn.items()
    }


def show(
    judged: list[dict[str, float]], fitted: list[dict[str, float]], made: list[dict[str, float]]
) -> None:
    """Print every measure of the judged hours with its band, of the fitted hours, and of simulated ones."""
    known, band, before, mine = means(judged), bands(judged), means(fitted), means(made)
    count = [0, 0]
    for name, value in known.items():
        low, high = band[name]
        inside = [low <= one[name] <= high for one in (before, mine)]
        count = [had + now for had, now in zip(count, inside, strict=True)]
        words = ["in" if one else "out" for one in inside]
        digits = 3 if value > 0.01 else 5
        low_, high_, first, made_ = (f"{one:.{digits}f}" for one in (low, high, before[name], mine[name]))
        print(f"| {name} | {value:.{digits}f} | {low_} to {high_} | {first} {words[0]} "
              f"| {made_} {words[1]} |")  # fmt: skip
    print(f"in their bands of {len(known)}: before {count[0]}, simulated {count[1]}\n")


def volatility(bar: TickBar) -> float:
    """Return the standard deviation of a move over a bar, by its range (Parkinson 1980)."""
    return (bar.high - bar.low) / float(np.sqrt(4.0 * np.log(2.0)))


def bitstamp(folder: Path) -> None:
    """Print the table of ``coin``: best quotes as published, then depth from the rebuilt book."""
    top, trades = real(folder)
    cut, last = top.time[0] + FITTED, float(top.time[-1])
    first, rest = top.between(0.0, cut), top.between(cut, last)
    mine = trades[trades["timestamp"] >= cut]
    price = np.rint(mine["price"] * 100).astype(int).tolist()
    bar = TickBar(0.0, last - cut, price[0], max(price), min(price), price[-1], int(mine["volume"].sum()))
    plan = DayPlan((bar,), COIN, volatility(bar), len(rest.time), 10, has_auctions=False, whole_lots=False)
    made = [ticks_of(plan, seed) for seed in SEEDS]
    print(f"median spread {np.median(np.diff(rest.quotes[:, :2])) * 100:.0f}, "
          f"simulated {np.mean([_median_spread(top_of(one)) for one in made]):.0f} ticks")  # fmt: skip
    show(*(by_half_hours(one) for one in (rest, first)), _pooled([top_of(one) for one in made]))
    ticks = read_bitstamp(folder)
    pieces = [_between(ticks, *span) for span in ((cut, last), (0.0, cut))]
    show(*(depths(one) for one in pieces), [half for one in made for half in depths(one)])


def ibm(folder: Path) -> None:
    """Print the table of ``stock``: best quotes of New York where they change; depth is not in the data.

    What is ordinary volatility is told by the bars at hand, as in ``simulate-book``: here by two days.
    """
    (first, before), (rest, bar) = (read_ibm(folder, f"2013-10-0{day}") for day in (7, 8))
    ordinary = float(np.sqrt(np.mean([volatility(one) ** 2 for one in (before, bar)])))
    plan = DayPlan((bar,), STOCK, ordinary, STOCK.events, 1)
    made = [_as_fed(top_of(ticks_of(plan, seed))) for seed in SEEDS]
    print(f"median spread {_median_spread(rest):.0f}, "
          f"simulated {np.mean([_median_spread(one) for one in made]):.0f} ticks")  # fmt: skip
    show(*(by_half_hours(one) for one in (rest, first)), _pooled(made))


def _pooled(tops: list[TopOfBook]) -> list[dict[str, float]]:
    """Return the measures of every half-hour that several days of books share."""
    names = by_half_hours(tops[0])[0].keys()
    return [{name: half[name] for name in names if not name.startswith("depth")}
            for top in tops for half in by_half_hours(top)]  # fmt: skip


def _median_spread(top: TopOfBook) -> float:
    return float(np.median(np.diff(top.quotes[:, :2])))


def _as_fed(top: TopOfBook) -> TopOfBook:
    """Return quotes and trades as the feed of the real ones shows them: clock, round lots, only changes."""
    quotes = top.quotes.copy()
    quotes[:, 2:] = np.maximum(quotes[:, 2:] // ROUND_LOT, 1) * ROUND_LOT
    held = np.r_[True, (np.diff(quotes, axis=0) != 0).any(axis=1)]
    time, traded = (np.floor(one / CLOCK) * CLOCK for one in (top.time, top.trade_time))
    return TopOfBook(time[held], quotes[held], traded, top.trade_sign, top.depth)


def _between(ticks: Ticks, start: float, end: float) -> Ticks:
    held: Array = (ticks.time >= start) & (ticks.time < end)
    columns = (ticks.time, ticks.kind, ticks.number, ticks.size, ticks.price, ticks.side, ticks.book)
    return Ticks(*(one[held] for one in columns), ticks.unit)


if __name__ == "__main__":
    speed()
    if len(sys.argv) > 1:
        bitstamp(Path(sys.argv[1]))
        ibm(Path(sys.argv[1]))
