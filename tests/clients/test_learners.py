"""Learners and graph libraries take payments in at most two lines; the rest of each test is theirs."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from finsim.engine.finished_run import Run
from finsim.evaluation.detector_features import features

pytestmark = pytest.mark.usefixtures("lenient")


def test_lightgbm_on_features(run: Run) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is not installed")
    table, label = features(run.transactions), run.transactions["is_fraud"]
    model = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(table, label)
    assert model.n_features_in_ == table.shape[1]


def test_lightgbm_on_the_file_of_payments(run: Run) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is not installed")
    rows = pd.read_parquet(run.file("transactions")).select_dtypes(exclude="datetimetz")
    label = pd.read_parquet(run.file("labels"))["is_laundering"]
    assert (
        lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(rows, label).n_features_in_ == rows.shape[1]
    )


def test_networkx(run: Run) -> None:
    networkx = pytest.importorskip("networkx", reason="networkx is not installed")
    rows = run.transactions.to_pandas()
    graph = networkx.from_pandas_edgelist(rows, "from_account", "to_account", True, networkx.MultiDiGraph)
    assert graph.number_of_edges() == len(rows)
    assert {"amount", "is_fraud", "phase"} <= set(next(iter(graph.edges(data=True)))[2])


def test_torch_geometric(run: Run) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    data = pytest.importorskip("torch_geometric.data", reason="torch_geometric is not installed")
    rows = run.transactions.to_pandas()
    graph = data.Data(
        edge_index=torch.tensor(rows[["from_account", "to_account"]].to_numpy().T),
        edge_attr=torch.tensor(rows[["amount", "from_bank", "to_bank"]].to_numpy()),
        y=torch.tensor(rows["is_laundering"].to_numpy()),
    )
    assert graph.validate()
    assert graph.num_edges == len(rows)


AMLWORLD = """copy (select strftime(ts, '%Y/%m/%d %H:%M'), from_bank, from_account, to_bank, to_account,
amount / 100, currency, amount / 100, currency, channel, is_laundering::int
from 'RUN/transactions/scenario=base/*.parquet' join 'RUN/labels/scenario=base/*.parquet' using (tx_id)
where status = 'posted' order by tx_id) to 'FILE' (header)"""


def test_the_reader_of_amlworld(run: Run, tmp_path: Path) -> None:
    """Multi-GNN reads the eleven columns of AMLworld by place; one statement of SQL writes them."""
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    file = tmp_path / "trans.csv"
    duckdb.sql(AMLWORLD.replace("RUN", str(run.path)).replace("FILE", str(file)))
    with file.open(newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    edges = []
    for when, from_bank, payer, to_bank, payee, received, _, _, _, _, laundering in rows:
        at = datetime.strptime(when, "%Y/%m/%d %H:%M")
        edges.append((at, from_bank + payer, to_bank + payee, float(received), int(laundering)))
    world = run.transactions.to_pandas(money="units").query("status == 'posted'")
    assert len(edges) == len(world)
    assert sum(edge[4] for edge in edges) == world["is_laundering"].sum() > 0
    assert sum(edge[3] for edge in edges) == pytest.approx(world["amount"].sum())
