"""Files of a day's book: ``events.parquet``, ``book.parquet`` and ``quotes.parquet``."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.markets.books.book_walk import Piece
from finsim.notation import Array, Int1D
from finsim.records.columns import KEY, STORED_INSTANT, TEXT, column

KINDS = ("", "new", "reduced", "deleted", "executed", "hidden", "auction")
"""Kind of an event by its LOBSTER number."""
CHUNK = 4_096
"""Rows that are turned into columns at a time."""
SHOWN = 3
"""Levels of ``quotes.parquet``, as the rule pack ``quotes-lob`` reads them."""
_KEYS = [
    column("symbol", TEXT, "asset", role=KEY),
    column("ts", STORED_INSTANT, "when"),
    column("seq", pa.int64(), "number of the event of its asset, from 1", role=KEY),
]


ZONE, DAY = b"finsim.zone", b"finsim.day"
"""Facts of ``events.parquet``: the zone of the market's clock, and the day."""


def event_schema(zone: str = "UTC", day: str = "") -> pa.Schema:
    """Return the schema of the events: what happened to which order."""
    return pa.schema([
        *_KEYS,
        column("event", TEXT, "new, reduced, deleted, executed, hidden or auction"),
        column("order_id", pa.int64(), "the resting order; 0 for hidden orders and auctions"),
        column("side", TEXT, "bid or ask: of the resting order"),
        column("price", pa.float64(), "price of the resting order or of the auction", "price"),
        column("size", pa.int64(), "lots that came, left or were traded", "lots"),
    ], metadata={ZONE: zone.encode(), DAY: day.encode()})  # fmt: skip


def book_schema(levels: int) -> pa.Schema:
    """Return the schema of the book: row k is the state after event k; an absent level is null."""
    fields = list(_KEYS)
    for level in range(1, levels + 1):
        for side in ("ask", "bid"):
            fields.append(column(f"{side}_{level}", pa.float64(), f"{side} price of level {level}", "price",
                                 null="no such level, quote or trade"))  # fmt: skip
            fields.append(column(f"{side}_size_{level}", pa.int64(), f"lots at {side} level {level}", "lots",
                                 null="no such level, quote or trade"))  # fmt: skip
    return pa.schema(fields)


def quote_schema() -> pa.Schema:
    """Return the schema of quotes and trades, as the rule pack ``quotes-lob`` reads it."""
    names = [("bid", "ask"), *((f"bid{k}", f"ask{k}") for k in range(2, SHOWN + 1))]
    prices = [
        column(name, pa.float64(), "price of a level", "price", null="no such level, quote or trade")
        for pair in names
        for name in pair
    ]
    sizes = [
        column(
            f"{side}_size", pa.int64(), "lots at the best price", "lots", null="no such level, quote or trade"
        )
        for side in ("bid", "ask")
    ]
    return pa.schema([
        *_KEYS, column("event", TEXT, "quote or trade"), *prices, *sizes,
        column("price", pa.float64(), "price of a trade", "price", null="no such level, quote or trade"),
        column("size", pa.int64(), "lots of a trade", "lots", null="no such level, quote or trade"),
    ])  # fmt: skip


@dataclass
class RowMaker:
    """Makes tables of the pieces of one asset's tape; ``seq`` and the last quote go on between pieces."""

    symbol: str
    tick: float
    midnight: int
    levels: int
    seq: int = 0
    last: tuple[int, ...] = ()

    def tables(self, piece: Piece) -> tuple[pa.Table, pa.Table, pa.Table]:
        """Return the rows of events, book and quotes of a piece."""
        rows = len(piece.rows)
        time, kind, number, size, price, side = np.ascontiguousarray(piece.rows.T)
        shown = by_column(piece.book)
        seq = self.seq + 1 + np.arange(rows)
        self.seq += rows
        keys = self._keys(time, seq)
        events = pa.Table.from_arrays([
            *keys, _words(KINDS, kind), pa.array(number), _words(("bid", "ask"), side),
            pa.array(self._prices(price)), pa.array(size),
        ], schema=event_schema())  # fmt: skip
        levels: list[pa.Array] = []
        for k in range(self.levels):
            for side_of in (1, 0):
                at, absent = shown[k, side_of], _absent(shown[k, side_of])
                levels += [
                    pa.array(self._prices(at), mask=absent),
                    pa.array(shown[k, 2 + side_of], mask=absent),
                ]
        book = pa.table([*keys, *levels], schema=book_schema(self.levels))
        return events, book, self._quotes((time, kind, size, price, seq), shown)

    def _keys(self, time: Int1D, seq: Int1D) -> list[pa.Array]:
        symbol = pa.DictionaryArray.from_arrays(np.zeros(len(seq), np.int32), [self.symbol])
        instants = (self.midnight + time) // 1_000
        return [symbol, pa.array(instants).cast(STORED_INSTANT), pa.array(seq)]

    def _prices(self, ticks: Int1D) -> Array:
        digits = decimals(self.tick)
        if digits >= 12:
            return ticks * self.tick
        scale = 10.0**digits  # a whole number over a power of ten is the float that the decimal has
        return ticks * float(round(self.tick * scale)) / scale

    def _quotes(self, rows: tuple[Int1D, ...], shown: Array) -> pa.Table:
        """Return a row a trade, and a row where the shown levels differ from those of the last instant."""
        time, kind, size, price, seq = rows
        levels = min(SHOWN, self.levels)
        watched = [*(shown[k, side] for side in (0, 1) for k in range(levels)), shown[0, 2], shown[0, 3]]
        last = self.last or (-2,) * len(watched)
        moved = np.zeros(len(time), bool)
        for cells, before in zip(watched, last, strict=True):
            moved[0] |= cells[0] != before
            moved[1:] |= cells[1:] != cells[:-1]
        micros = time // 1_000
        ends = np.r_[micros[1:] != micros[:-1], True]
        closing = np.flatnonzero(ends)
        moves = np.diff(np.cumsum(moved)[closing], prepend=0) > 0
        self.last = tuple(int(cells[-1]) for cells in watched)
        quoted = closing[moves & (shown[0, 0, closing] >= 0) & (shown[0, 1, closing] >= 0)]
        traded = np.flatnonzero(kind >= 4)
        at = np.r_[traded, quoted]
        is_quote = np.r_[np.zeros(len(traded), bool), np.ones(len(quoted), bool)]
        order = np.lexsort([is_quote, at])
        at, is_quote = at[order], is_quote[order]
        columns = [*self._keys(time[at], seq[at]), _words(("trade", "quote"), is_quote.astype(np.int64))]
        for k in range(SHOWN):
            for side in (0, 1):
                cells = shown[k, side, at] if k < self.levels else np.full(len(at), -1)
                columns.append(pa.array(self._prices(cells), mask=~is_quote | (cells < 0)))
        columns += [pa.array(shown[0, 2 + side, at], mask=~is_quote) for side in (0, 1)]
        columns += [
            pa.array(self._prices(price[at]), mask=is_quote),
            pa.array(size[at], mask=is_quote),
        ]
        return pa.table(columns, schema=quote_schema())


def by_column(book: Array) -> Array:
    """Return [N, L, 4] as a contiguous [L, 4, N]; few rows at a time stay in the cache."""
    found = np.empty((*book.shape[1:], len(book)), book.dtype)
    for start in range(0, len(book), CHUNK):
        found[:, :, start : start + CHUNK] = book[start : start + CHUNK].transpose(1, 2, 0)
    return found


def _absent(prices: Int1D) -> Array | None:
    """Return where a level is absent; None where it never is, which is written faster."""
    absent = prices < 0
    return absent if absent.any() else None


def decimals(tick: float) -> int:
    """Return how many decimals the grid of a tick has, at most 12."""
    return next((k for k in range(13) if math.isclose(tick * 10**k, round(tick * 10**k), abs_tol=1e-9)), 12)


def _words(words: tuple[str, ...], codes: Int1D) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), list(words))
