"""Backtesters and portfolio tools read bars; a market laid on past sessions is read by zipline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.filterwarnings("ignore")  # those of the clients are not ours


def bars(folder: Path, **wanted: object) -> pd.DataFrame:
    filters = [(name, "==", value) for name, value in wanted.items()]
    return pd.read_parquet(folder / "bars" / "scenario=base", filters=filters or None)


def test_backtesting(folder: Path) -> None:
    backtesting = pytest.importorskip("backtesting", reason="backtesting is not installed")

    class Hold(backtesting.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            pass

        def next(self) -> None:
            if not self.position:
                self.buy()

    frame = bars(folder, path=0, asset="AAPL").set_index("date").rename(columns=str.capitalize)
    assert backtesting.Backtest(frame, Hold, cash=1_000_000, finalize_trades=True).run()["# Trades"] == 1


def test_vectorbt(folder: Path) -> None:
    vectorbt = pytest.importorskip("vectorbt", reason="vectorbt is not installed")
    close = bars(folder).pivot(index="date", columns=["path", "asset"], values="close")
    gains = vectorbt.Portfolio.from_holding(close, freq="1D").total_return()
    assert np.allclose(gains.to_numpy(), (close.iloc[-1] / close.iloc[0] - 1).to_numpy())


def test_skfolio(folder: Path) -> None:
    preprocessing = pytest.importorskip("skfolio.preprocessing", reason="skfolio is not installed")
    close = bars(folder, path=0).pivot(index="date", columns="asset", values="close")
    assert preprocessing.prices_to_returns(close).shape == (len(close) - 1, 2)


def test_quantstats(folder: Path) -> None:
    quantstats = pytest.importorskip("quantstats", reason="quantstats is not installed")
    close = bars(folder, path=0, asset="AAPL").set_index("date")["close"]
    assert -1 < quantstats.stats.max_drawdown(close) < 0


def test_nautilus(folder: Path, tmp_path: Path) -> None:
    wranglers = pytest.importorskip(
        "nautilus_trader.persistence.wranglers", reason="nautilus_trader is not installed"
    )
    from nautilus_trader.model.data import BarType
    from nautilus_trader.test_kit.providers import TestInstrumentProvider

    kind = BarType.from_str("AAPL.XNAS-1-DAY-LAST-EXTERNAL")
    wrangler = wranglers.BarDataWrangler(kind, TestInstrumentProvider.equity("AAPL", "XNAS"))
    frame = bars(folder, path=0, asset="AAPL").set_index("date").tz_localize("UTC")
    assert len(wrangler.process(frame[["open", "high", "low", "close", "volume"]])) == len(frame)


def test_zipline_reads_a_market_that_is_laid_on_past_sessions(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundles = pytest.importorskip("zipline.data.bundles", reason="zipline-reloaded is not installed")
    import exchange_calendars
    from zipline.data.bundles.csvdir import csvdir_equities

    monkeypatch.setenv("ZIPLINE_ROOT", str(tmp_path / "root"))
    frame = bars(folder, path=0)
    days = exchange_calendars.get_calendar("XNYS").sessions_in_range("2012-01-03", "2022-12-30")
    days = days[: frame["date"].nunique()]
    (tmp_path / "daily").mkdir()
    for asset, own in frame.groupby("asset", observed=True):
        own.assign(date=days)[["date", "open", "high", "low", "close", "volume"]].to_csv(
            tmp_path / "daily" / f"{asset}.csv", index=False
        )
    csvdir = csvdir_equities(["daily"], str(tmp_path))
    bundles.register("finsim", csvdir, calendar_name="XNYS", start_session=days[0], end_session=days[-1])
    bundles.ingest("finsim", show_progress=False)
    reader = bundles.load("finsim").equity_daily_bar_reader
    found = reader.load_raw_arrays(["close"], days[0], days[-1], [0])[0][:, 0]
    close = frame[frame["asset"] == "AAPL"]["close"].to_numpy()
    assert np.allclose(found, close, atol=0.001)
