"""Backtesters and portfolio libraries take paths in at most two lines; the rest of each test is theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from finsim.engine.finished_run import Run
from finsim.records.paths import Paths

pytestmark = pytest.mark.usefixtures("lenient")


def test_backtesting_py(run: Run) -> None:
    backtesting = pytest.importorskip("backtesting", reason="backtesting.py is not installed")

    class Hold(backtesting.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            """Nothing to prepare."""

        def next(self) -> None:
            if not self.position:
                self.buy()

    bars = run.paths.frames("backtesting")[1, "AAPL"]
    found = backtesting.Backtest(bars, Hold, cash=1e6).run()
    assert found["Buy & Hold Return [%]"] == pytest.approx(
        100 * (bars["Close"].iloc[-1] / bars["Close"].iloc[0] - 1), abs=5
    )


def test_vectorbt(run: Run) -> None:
    vectorbt = pytest.importorskip("vectorbt", reason="vectorbt is not installed")
    closes = run.paths.frames("vectorbt")
    returns = vectorbt.Portfolio.from_holding(closes, freq="1D").total_return()
    assert returns.to_numpy() == pytest.approx((closes.iloc[-1] / closes.iloc[0] - 1).to_numpy())


def test_skfolio(run: Run) -> None:
    optimization = pytest.importorskip("skfolio.optimization", reason="skfolio is not installed")
    preprocessing = pytest.importorskip("skfolio.preprocessing", reason="skfolio is not installed")
    returns = preprocessing.prices_to_returns(run.paths.frames("wide")[0]["close"])
    assert optimization.MeanRisk().fit(returns).weights_.sum() == pytest.approx(1.0)


def test_quantstats(run: Run) -> None:
    quantstats = pytest.importorskip("quantstats", reason="QuantStats is not installed")
    returns = run.paths.frames("vectorbt")[0, "AAPL"].pct_change().dropna()
    sharpe = float(np.sqrt(252) * returns.mean() / returns.std())
    assert float(quantstats.stats.sharpe(returns)) == pytest.approx(sharpe, rel=0.01)


def test_nautilus(run: Run) -> None:
    wranglers = pytest.importorskip(
        "nautilus_trader.persistence.wranglers", reason="nautilus is not installed"
    )
    kit = pytest.importorskip("nautilus_trader.test_kit.providers", reason="nautilus is not installed")
    data = pytest.importorskip("nautilus_trader.model.data", reason="nautilus is not installed")
    kind = data.BarType.from_str("AAPL.XNAS-1-DAY-LAST-EXTERNAL")
    wrangler = wranglers.BarDataWrangler(kind, kit.TestInstrumentProvider.equity("AAPL", "XNAS"))
    bars = run.paths.frames("backtesting")[0, "AAPL"].rename(columns=str.lower)
    made = wrangler.process(bars)
    assert len(made) == len(bars)
    assert float(made[-1].close) == pytest.approx(bars["close"].iloc[-1], abs=0.01)
    assert made[-1].ts_event == bars.index[-1].value


def test_zipline(past_paths: Paths, tmp_path: Path) -> None:
    zipline = pytest.importorskip("zipline", reason="zipline-reloaded is not installed")
    bundles = pytest.importorskip("zipline.data.bundles", reason="zipline-reloaded is not installed")
    csvdir = pytest.importorskip("zipline.data.bundles.csvdir", reason="zipline-reloaded is not installed")
    (tmp_path / "daily").mkdir()
    for asset in past_paths.assets:
        past_paths.frames("backtesting")[0, asset].rename(columns=str.lower).to_csv(
            tmp_path / "daily" / f"{asset}.csv"
        )
    environment = {"ZIPLINE_ROOT": str(tmp_path / "root")}
    bundles.register("paths", csvdir.csvdir_equities(["daily"], str(tmp_path)), calendar_name="XNYS")
    bundles.ingest("paths", environment, show_progress=False)
    seen: list[float] = []

    def each_day(context: Any, data: Any) -> None:
        seen.append(float(data.current(zipline.api.symbol("AAPL"), "close")))

    days = pd.DatetimeIndex(past_paths.dates)
    zipline.run_algorithm(
        start=days[0],
        end=days[-1],
        initialize=lambda context: None,
        handle_data=each_day,
        capital_base=1e6,
        bundle="paths",
        environ=environment,
        benchmark_returns=pd.Series(0.0, days),
        metrics_set="none",
    )
    closes = past_paths.close[0, :, past_paths.assets.index("AAPL")]
    assert seen == pytest.approx(closes.tolist(), abs=0.01)
