"""The books of a day: every asset walked and written, and what was written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from finsim.documents import shipped
from finsim.engine.books.bars_of_a_day import AssetDay, asset_days, paths_of
from finsim.engine.books.book_files import RowMaker, book_schema, event_schema, quote_schema
from finsim.engine.books.scenario_liquidity import Dialled, liquidity_on
from finsim.errors import StudyError
from finsim.markets.books.book_walk import DayPlan, walk_day
from finsim.markets.books.day_bars import in_ticks, lot_of
from finsim.markets.books.flow_law import LAWS, FlowLaw
from finsim.markets.books.kernel_law import Liquidity
from finsim.markets.books.local_midnight import midnight_in
from finsim.randomness import Streams
from finsim.records.storage import replacing

FILES = ("events", "book", "quotes")
MOST_LEVELS = 10
CODED, RISING = ("symbol", "event", "side", "price", "size"), ("ts", "seq", "order_id")
"""Columns of the files whose cells are kept as codes, and as differences."""
_TRADE = 4


@dataclass(frozen=True)
class Wanted:
    """What is simulated: the day, assets (none: all), levels, arrivals, law, tick, path and scenario."""

    day: date
    assets: tuple[str, ...] = ()
    levels: int = MOST_LEVELS
    events: int | None = None
    law: str | FlowLaw | None = None
    tick: float | None = None
    path: int | None = None
    scenario: Dialled | None = None


@dataclass(frozen=True)
class AssetBook:
    """What the book of one asset shows: rows, trades, the bar that its trades make, and its spreads."""

    asset: str
    events: int
    trades: int
    open: float
    high: float
    low: float
    close: float
    lots: int
    tick: float
    lot: float
    least_spread: float
    mean_spread: float
    forced: int


@dataclass(frozen=True, repr=False)
class Books:
    """The books of a day: the folder of its files, what a scenario did, and one ``AssetBook`` an asset."""

    day: date
    folder: Path
    liquidity: Liquidity
    assets: tuple[AssetBook, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "date": str(self.day), "output": str(self.folder), "spread_mult": self.liquidity.spread,
            "depth_mult": self.liquidity.depth, "assets": [dict(vars(one)) for one in self.assets],
        }  # fmt: skip

    def to_text(self) -> str:
        """Return a line an asset."""
        lines = [
            f"{one.asset}: {one.events:,} events, {one.trades:,} trades of {one.lots:,} lots, "
            f"open {one.open:g} high {one.high:g} low {one.low:g} close {one.close:g}, "
            f"mean spread {one.mean_spread:.4g}"
            for one in self.assets
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the lines."""
        return self.to_text()


def simulate_books(
    source: Any, wanted: Wanted, seed: int, output: Path, progress: Callable[[str, int, int], None]
) -> Books:
    """Write the books of a day's bars into a new folder; nothing is left where one of them fails.

    Raises StudyError for an output that exists and what a source does not hold, DataError for bars that no
    book can show.
    """
    if output.exists():
        raise StudyError("the output exists", place=str(output), remedy="choose another folder with -o")
    paths = paths_of(source, wanted.day, seed, wanted.path)
    days = asset_days(paths, wanted.day, wanted.assets)
    liquidity = liquidity_on(wanted.day, wanted.scenario, paths.calendar)
    streams = Streams(seed).under("books", str(wanted.day))
    plans = [(one, *_plan(one, wanted, liquidity)) for one in days]
    told: list[AssetBook] = []
    output.mkdir(parents=True)
    is_whole = False
    try:
        _write(plans, (wanted, streams, output), told, progress)
        is_whole = True
    finally:  # after a stop or on a full disk too: half a book is no book
        if not is_whole:
            shutil.rmtree(output, ignore_errors=True)
    return Books(wanted.day, output, liquidity, tuple(told))


def _plan(one: AssetDay, wanted: Wanted, liquidity: Liquidity) -> tuple[DayPlan, float, float]:
    shipped_tick, shipped_lot = _grid(one.asset)
    tick = wanted.tick or shipped_tick or 0.01
    volumes = [bar.volume for bar in one.bars if bar.volume is not None]
    lot = (shipped_lot or lot_of(volumes)) if volumes else 1.0
    place = f"{one.asset} on {wanted.day}"
    bars = tuple(in_ticks(bar, tick, lot, place) for bar in one.bars)
    law = wanted.law if isinstance(wanted.law, FlowLaw) else LAWS[wanted.law or _usual(one)]
    plan = DayPlan(
        bars=bars, law=law, volatility=one.volatility / tick, events=wanted.events or law.events,
        levels=wanted.levels, liquidity=liquidity, has_auctions=one.has_auctions, whole_lots=lot == 1.0,
    )  # fmt: skip
    return plan, tick, lot


def _usual(one: AssetDay) -> str:
    last = one.bars[-1].end
    return "coin" if last - one.bars[0].start > 20 * 3600 else "stock"


def _grid(symbol: str) -> tuple[float | None, float | None]:
    """Return tick and lot of a symbol in the table of the pack ``quotes-lob``, so that the pack holds."""
    lines = (shipped("constraints") / "tick-sizes.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = {line.split(",")[0]: line.split(",") for line in lines}
    return (float(rows[symbol][1]), float(rows[symbol][2])) if symbol in rows else (None, None)


def _write(
    plans: Sequence[tuple[AssetDay, DayPlan, float, float]],
    how: tuple[Wanted, Streams, Path],
    told: list[AssetBook],
    progress: Callable[[str, int, int], None],
) -> None:
    """Write the three files at once: three writers are fed from one walk."""
    wanted, streams, output = how
    zone = _zone(plans[0][0])
    schemas = (event_schema(zone, str(wanted.day)), book_schema(wanted.levels), quote_schema())
    with ExitStack() as stack:
        writers = []
        for name, schema in zip(FILES, schemas, strict=True):
            file = stack.enter_context(replacing(output / f"{name}.parquet"))
            writers.append(stack.enter_context(_writer(file.absolute(), schema)))
        done, total = 0, sum(plan.events for _, plan, _, _ in plans)
        for one, plan, tick, lot in plans:
            maker = RowMaker(one.asset, tick, midnight_in(zone, wanted.day), wanted.levels)
            facts = _Facts(tick)
            for piece in walk_day(plan, streams.under(one.asset)):
                facts.add(piece.rows, piece.book)
                for writer, table in zip(writers, maker.tables(piece), strict=True):
                    writer.write_table(table)
                facts.forced = piece.forced
                progress("books", min(done + min(facts.events, plan.events), total - 1), total)
            done += plan.events
            told.append(facts.book(one.asset, lot))
    progress("books", total, total)


def _writer(file: Any, schema: Any) -> Any:
    """Return a writer of a file: what rises is kept as differences, words and trades as codes."""
    import pyarrow.parquet as pq

    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        use_dictionary=[name for name in CODED if name in schema.names],
        write_statistics=["symbol", *RISING[:2]],
        column_encoding={name: "DELTA_BINARY_PACKED" for name in RISING if name in schema.names},
    )


def _zone(one: AssetDay) -> str:
    """Return the zone of the market's clock: New York for its own sessions, else UTC."""
    return "America/New_York" if one.has_auctions else "UTC"


@dataclass
class _Facts:
    """Adds up what the trades and spreads of an asset show."""

    tick: float
    events: int = 0
    trades: int = 0
    first: int = -1
    last: int = -1
    high: int = -1
    low: int = 2**62
    lots: int = 0
    least: int = 2**62
    spreads: int = 0
    quotes: int = 0
    forced: int = 0

    def add(self, rows: Any, book: Any) -> None:
        """Add the rows of a piece."""
        prints = rows[rows[:, 1] >= _TRADE]
        self.events += len(rows)
        self.trades += len(prints)
        if len(prints):
            prices = prints[:, 4]
            self.first = int(prices[0]) if self.first < 0 else self.first
            self.last, self.lots = int(prices[-1]), self.lots + int(prints[:, 3].sum())
            self.high, self.low = max(self.high, int(prices.max())), min(self.low, int(prices.min()))
        spread = (book[:, 0, 1] - book[:, 0, 0])[(book[:, 0, :2] >= 0).all(axis=1)]
        if len(spread):
            self.least, self.spreads = min(self.least, int(spread.min())), self.spreads + int(spread.sum())
            self.quotes += len(spread)

    def book(self, asset: str, lot: float) -> AssetBook:
        """Return the facts in prices."""
        first, high, low, last = (
            round(one * self.tick, 12) for one in (self.first, self.high, self.low, self.last)
        )
        return AssetBook(
            asset, self.events, self.trades, first, high, low, last, self.lots, self.tick, lot,
            round(self.least * self.tick, 12), self.spreads / max(self.quotes, 1) * self.tick, self.forced,
        )  # fmt: skip
