"""The rows that are handed over, each read by its real client; clients that are not installed are skipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.exports.payments.networkx_tables import filled

pytestmark = pytest.mark.filterwarnings("ignore")  # those of the clients are not ours


def handed(folder: Path, name: str, output: Path, **options: Any) -> Path:
    finsim.export(folder, name, output=output / "out", **options)
    return output / "out"


def bars(folder: Path, **wanted: object) -> pd.DataFrame:
    filters = [(name, "==", value) for name, value in wanted.items()]
    return pd.read_parquet(folder / "bars" / "scenario=base", filters=filters or None)


def posted(folder: Path) -> pd.DataFrame:
    rows = pd.read_parquet(folder / "transactions" / "scenario=base")
    return rows[rows["status"] == "posted"]


def test_backtesting_trades_on_the_file(folder: Path, tmp_path: Path) -> None:
    backtesting = pytest.importorskip("backtesting", reason="backtesting is not installed")

    class Hold(backtesting.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            pass

        def next(self) -> None:
            if not self.position:
                self.buy()

    file = handed(folder, "backtesting", tmp_path) / "backtesting" / "AAPL.csv"
    frame = pd.read_csv(file, index_col=0, parse_dates=True)
    assert backtesting.Backtest(frame, Hold, cash=1_000_000, finalize_trades=True).run()["# Trades"] == 1


def test_vectorbt_holds_every_path_of_the_file(folder: Path, tmp_path: Path) -> None:
    vectorbt = pytest.importorskip("vectorbt", reason="vectorbt is not installed")
    close = pd.read_parquet(handed(folder, "vectorbt", tmp_path) / "vectorbt_close.parquet")
    gains = vectorbt.Portfolio.from_holding(close, freq="1D").total_return()
    mine = bars(folder).pivot(index="date", columns=["path", "asset"], values="close")
    assert np.allclose(gains.to_numpy(), (mine.iloc[-1] / mine.iloc[0] - 1).to_numpy())


def test_skfolio_makes_returns_of_the_file(folder: Path, tmp_path: Path) -> None:
    preprocessing = pytest.importorskip("skfolio.preprocessing", reason="skfolio is not installed")
    prices = pd.read_parquet(handed(folder, "skfolio", tmp_path, path=1) / "skfolio_prices.parquet")
    mine = bars(folder, path=1).pivot(index="date", columns="asset", values="close").pct_change().iloc[1:]
    assert np.allclose(preprocessing.prices_to_returns(prices).to_numpy(), mine.to_numpy())


def test_quantstats_measures_the_closes_of_the_file(folder: Path, tmp_path: Path) -> None:
    quantstats = pytest.importorskip("quantstats", reason="quantstats is not installed")
    wide = pd.read_csv(handed(folder, "csv", tmp_path) / "close.csv", parse_dates=["date"])
    close = wide[wide["path"] == 1].set_index("date")["IBM"]
    mine = bars(folder, path=1, asset="IBM")["close"].to_numpy()
    assert quantstats.stats.max_drawdown(close) == pytest.approx(
        (mine / np.maximum.accumulate(mine)).min() - 1
    )
    moves = mine[1:] / mine[:-1] - 1
    found = quantstats.stats.volatility(close.pct_change().dropna())
    assert found == pytest.approx(moves.std(ddof=1) * np.sqrt(252))


def test_polars_and_duckdb_read_every_bar_of_the_csv(folder: Path, tmp_path: Path) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    file, mine = handed(folder, "csv", tmp_path) / "bars.csv", bars(folder)
    read = polars.read_csv(file, try_parse_dates=True)
    assert read["close"].to_list() == mine["close"].tolist()
    assert read["date"].to_list() == mine["date"].dt.date.tolist()
    rows = duckdb.sql(f"SELECT volume FROM read_csv('{file}', strict_mode=true, header=true)").fetchall()
    assert [volume for (volume,) in rows] == mine["volume"].tolist()


def test_zipline_ingests_the_folder(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundles = pytest.importorskip("zipline.data.bundles", reason="zipline-reloaded is not installed")
    from zipline.data.bundles.csvdir import csvdir_equities

    monkeypatch.setenv("ZIPLINE_ROOT", str(tmp_path / "root"))
    home = handed(folder, "zipline", tmp_path, from_date="2012-01-03") / "zipline"
    days = pd.read_csv(home / "daily" / "AAPL.csv", index_col=0, parse_dates=True).index
    csvdir = csvdir_equities(["daily"], str(home))
    bundles.register("handed", csvdir, calendar_name="XNYS", start_session=days[0], end_session=days[-1])
    bundles.ingest("handed", show_progress=False)
    reader = bundles.load("handed").equity_daily_bar_reader
    found = reader.load_raw_arrays(["close"], days[0], days[-1], [0])[0][:, 0]
    assert np.allclose(found, bars(folder, path=0, asset="AAPL")["close"].to_numpy(), atol=0.001)


def test_nautilus_reads_its_catalog(folder: Path, tmp_path: Path) -> None:
    catalogs = pytest.importorskip(
        "nautilus_trader.persistence.catalog", reason="nautilus_trader is not installed"
    )
    home = handed(folder, "nautilus", tmp_path) / "nautilus"
    catalog = catalogs.ParquetDataCatalog(str(home))
    found = catalog.bars()
    mine = bars(folder, path=0)
    assert len(found) == len(mine)
    assert {instrument.id.value for instrument in catalog.instruments()} == {"AAPL.FINSIM", "IBM.FINSIM"}
    first = next(bar for bar in found if str(bar.bar_type).startswith("AAPL"))
    assert float(first.close) == pytest.approx(mine[mine["asset"] == "AAPL"]["close"].iloc[0], abs=0.005)
    assert pd.Timestamp(first.ts_event).hour in (20, 21)  # the close in New York, in UTC


def test_torch_geometric_takes_the_tensors(folder: Path, tmp_path: Path) -> None:
    data = pytest.importorskip("torch_geometric.data", reason="torch_geometric is not installed")
    from safetensors.torch import load_file

    graph = data.HeteroData()
    for key, tensor in load_file(handed(folder, "pyg", tmp_path) / "pyg.safetensors").items():
        store, name = key.rsplit("/", 1)
        graph[tuple(store.split(",")) if "," in store else store][name] = tensor
    assert graph.validate()
    assert graph["account", "pays", "account"].num_edges == len(posted(folder))
    assert graph["customer"].num_nodes == graph["customer"].node_id.numel()


def test_safetensors_reads_what_is_written_without_it(folder: Path, tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    found = numpy.load_file(handed(folder, "pyg", tmp_path) / "pyg.safetensors")
    assert found["account,pays,account/edge_index"].shape == (2, len(posted(folder)))
    assert found["account,pays,account/train_mask"].dtype == bool
    assert found["account/x"].dtype == np.float32


def test_networkx_walks_the_filled_graph(folder: Path, tmp_path: Path) -> None:
    networkx = pytest.importorskip("networkx", reason="networkx is not installed")
    graph = filled(networkx.MultiDiGraph(), handed(folder, "networkx", tmp_path))
    mine = posted(folder)
    assert dict(graph.out_degree()) == dict.fromkeys(graph, 0) | mine["from_account"].value_counts().to_dict()
    assert dict(graph.in_degree()) == dict.fromkeys(graph, 0) | mine["to_account"].value_counts().to_dict()
    assert sum(networkx.pagerank(networkx.DiGraph(graph)).values()) == pytest.approx(1)


@pytest.mark.parametrize("name", ["paysim", "saml-d", "sparkov"])
def test_polars_and_duckdb_read_the_csv_strictly(folder: Path, tmp_path: Path, name: str) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    file = handed(folder, name, tmp_path) / f"{name}.csv"
    mine = posted(folder)
    cards = mine["channel"].isin(["card_present", "card_not_present"]) & (mine["merchant_id"] >= 0)
    count = int(cards.sum()) if name == "sparkov" else len(mine)
    assert polars.read_csv(file, infer_schema_length=None).height == count
    assert len(duckdb.sql(f"FROM read_csv('{file}', strict_mode=true, header=true)").fetchall()) == count
