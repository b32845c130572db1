"""Learners and graph tools read payments: features from one table, answers from the other."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.filterwarnings("ignore")  # those of the clients are not ours


def read(folder: Path, table: str) -> pd.DataFrame:
    return pd.read_parquet(folder / table / "scenario=base")


def test_lightgbm(folder: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="lightgbm is not installed")
    features, labels = read(folder, "transactions"), read(folder, "labels")
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1)
    model.fit(features.drop(columns=["tx_id", "ts"]), labels["is_fraud"])
    assert model.n_features_ == features.shape[1] - 2


def test_networkx(folder: Path) -> None:
    rows = read(folder, "transactions")
    graph = nx.from_pandas_edgelist(
        rows, "from_account", "to_account", ["tx_id", "amount"], create_using=nx.MultiDiGraph
    )
    assert graph.number_of_edges() == len(rows)


def test_torch_geometric(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    data = pytest.importorskip("torch_geometric.data", reason="torch_geometric is not installed")
    rows, labels, accounts = (read(folder, name) for name in ("transactions", "labels", "accounts"))
    ends = np.stack(
        [accounts["account_id"].searchsorted(rows[side]) for side in ("from_account", "to_account")]
    )
    graph = data.Data(edge_index=torch.from_numpy(ends), y=torch.from_numpy(labels["is_fraud"].to_numpy(int)),
                      num_nodes=len(accounts))  # fmt: skip
    assert graph.validate()
    assert (accounts["account_id"].to_numpy()[ends[0]] == rows["from_account"]).all()
