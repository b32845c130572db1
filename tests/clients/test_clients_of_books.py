"""A simulated book, handed over as LOBSTER's files, replayed by a reader of LOBSTER's own data."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.records.trading_calendar import NYSE

pytestmark = pytest.mark.filterwarnings("ignore")  # those of the client are not ours
LEVELS = 3


def test_lobster_reconstructor_arrives_at_every_row_of_the_book(tmp_path: Path) -> None:
    reader = pytest.importorskip("lobster_reconstructor", reason="lobster-reconstructor is not installed")
    days = pd.DatetimeIndex(NYSE.starting(pd.Timestamp("2023-12-04").date(), 80))
    close = 50 + 0.37 * np.sin(np.arange(len(days)))
    bars = pd.DataFrame({"date": days, "open": close - 0.11, "high": close + 0.42, "low": close - 0.53,
                         "close": close, "volume": 123_456})  # fmt: skip
    finsim.simulate_book(bars, date="2024-03-12", events=900, levels=LEVELS, progress=False, seed=6,
                         output=tmp_path / "book")  # fmt: skip
    done = finsim.export(tmp_path / "book", "lobster", output=tmp_path / "out")
    message = next(file for file in done.files if "_message_" in file.name)
    beside = message.with_name(message.name.replace("message", "orderbook"))
    book = reader.Orderbook(nlevels=LEVELS, ticker="X", tick_size=100)
    walk = reader.LobsterSim(book, str(message))
    rows = list(csv.reader(beside.read_text().splitlines()))
    assert len(walk.dataM) == len(rows)
    assert walk.dataM.notna().all(axis=None)  # every kind and direction is one that it knows
    for one, row in zip(walk.dataM.itertuples(index=False), rows, strict=True):
        book.process_order(reader.Order(one.Time, one.Type, one.OrderID, one.Size, one.Price, one.Direction))
        shown = book.convert_orderbook_to_L2_dataframe()
        for level in range(LEVELS):
            for side, price, size in (("ask", *row[4 * level : 4 * level + 2]),
                                      ("bid", *row[4 * level + 2 : 4 * level + 4])):  # fmt: skip
                known = f"{side}_{level}" in shown.index
                assert known == (abs(int(price)) < 9_999_999_999)
                if known:
                    assert list(shown.loc[f"{side}_{level}", ["price", "size"]]) == [int(price), int(size)]
    assert book._warning_count == 0  # no message about an order that it does not have
