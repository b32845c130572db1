"""LOBSTER: a message file and an order book file for each asset.

Layout: lobsterdata.com, data structure. Two CSV files without header and with equal rows; times are seconds
after midnight of the market with nine decimals, prices whole ten-thousandths; an absent level is
9999999999 (ask) or -9999999999 (bid) with size 0. The direction is that of the resting order.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from finsim.errors import StudyError
from finsim.exports.bars.bar_source import file_names
from finsim.exports.books.book_source import BookTables
from finsim.exports.export_format import Export
from finsim.markets.books.local_midnight import midnight_in
from finsim.notation import Int1D

UNITS = 10_000
ABSENT = 9_999_999_999
CODES = {"new": 1, "reduced": 2, "deleted": 3, "executed": 4, "hidden": 5, "auction": 6}
_PLAIN = csv.WriteOptions(include_header=False, quoting_style="none")


def write(tables: BookTables, folder: Path) -> None:
    """Write ``<ASSET>_<DATE>_<startms>_<endms>_message_<L>.csv`` and ``..._orderbook_<L>.csv``.

    Raises StudyError for prices finer than a ten-thousandth.
    """
    events, book = (pq.read_table(file.absolute()) for file in (tables.events, tables.book))
    if b"finsim.day" not in (events.schema.metadata or {}):
        raise StudyError(
            "no day is told", place=str(tables.events), expected="the file of `finsim simulate-book`",
            remedy="give the folder as it was written",
        )  # fmt: skip
    assets = pc.unique(events["symbol"].cast(pa.string())).to_pylist()
    names = file_names(tuple(assets))
    for asset in assets:
        mine = pc.equal(events["symbol"].cast(pa.string()), asset)
        _write(events.filter(mine), book.filter(mine), names[asset], folder)


def _write(events: pa.Table, book: pa.Table, name: str, folder: Path) -> None:
    micros = events["ts"].cast(pa.int64()).to_numpy()
    facts = {key: text.decode() for key, text in (events.schema.metadata or {}).items()}
    day = date.fromisoformat(facts[b"finsim.day"])
    midnight = midnight_in(facts[b"finsim.zone"], day) // 1_000
    since = micros - midnight
    levels = (book.num_columns - 3) // 4
    span = f"{since[0] // 1_000}_{-(-since[-1] // 1_000)}"
    stem = f"{name}_{day}_{span}"
    kind = pc.index_in(events["event"].cast(pa.string()), pa.array(list(CODES)))
    side = pc.equal(events["side"].cast(pa.string()), "bid").combine_chunks().to_numpy(zero_copy_only=False)
    messages = [
        _times(since), pc.add(kind.combine_chunks(), 1), events["order_id"], events["size"],
        _units(events["price"], 0), pa.array(np.where(side, 1, -1)),
    ]  # fmt: skip
    cells: list[Any] = []
    for level in range(1, levels + 1):
        for word, absent in (("ask", ABSENT), ("bid", -ABSENT)):
            cells.append(_units(book[f"{word}_{level}"], absent))
            cells.append(book[f"{word}_size_{level}"].fill_null(0))
    for word, columns in (("message", messages), ("orderbook", cells)):
        table = pa.table(columns, names=[str(k) for k in range(len(columns))])
        csv.write_csv(table, folder / f"{stem}_{word}_{levels}.csv", _PLAIN)


def _times(since: Int1D) -> pa.Array:
    """Return seconds with nine decimals as text: a float would lose some."""
    whole = pc.cast(pa.array(since // 1_000_000), pa.string())
    part = pc.utf8_lpad(pc.cast(pa.array(since % 1_000_000), pa.string()), 6, "0")
    return pc.binary_join_element_wise(whole, pc.binary_join_element_wise(part, "000", ""), ".")


def _units(prices: pa.ChunkedArray, absent: int) -> pa.Array:
    """Return prices as whole ten-thousandths."""
    values = prices.combine_chunks().to_numpy(zero_copy_only=False)
    scaled = values * UNITS
    whole = np.rint(scaled)
    if np.nanmax(np.abs(scaled - whole), initial=0.0) > 1e-3:
        raise StudyError(
            "prices finer than a ten-thousandth", place="export: format", expected="ticks of 0.0001 or more",
            remedy="simulate the book with a wider tick",
        )  # fmt: skip
    return pa.array(np.where(np.isnan(whole), absent, whole).astype(np.int64))


EXPORT = Export(
    name="lobster",
    summary="LOBSTER: message and order book files of a simulated book, one pair an asset",
    write=write,
    options=(),
)
