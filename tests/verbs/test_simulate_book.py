"""`simulate-book`: files of a day's book, under a scenario, and handed over to readers of LOBSTER."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.engine.books.scenario_liquidity import Dialled, liquidity_on
from finsim.engine.books.simulate_books import Books
from finsim.errors import DataError, FinsimError, StudyError
from finsim.markets.books import book_walk
from finsim.markets.books.lobster_files import read_lobster
from finsim.records.trading_calendar import NYSE

DAYS = pd.DatetimeIndex(NYSE.starting(date(2023, 12, 4), 80))
SCENARIO = """finsim: scenario/1
id: thin
kind: hypothetical
title: A day without liquidity
horizon: {step: day, length: 3}
liquidity:
  spread_mult: [10, 4, 1]
  depth_mult: [0.5, 0.5, 1]
  assumption: made for a test
"""


def bars(**columns: object) -> pd.DataFrame:
    step = np.arange(len(DAYS))
    close = 50 + 0.37 * np.sin(step)
    frame = pd.DataFrame({"date": DAYS, "open": close - 0.11, "high": close + 0.42, "low": close - 0.53,
                          "close": close, "volume": 123_456 + step})  # fmt: skip
    return frame.assign(**columns)


def made(folder: Path, source: object = None, **options: object) -> Books:
    asked = {"date": "2024-03-12", "events": 1_500, "levels": 4, "progress": False, "seed": 3, **options}
    return finsim.simulate_book(bars() if source is None else source, output=folder, **asked)


def test_trades_of_the_file_make_the_bar_and_the_pack_holds(tmp_path: Path) -> None:
    done = made(tmp_path / "book")
    bar = bars().set_index("date").loc["2024-03-12"]
    events = pd.read_parquet(tmp_path / "book/events.parquet")
    trades = events[events["event"].isin(["executed", "hidden", "auction"])]
    price = trades["price"]
    found = [price.iloc[0], price.max(), price.min(), price.iloc[-1]]
    assert found == [round(bar[name], 2) for name in ("open", "high", "low", "close")]
    assert trades["size"].sum() == bar["volume"]
    local = events["ts"].dt.tz_convert("America/New_York")
    assert local.iloc[-1] == pd.Timestamp("2024-03-12 16:00", tz="America/New_York")
    book = pd.read_parquet(tmp_path / "book/book.parquet")
    assert (book["seq"] == events["seq"]).all()
    assert {"ask_4", "bid_size_4"} <= set(book)
    report = finsim.check(tmp_path / "book/quotes.parquet", "quotes-lob")
    assert report.ok, report
    assert done.assets[0].lots == bar["volume"]


def test_quotes_are_the_book_at_their_instants(tmp_path: Path) -> None:
    made(tmp_path / "book")
    book = pd.read_parquet(tmp_path / "book/book.parquet").set_index("seq")
    quotes = pd.read_parquet(tmp_path / "book/quotes.parquet")
    quotes = quotes[quotes["event"] == "quote"].set_index("seq")
    same = book.loc[quotes.index]
    for mine, theirs in (("bid", "bid_1"), ("ask3", "ask_3"), ("ask_size", "ask_size_1")):
        assert (quotes[mine].fillna(-1) == same[theirs].fillna(-1)).all()


def test_the_same_seed_gives_the_same_bytes_and_assets_do_not_touch_each_other(tmp_path: Path) -> None:
    two = pd.concat([bars(asset="A"), bars(asset="B")])
    for name, options in (("one", {}), ("again", {}), ("alone", {"asset": "B"}), ("other", {"seed": 4})):
        made(tmp_path / name, two, **options)
    files = {name: [(tmp_path / name / f"{f}.parquet").read_bytes() for f in ("events", "book", "quotes")]
             for name in ("one", "again", "other")}  # fmt: skip
    assert files["one"] == files["again"]
    assert files["one"][0] != files["other"][0]
    both, alone = (pd.read_parquet(tmp_path / name / "events.parquet") for name in ("one", "alone"))
    mine = both[both["symbol"] == "B"].reset_index(drop=True)
    assert (mine[["price", "size", "order_id"]] == alone[["price", "size", "order_id"]]).all(axis=None)


def test_a_scenario_widens_every_quote_of_its_day(tmp_path: Path) -> None:
    file = tmp_path / "thin.yaml"
    file.write_text(SCENARIO)
    spreads = {}
    for name, options in {
        "base": {}, "first": {"scenario": file}, "second": {"scenario": file, "scenario_start": "2024-03-11"},
        "none": {"scenario": file, "severity": 0.0},
    }.items():  # fmt: skip
        made(tmp_path / name, **options)
        quotes = pd.read_parquet(tmp_path / name / "quotes.parquet").dropna(subset=["bid", "ask"])
        spreads[name] = np.rint((quotes["ask"] - quotes["bid"]) * 100).iloc[8:]
    assert spreads["base"].min() == 1
    assert spreads["first"].min() >= 10
    assert 4 <= spreads["second"].min() < 10
    assert (tmp_path / "base/events.parquet").read_bytes() == (tmp_path / "none/events.parquet").read_bytes()


def test_the_flash_crash_is_on_its_ninth_session_from_a_monday() -> None:
    days = [date(2010, 5, day) for day in (6, 7)]
    found = [liquidity_on(day, Dialled("flash-crash-2010", date(2010, 4, 26), 1.0), NYSE) for day in days]
    assert [(round(one.spread, 6), round(one.depth, 6)) for one in found] == [(10, 0.1), (4, 0.3)]


def test_progress_tells_events_and_ends_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_walk, "TAPE_ROWS", book_walk.MARGIN + 1_500)
    told: list[tuple[str, int, int]] = []
    made(tmp_path / "book", progress=lambda *step: told.append(step))
    done = [one for stage, one, _ in told if stage == "books"]
    assert len(done) > 2
    assert done == sorted(done)
    assert {total for stage, _, total in told if stage == "books"} == {1_500}
    assert done[-1] == 1_500


def test_lobster_files_come_back_as_the_book(tmp_path: Path) -> None:
    made(tmp_path / "book")
    done = finsim.export(tmp_path / "book", "lobster", output=tmp_path / "out")
    message = next(file for file in done.files if "_message_" in file.name)
    assert message.name.endswith("_2024-03-12_34140000_57600000_message_4.csv")
    ticks = read_lobster(message)
    events = pd.read_parquet(tmp_path / "book/events.parquet")
    book = pd.read_parquet(tmp_path / "book/book.parquet")
    assert (ticks.price == np.rint(events["price"] * 10_000)).all()
    assert (ticks.number == events["order_id"]).all()
    assert (ticks.size == events["size"]).all()
    assert ((ticks.side == 1) == (events["side"] == "ask")).all()
    assert (ticks.book[:, 3, 1] == np.rint(book["ask_4"].fillna(-1e-4) * 10_000)).all()
    assert (ticks.book[:, 0, 2] == book["bid_size_1"].fillna(0)).all()
    second = message.read_text().splitlines()[1].split(",")[0]
    assert len(second.partition(".")[2]) == 9


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"date": "2024-03-10"}, "no bar on 2024-03-10"),
        ({"date": None}, "date"),
        ({"levels": 11}, "levels"),
        ({"levels": 0}, "levels"),
        ({"asset": "IBX"}, "no asset 'IBX'"),
        ({"law": "stonk"}, "no law is called 'stonk'"),
        ({"tick": 1e-9}, "ticks of 1e-09"),
        ({"path": 3}, "no path 3"),
        ({"scenario_start": "2024-03-11"}, "given without scenario"),
        ({"scenario": "covid-2020", "scenario_start": "2024-04-11"}, "before the scenario"),
        ({"scenario": "covid-1920"}, "covid-1920"),
    ],
)
def test_mistakes_are_told_and_leave_nothing(tmp_path: Path, options: dict[str, object], found: str) -> None:
    with pytest.raises(FinsimError, match=found.replace("(", r"\(")):
        made(tmp_path / "book", **options)
    assert not (tmp_path / "book").exists()


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (bars()[["date", "close"]], StudyError),
        (bars(volume=np.where(DAYS == "2024-03-12", 0, 9_000)), DataError),
        (bars().assign(date=pd.date_range("2023-03-05", periods=80, freq="W-SUN")), StudyError),
    ],
    ids=["closes alone", "no trade", "weeks"],
)
def test_bars_that_no_book_can_show_are_refused(
    tmp_path: Path, source: pd.DataFrame, error: type[FinsimError]
) -> None:
    with pytest.raises(error):
        made(tmp_path / "book", source)
    assert not (tmp_path / "book").exists()
