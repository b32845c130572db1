"""Graphs of payments: each format read by its library or a reader of its layout, beside the rows."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.errors import DataError, StudyError
from finsim.exports.payments import graphml
from finsim.exports.payments.networkx_tables import filled

Handed = Callable[[str], Path]


def posted(truth: pd.DataFrame) -> pd.DataFrame:
    return truth[truth["status"] == "posted"].reset_index(drop=True)


def test_the_filled_graph_is_the_one_that_networkx_builds(
    handed_over: Handed, truth: pd.DataFrame, world: Path
) -> None:
    graph = filled(nx.MultiDiGraph(), handed_over("networkx"))
    plain = nx.MultiDiGraph()
    plain.add_nodes_from(pd.read_parquet(world / "accounts.parquet")["account_id"].tolist())
    for row in posted(truth).itertuples():
        plain.add_edge(
            row.from_account, row.to_account, tx_id=row.tx_id, ts=row.ts.value // 1_000,
            amount=row.amount / 100, channel=row.channel, illicit=row.illicit,
        )  # fmt: skip
    assert nx.utils.edges_equal(
        graph.edges(keys=True, data=True), plain.edges(keys=True, data=True), directed=True
    )
    assert set(graph) == set(plain)
    assert {node: sorted(found) for node, found in graph.pred.items()} == {
        node: sorted(found) for node, found in plain.pred.items()
    }
    some = next(iter(graph.edges))
    graph.edges[some]["amount"] = -1.0  # both directions hold one and the same edge
    assert graph.pred[some[1]][some[0]][some[2]]["amount"] == -1.0
    graph.remove_edge(*some)
    assert graph.number_of_edges() == len(posted(truth)) - 1


def test_nodes_carry_what_accounts_say(handed_over: Handed, world: Path) -> None:
    graph = filled(nx.MultiDiGraph(), handed_over("networkx"))
    accounts = pd.read_parquet(world / "accounts.parquet")
    for row in accounts.itertuples():
        assert graph.nodes[row.account_id] == {
            "bank_id": row.bank_id, "customer_id": row.customer_id, "kind": row.kind,
            "opened": row.opened.value // 1_000, "opening_balance": row.opening_balance / 100,
            "overdraft_limit": row.overdraft_limit / 100,
        }  # fmt: skip


def test_one_banks_graph_leaves_out_what_it_does_not_know(world: Path, tmp_path: Path) -> None:
    finsim.export(world, "networkx", output=tmp_path / "out", bank=1)
    graph = filled(nx.MultiDiGraph(), tmp_path / "out")
    facts = {len(told) for _, told in graph.nodes(data=True) if told["bank_id"] != 1}
    assert facts == {1}


def test_a_graph_without_payments_is_filled(tmp_path: Path, handed_over: Handed) -> None:
    for name in ("networkx_nodes.parquet", "networkx_edges.parquet"):
        pq.write_table(pq.read_table(handed_over("networkx") / name).slice(0, 0), tmp_path / name)
    assert len(filled(nx.MultiDiGraph(), tmp_path)) == 0


@pytest.mark.parametrize("graph", [nx.DiGraph(), nx.MultiGraph(), nx.MultiDiGraph([(1, 2)]), 5])
def test_filled_refuses_other_graphs(handed_over: Handed, graph: object) -> None:
    with pytest.raises(DataError, match="empty directed multigraph"):
        filled(graph, handed_over("networkx"))


def test_filled_refuses_another_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"networkx_nodes\.parquet"):
        filled(nx.MultiDiGraph(), tmp_path)


def test_graphml_keeps_parallel_payments_types_and_holes(
    world: Path, truth: pd.DataFrame, tmp_path: Path
) -> None:
    scheme = int(truth[truth["is_laundering"]]["instance"].iloc[0])
    finsim.export(world, "graphml", output=tmp_path / "out", instance=scheme, bank=1)
    graph = nx.read_graphml(tmp_path / "out" / "graphml.graphml", node_type=int, force_multigraph=True)
    mine = posted(truth)
    seen = (mine["from_bank"] == 1) | (mine["to_bank"] == 1)
    mine = mine[(mine["instance"] == scheme) & seen]
    assert graph.is_directed()
    told = sorted((facts["tx_id"], a, b, facts["amount"], facts["is_laundering"], facts["ts"])
                  for a, b, facts in graph.edges(data=True))  # fmt: skip
    assert told == [
        (row.tx_id, row.from_account, row.to_account, row.amount / 100, row.is_laundering, row.ts.isoformat())
        for row in mine.itertuples()
    ]
    known = {len(facts) for node, facts in graph.nodes(data=True) if facts["bank_id"] == 1}
    assert known == {6}
    assert any(facts["bank_id"] != 1 and len(facts) == 1 for _, facts in graph.nodes(data=True))


def test_graphml_of_too_much_names_a_way_out(
    world: Path, truth: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphml, "MOST", len(posted(truth)))
    assert finsim.export(world, "graphml", output=tmp_path / "all").files
    monkeypatch.setattr(graphml, "MOST", len(posted(truth)) - 1)
    with pytest.raises(StudyError, match="for one scheme") as caught:
        finsim.export(world, "graphml", output=tmp_path / "out")
    scheme = re.search(r"instance=(\d+)", str(caught.value))
    assert scheme
    assert finsim.export(world, "graphml", output=tmp_path / "one", instance=int(scheme[1])).files
    assert not (tmp_path / "out").exists()


def test_graphml_escapes_text() -> None:
    assert graphml._text("a<b & c>") == "a&lt;b &amp; c&gt;"
    assert (graphml._text(True), graphml._text(1.5)) == ("true", "1.5")


def test_neo4j_headers_and_cells(handed_over: Handed, truth: pd.DataFrame, world: Path) -> None:
    folder = handed_over("neo4j")
    with (folder / "neo4j_accounts.csv").open(newline="") as file:
        header, *nodes = csv.reader(file)
    assert header == [
        "account_id:ID(Account){id-type:long}", "bank_id:int", "customer_id:long", "kind:string",
        "opened:date", "opening_balance:double", ":LABEL",
    ]  # fmt: skip
    accounts = pd.read_parquet(world / "accounts.parquet")
    assert [int(row[0]) for row in nodes] == accounts["account_id"].tolist()
    assert [row[4] for row in nodes] == accounts["opened"].dt.strftime("%Y-%m-%d").tolist()
    assert [round(float(row[5]) * 100) for row in nodes] == accounts["opening_balance"].tolist()
    with (folder / "neo4j_payments.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [
        ":START_ID(Account)", "tx_id:long", "ts:datetime", "amount:double", "currency:string",
        "channel:string", "illicit:boolean", ":END_ID(Account)", ":TYPE",
    ]  # fmt: skip
    mine = posted(truth)
    assert [int(row[0]) for row in rows] == mine["from_account"].tolist()
    assert [int(row[7]) for row in rows] == mine["to_account"].tolist()
    assert {row[0] for row in rows} | {row[7] for row in rows} <= {row[0] for row in nodes}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row[2]) for row in rows)
    assert pd.to_datetime([row[2] for row in rows]).tolist() == mine["ts"].tolist()
    assert [round(float(row[3]) * 100) for row in rows] == mine["amount"].tolist()
    assert [row[6] for row in rows] == mine["illicit"].map({True: "true", False: "false"}).tolist()
    assert {row[8] for row in rows} == {"PAYS"}


def tensors(file: Path) -> dict[str, np.ndarray]:
    """Read safetensors as its README says: a length, a header, the bytes."""
    data = file.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    kinds = {"F32": "<f4", "I64": "<i8", "BOOL": "?"}
    found, ends = {}, [0]
    for name, told in header.items():
        start, end = told["data_offsets"]
        assert start == ends[-1]
        ends.append(end)
        found[name] = np.frombuffer(data[8 + size + start : 8 + size + end], kinds[told["dtype"]]).reshape(
            told["shape"]
        )
    assert len(data) == 8 + size + ends[-1]
    return found


def test_pyg_edges_are_positions_in_time_order(handed_over: Handed, truth: pd.DataFrame, world: Path) -> None:
    found = tensors(handed_over("pyg") / "pyg.safetensors")
    mine = posted(truth)
    nodes = found["account/node_id"]
    pays = "account,pays,account"
    assert nodes[found[f"{pays}/edge_index"][0]].tolist() == mine["from_account"].tolist()
    assert nodes[found[f"{pays}/edge_index"][1]].tolist() == mine["to_account"].tolist()
    assert found[f"{pays}/time"].tolist() == (mine["ts"].astype("int64") // 10**6).tolist()
    assert found[f"{pays}/y"].tolist() == mine["illicit"].astype(int).tolist()
    assert found[f"{pays}/tx_id"].tolist() == mine["tx_id"].tolist()
    told = json.loads((handed_over("pyg") / "pyg.json").read_text())
    attributes = pd.DataFrame(found[f"{pays}/edge_attr"], columns=told[f"{pays}/edge_attr"])
    assert np.allclose(np.expm1(attributes["log1p amount"]), mine["amount"] / 100, rtol=1e-5)
    for channel, rows in mine.groupby("channel"):
        assert (attributes[f"channel is {channel}"].to_numpy() == (mine["channel"] == channel)).all(), len(
            rows
        )
    accounts = pd.read_parquet(world / "accounts.parquet")
    x = pd.DataFrame(found["account/x"], columns=told["account/x"])
    assert (x["kind is card"] == (accounts["kind"] == "card")).all()
    assert (np.sign(x["log1p opening balance, by sign"]) == np.sign(accounts["opening_balance"])).all()
    owner = found["customer/node_id"][found["customer,owns,account/edge_index"][0]]
    assert owner.tolist() == accounts["customer_id"].tolist()
    bank = found["bank/node_id"][found["account,held_at,bank/edge_index"][1]]
    assert bank.tolist() == accounts["bank_id"].tolist()


def test_pyg_splits_by_day_and_never_through_a_scheme(handed_over: Handed, truth: pd.DataFrame) -> None:
    found = tensors(handed_over("pyg") / "pyg.safetensors")
    masks = np.stack([found[f"account,pays,account/{name}_mask"] for name in ("train", "val", "test")])
    assert (masks.sum(axis=0) == 1).all()
    mine = posted(truth)
    side = masks.argmax(axis=0)
    assert np.allclose(masks.mean(axis=1), [0.6, 0.2, 0.2], atol=0.08)
    ordinary = mine[mine["instance"] < 0].index
    days = mine["ts"].dt.floor("D")
    assert (np.diff(side[ordinary]) >= 0).all()
    assert days.iloc[ordinary].groupby(days.iloc[ordinary]).groups.keys()
    assert pd.Series(side[ordinary]).groupby(days.iloc[ordinary].to_numpy()).nunique().max() == 1
    schemes = mine[mine["instance"] >= 0]
    assert pd.Series(side[schemes.index]).groupby(schemes["instance"].to_numpy()).nunique().max() == 1
    first = [mine["ts"][side == part].max() for part in (0, 1)]
    later = [mine.loc[ordinary, "ts"][side[ordinary] == part].min() for part in (1, 2)]
    assert first[0] < later[0]  # nothing is trained on that is later than what is judged
    assert first[1] < later[1]


def test_pyg_needs_three_days(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    day = truth["ts"].iloc[0].date() + pd.Timedelta("1D")
    with pytest.raises(StudyError, match="at least 3 days"):
        finsim.export(world, "pyg", output=tmp_path / "out", as_of=day)
    finsim.export(world, "pyg", output=tmp_path / "out", as_of=day + pd.Timedelta("1D"))
    found = tensors(tmp_path / "out" / "pyg.safetensors")
    assert all(found[f"account,pays,account/{name}_mask"].any() for name in ("train", "val", "test"))
