"""LOBSTER's two files tell one story: the book is what its messages leave, by the published structure."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from naive.lobster_replay import replay

import finsim
from finsim.records.trading_calendar import NYSE

LEVELS = 3


@pytest.fixture(scope="module")
def message(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handed_book(tmp_path_factory.mktemp("lobster"))


def handed_book(folder: Path) -> Path:
    days = pd.DatetimeIndex(NYSE.starting(pd.Timestamp("2023-12-04").date(), 80))
    close = 50 + 0.37 * np.sin(np.arange(len(days)))
    bars = pd.DataFrame({"date": days, "open": close - 0.11, "high": close + 0.42, "low": close - 0.53,
                         "close": close, "volume": 123_456})  # fmt: skip
    finsim.simulate_book(bars, date="2024-03-12", events=900, levels=LEVELS, progress=False, seed=5,
                         output=folder / "book")  # fmt: skip
    done = finsim.export(folder / "book", "lobster", output=folder / "out")
    return next(file for file in done.files if "_message_" in file.name)


def book_file(message: Path) -> list[list[int]]:
    beside = message.with_name(message.name.replace("message", "orderbook"))
    return [[int(cell) for cell in row] for row in csv.reader(beside.read_text().splitlines())]


def test_the_book_is_what_the_messages_leave(message: Path) -> None:
    book = book_file(message)
    assert len(book) > 500
    assert book == replay(message, LEVELS)


def test_the_name_tells_ticker_day_milliseconds_and_levels(message: Path) -> None:
    found = re.fullmatch(r"([A-Za-z0-9-]+)_(\d{4}-\d\d-\d\d)_(\d+)_(\d+)_message_(\d+)\.csv", message.name)
    assert found
    first, last = (float(line.split(",")[0]) for line in np.array(message.read_text().split())[[0, -1]])
    assert int(found[3]) <= 1_000 * first <= 1_000 * last <= int(found[4])
    assert int(found[5]) == LEVELS


def test_every_kind_of_message_is_there(message: Path) -> None:
    """Else the replay would prove nothing about it."""
    kinds = {int(line.split(",")[1]) for line in message.read_text().split()}
    assert kinds == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("kind", "column"), [(1, 3), (1, 4), (1, 5), (2, 3), (3, 2), (4, 3), (4, 5)],
    ids=["size", "price", "side", "reduced by", "deleted which", "executed how much", "executed side"],
)  # fmt: skip
def test_a_wrong_message_is_seen(message: Path, tmp_path: Path, kind: int, column: int) -> None:
    """The twin can fail: one changed cell of one message and the files no longer agree."""
    lines = [line.split(",") for line in message.read_text().split()]
    at = [row for row, line in enumerate(lines) if int(line[1]) == kind][10 if kind in (1, 3) else 0]
    lines[at][column] = str(-int(lines[at][column]) if column == 5 else int(lines[at][column]) + 100)
    wrong = tmp_path / message.name
    wrong.write_text("\n".join(",".join(line) for line in lines))
    try:
        found = replay(wrong, LEVELS)
    except (AssertionError, KeyError):
        return
    assert found != book_file(message)
