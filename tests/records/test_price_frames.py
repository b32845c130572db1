"""Bars in the shapes of backtesters: indexes, names, values, and what is refused."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from finsim.errors import RecordError
from finsim.records.paths import DIFFERENCE, PRICE, Paths
from finsim.records.trading_calendar import TradingCalendar
from tests.records.shown_worlds import paths


def some() -> Paths:
    return replace(paths(3, 40, 2), first_path=7)


def closes() -> Paths:
    known = some()
    return replace(known, columns={"close": known.close})


def test_wide_frames_are_dates_by_field_and_asset() -> None:
    known = some()
    frames = known.frames("wide")
    assert list(frames) == [7, 8, 9]
    frame = frames[8]
    assert frame.columns.names == ["field", "asset"]
    assert frame.index.dtype == np.dtype("datetime64[ns]")
    assert frame.index.is_monotonic_increasing
    for place, asset in enumerate(known.assets):
        for field, values in known.columns.items():
            assert frame[field, asset].tolist() == values[1, :, place].tolist()
    assert frame["close"].columns.tolist() == list(known.assets)
    assert frame["volume"].dtypes.tolist() == [np.int64] * 2


def test_vectorbt_takes_closes_as_dates_by_path_and_asset() -> None:
    known = some()
    frame = known.frames("vectorbt")
    assert frame.shape == (40, 6)
    assert frame.columns.names == ["path", "asset"]
    assert frame.index.dtype == np.dtype("datetime64[ns]")
    for place, path in enumerate((7, 8, 9)):
        for number, asset in enumerate(known.assets):
            assert frame[path, asset].tolist() == known.close[place, :, number].tolist()


def test_long_is_what_to_pandas_gives() -> None:
    pd.testing.assert_frame_equal(some().frames("long"), some().to_pandas())


def test_backtesting_has_a_frame_for_each_path_and_asset() -> None:
    known = some()
    frames = known.frames("backtesting")
    assert list(frames) == [(path, asset) for path in (7, 8, 9) for asset in known.assets]
    frame = frames[9, known.assets[1]]
    assert frame.columns.tolist() == ["Open", "High", "Low", "Close", "Volume"]
    assert frame.index.dtype == np.dtype("datetime64[ns]")
    for field in ("open", "high", "low", "close", "volume"):
        assert frame[field.capitalize()].tolist() == known.columns[field][2, :, 1].tolist()


def test_backtesting_leaves_out_days_without_a_bar() -> None:
    known = replace(some(), columns={name: values.astype(float) for name, values in some().columns.items()})
    for name in ("open", "high", "low", "close"):
        known.columns[name][:, :5, 0] = np.nan
    frames = known.frames("backtesting")
    assert [len(frames[7, asset]) for asset in known.assets] == [35, 40]


def test_bars_without_volume_have_none() -> None:
    known = replace(some(), columns={k: v for k, v in some().columns.items() if k != "volume"})
    frame = known.frames("backtesting")[7, known.assets[0]]
    assert frame["Volume"].isna().all()
    assert len(frame) == 40


def test_closes_alone_are_refused_for_backtesting_and_fine_elsewhere() -> None:
    with pytest.raises(RecordError, match="no open, high, low") as caught:
        closes().frames("backtesting")
    assert 'frames("vectorbt")' in caught.value.problems[0].remedy
    assert closes().frames("vectorbt").shape == (40, 6)
    assert closes().frames("wide")[7].shape == (40, 2)


def test_levels_are_not_traded_unless_left_out() -> None:
    known = replace(some(), kinds=(PRICE, DIFFERENCE))
    with pytest.raises(RecordError, match=f"not prices: {known.assets[1]}"):
        known.frames("backtesting")
    assert len(known.frames("backtesting", [known.assets[0]])) == 3


def test_some_assets_in_another_order() -> None:
    known = some()
    turned = known.frames("vectorbt", known.assets[::-1])
    assert turned.columns.get_level_values("asset").tolist()[:2] == list(known.assets[::-1])
    assert turned[7, known.assets[0]].tolist() == known.close[0, :, 0].tolist()
    assert known.frames("wide", known.assets[0])[7].shape == (40, 5)


@pytest.mark.parametrize(
    ("shape", "assets", "found"),
    [
        ("widde", None, "did you mean 'wide'"),
        ("wide", ["asset 9"], "no asset 'asset 9'"),
        ("wide", [], "no asset is named"),
        (None, None, "wide or long"),
    ],
)
def test_what_is_unknown_is_refused(shape: Any, assets: list[str] | None, found: str) -> None:
    with pytest.raises(RecordError, match=found):
        some().frames(shape, assets)


def test_bars_within_a_day_are_in_utc() -> None:
    dates = np.datetime64("2026-01-05T14:30", "ns") + np.arange(40) * np.timedelta64(5, "m")
    known = replace(some(), dates=dates, calendar=TradingCalendar("minute", 5))
    index = known.frames("vectorbt").index
    assert str(index.dtype) == "datetime64[ns, UTC]"
    assert str(known.to_pandas()["date"].dtype) == "datetime64[ns, UTC]"


def test_backtesting_py_trades_a_frame() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library itself, on import and on open trades
        backtesting = pytest.importorskip("backtesting")

        class Hold(backtesting.Strategy):  # type: ignore[misc, name-defined]
            def init(self) -> None:
                pass

            def next(self) -> None:
                if not self.position:
                    self.buy()

        known = some()
        for frame in known.frames("backtesting").values():
            stats = backtesting.Backtest(frame, Hold, cash=10_000, finalize_trades=True).run()
            assert stats["# Trades"] == 1
            assert stats["Start"] == frame.index[0]
