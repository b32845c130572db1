"""Bars in the shapes of backtesters: every number of every path, days that the reader knows, refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.errors import StudyError
from finsim.exports import EXPORTS
from finsim.exports.bars import zipline
from finsim.exports.bars.bar_source import Bars, file_names
from finsim.exports.bars.nautilus import on_ticks
from finsim.exports.bars.plain_csv import write
from finsim.records.paths import Paths
from finsim.records.trading_calendar import TradingCalendar

PRICES = ["open", "high", "low", "close"]
FORMATS = ["backtesting", "vectorbt", "skfolio", "csv", "zipline"]


@pytest.fixture(scope="module")
def bars(folder: Path) -> pd.DataFrame:
    frame = pd.read_parquet(folder / "bars" / "scenario=base" / "bars.parquet")
    return frame.assign(asset=frame["asset"].astype(str))


def made(source: Path, name: str, output: Path, **options: Any) -> Path:
    if name == "zipline":
        options = {"from_date": "2012-01-03", **options}
    finsim.export(source, name, output=output, **options)
    return output


def test_csv_holds_every_bar_in_long_and_wide_form(folder: Path, bars: pd.DataFrame, tmp_path: Path) -> None:
    made(folder, "csv", tmp_path / "out")
    long = pd.read_csv(tmp_path / "out" / "bars.csv", parse_dates=["date"])
    assert list(long.columns) == ["path", "date", "asset", *PRICES, "volume"]
    assert long["date"].tolist() == bars["date"].tolist()
    for column in ("path", "asset", *PRICES, "volume"):
        assert long[column].tolist() == bars[column].tolist(), column
    wide = pd.read_csv(tmp_path / "out" / "close.csv")
    assert wide.columns.tolist() == ["path", "date", "AAPL", "IBM"]
    assert wide[["AAPL", "IBM"]].to_numpy().ravel().tolist() == bars["close"].tolist()
    assert '"' not in (tmp_path / "out" / "bars.csv").read_text()


@pytest.mark.parametrize("path", [0, 1])
def test_one_path_is_the_one_that_is_named(
    folder: Path, bars: pd.DataFrame, tmp_path: Path, path: int
) -> None:
    mine = bars[bars["path"] == path].pivot(index="date", columns="asset", values="close")
    out = tmp_path / "out"
    for name in FORMATS:
        made(folder, name, out, path=path)
    assert (pd.read_csv(out / "close.csv")[["AAPL", "IBM"]].to_numpy() == mine.to_numpy()).all()
    assert (pd.read_parquet(out / "skfolio_prices.parquet") == mine).all(axis=None)
    wide = pd.read_parquet(out / "vectorbt_close.parquet")
    assert wide.columns.tolist() == [(path, "AAPL"), (path, "IBM")]
    assert (wide.to_numpy() == mine.to_numpy()).all()
    for asset in ("AAPL", "IBM"):
        for file in (out / "backtesting" / f"{asset}.csv", out / "zipline" / "daily" / f"{asset}.csv"):
            frame = pd.read_csv(file, index_col=0, parse_dates=True).rename(columns=str.lower)
            assert frame["close"].tolist() == mine[asset].tolist()
            assert len(frame) == len(mine)


def test_without_a_path_it_is_the_first_or_all(folder: Path, bars: pd.DataFrame, tmp_path: Path) -> None:
    wide = pd.read_parquet(made(folder, "vectorbt", tmp_path / "v") / "vectorbt_volume.parquet")
    assert wide.columns.tolist() == [(0, "AAPL"), (0, "IBM"), (1, "AAPL"), (1, "IBM")]
    mine = bars.pivot(index="date", columns=["path", "asset"], values="volume")
    assert (wide.to_numpy() == mine.to_numpy()).all()
    first = pd.read_parquet(made(folder, "skfolio", tmp_path / "s") / "skfolio_prices.parquet")
    assert (
        first.to_numpy() == bars[bars["path"] == 0].pivot(index="date", columns="asset", values="close")
    ).all(axis=None)


@pytest.mark.parametrize("name", ["backtesting", "vectorbt", "skfolio", "zipline"])
def test_dates_are_datetime64_and_ascending(folder: Path, tmp_path: Path, name: str) -> None:
    out = made(folder, name, tmp_path / "out")
    file = sorted([*out.rglob("*.parquet"), *out.rglob("*.csv")])[0]
    read = (
        pd.read_parquet(file)
        if file.suffix == ".parquet"
        else pd.read_csv(file, index_col=0, parse_dates=True)
    )
    assert str(read.index.dtype).startswith("datetime64")
    assert read.index.is_monotonic_increasing
    assert read.index.is_unique


def test_backtesting_has_its_five_columns(folder: Path, bars: pd.DataFrame, tmp_path: Path) -> None:
    frame = pd.read_csv(
        made(folder, "backtesting", tmp_path / "out") / "backtesting" / "IBM.csv", index_col=0
    )
    assert list(frame.columns) == ["Open", "High", "Low", "Close", "Volume"]
    mine = bars[(bars["path"] == 0) & (bars["asset"] == "IBM")]
    assert (frame.to_numpy() == mine[[*PRICES, "volume"]].to_numpy()).all()


def test_zipline_lies_on_the_sessions_of_the_exchange(folder: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(
        made(folder, "zipline", tmp_path / "out", from_date="2012-12-22") / "zipline/daily/IBM.csv"
    )
    assert list(frame.columns) == ["date", *PRICES, "volume", "dividend", "split"]
    assert frame["date"].head(3).tolist() == ["2012-12-24", "2012-12-26", "2012-12-27"]
    assert "2013-01-01" not in set(frame["date"])
    assert "2013-01-21" not in set(frame["date"])  # Martin Luther King Day
    assert frame[["dividend", "split"]].drop_duplicates().to_numpy().tolist() == [[0.0, 1.0]]


def test_every_format_may_lie_on_other_days(folder: Path, tmp_path: Path) -> None:
    out = made(folder, "csv", tmp_path / "out", from_date="2020-07-02")
    dates = pd.read_csv(out / "close.csv")["date"].head(2).tolist()
    assert dates == ["2020-07-02", "2020-07-06"]


def test_zipline_refuses_what_it_would_read_wrongly(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no day to lay the path on"):
        finsim.export(folder, "zipline", output=tmp_path / "out")
    with pytest.raises(StudyError, match="the last session would be") as caught:
        finsim.export(folder, "zipline", output=tmp_path / "out", from_date="2199-01-04")
    remedy = caught.value.problems[0].remedy.removeprefix("write from_date=")
    made(folder, "zipline", tmp_path / "out", from_date=remedy)


def one_asset(count: int = 4, calendar: TradingCalendar | None = None, **columns: Any) -> Paths:
    days = np.array(["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"], dtype="datetime64[D]")[:count]
    close = np.full((1, count, 1), 10.0)
    whole = {"open": close, "high": close + 1, "low": close - 1, "close": close, **columns}
    return Paths(("A",), days, whole, calendar=calendar or TradingCalendar())


@pytest.mark.parametrize(
    ("column", "value"), [("high", 4_294_968.0), ("volume", 2**32)], ids=["price", "volume"]
)
def test_zipline_refuses_what_32_bits_cannot_hold(tmp_path: Path, column: str, value: float) -> None:
    def written(number: float) -> None:
        values = np.full((1, 4, 1), number, dtype="int64" if column == "volume" else "float64")
        output = tmp_path / str(number)
        output.mkdir()
        zipline.write(Bars(one_asset(**{column: values}), from_date=date(2012, 1, 3)), output)

    written(value - 1)
    with pytest.raises(StudyError, match="cannot store"):
        written(value)


def test_zipline_refuses_other_calendars_and_holes(tmp_path: Path) -> None:
    weekly = one_asset(calendar=TradingCalendar("week"))
    with pytest.raises(StudyError, match="weekly bars"):
        zipline.write(Bars(weekly, from_date=date(2012, 1, 3)), tmp_path)
    hole = np.full((1, 4, 1), 10.0)
    hole[0, 0] = np.nan
    with pytest.raises(StudyError, match="no bar on some days"):
        zipline.write(Bars(one_asset(close=hole), from_date=date(2012, 1, 3)), tmp_path)


@pytest.mark.parametrize("name", ["backtesting", "vectorbt", "skfolio", "zipline", "nautilus"])
def test_levels_are_no_prices(tmp_path: Path, name: str) -> None:
    prices = replace(
        one_asset(), kinds=("difference",), columns={"close": np.arange(4.0).reshape(1, 4, 1) - 2}
    )
    with pytest.raises(StudyError, match="series of levels"):
        EXPORTS.load(name).write(Bars(prices), tmp_path)
    EXPORTS.load("csv").write(Bars(prices), tmp_path)
    assert pd.read_csv(tmp_path / "close.csv")["A"].tolist() == [-2.0, -1.0, 0.0, 1.0]


def test_a_file_of_bars_is_handed_over_too(bars: pd.DataFrame, tmp_path: Path) -> None:
    mine = bars[bars["path"] == 1].assign(path=7)
    mine.to_csv(tmp_path / "mine.csv", index=False)
    out = made(tmp_path / "mine.csv", "skfolio", tmp_path / "out")
    assert np.allclose(pd.read_parquet(out / "skfolio_prices.parquet").to_numpy().ravel(), mine["close"])
    with pytest.raises(StudyError, match="has no scenarios"):
        finsim.export(tmp_path / "mine.csv", "csv", output=tmp_path / "x", scenario="base")


@pytest.mark.parametrize("path", [2, 99])
def test_a_path_that_is_not_there_is_refused(folder: Path, tmp_path: Path, path: int) -> None:
    with pytest.raises(StudyError, match=r"no path \d+; expected 0 to 1"):
        finsim.export(folder, "csv", output=tmp_path / "out", path=path)
    assert not (tmp_path / "out").exists()


def test_file_names_are_plain_and_different() -> None:
    assert file_names(("BRK.B", "BRK-B", "brk-b", "a/b", "é", "")) == {
        "BRK.B": "BRK-B", "BRK-B": "BRK-B-2", "brk-b": "brk-b-3", "a/b": "a-b", "é": "é", "": "asset",
    }  # fmt: skip


def test_ticks_break_no_bar() -> None:
    raw = pd.DataFrame(
        {"open": [10.004], "high": [10.0049], "low": [9.9951], "close": [10.0049], "volume": [5]}
    )
    rounded, digits = on_ticks(raw)
    assert digits == 4
    assert rounded["volume"].dtype == "float64"
    cheap, digits = on_ticks(raw.assign(**{name: raw[name] / 1e4 for name in PRICES}))
    assert digits == 8
    assert (cheap["high"] >= cheap[["open", "close"]].max(axis=1)).all()
    dear, digits = on_ticks(raw.assign(**{name: raw[name] * 1e4 for name in PRICES}))
    assert digits == 2
    assert (dear["low"] <= dear[["open", "close"]].min(axis=1)).all()


def test_nautilus_is_asked_for_with_its_pip_line(folder: Path, tmp_path: Path) -> None:
    if find_spec("nautilus_trader"):
        pytest.skip("nautilus_trader is installed")
    with pytest.raises(StudyError, match="pip install nautilus_trader"):
        finsim.export(folder, "nautilus", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_quotes_and_instants_within_a_day(tmp_path: Path) -> None:
    times = np.array(["2026-01-05T14:30", "2026-01-05T14:35"], dtype="datetime64[ns]")
    close = np.array([[[10.0], [11.0]]])
    columns = {"close": close, "bid": close - 0.1, "ask": close + 0.1}
    calendar = TradingCalendar("minute", 5, opening=((870, 1000),))
    write(Bars(Paths(("A,B",), times, columns, calendar=calendar)), tmp_path)
    frame = pd.read_csv(tmp_path / "bars.csv")
    assert frame.columns.tolist() == ["path", "date", "asset", "close", "bid", "ask"]
    assert frame["date"].tolist() == ["2026-01-05T14:30:00Z", "2026-01-05T14:35:00Z"]
    assert frame["asset"].tolist() == ["A,B"] * 2
    assert pd.read_csv(tmp_path / "close.csv").columns.tolist() == ["path", "date", "A,B"]
