"""The account graph: posted payments only, one scheme when asked, facts on the edges."""

from typing import Any

import pyarrow as pa

from finsim.records.graph import account_graph
from finsim.records.transactions import TRANSACTION_SCHEMA


def table(rows: list[dict[str, Any]]) -> pa.Table:
    filled = [
        {"channel": "transfer", "status": "posted", "instance": -1, "amount": 100, **row} for row in rows
    ]
    return pa.Table.from_pylist(filled, schema=TRANSACTION_SCHEMA)


ROWS = table(
    [
        {"tx_id": 0, "ts": 1_000, "from_account": 1, "to_account": 2},
        {"tx_id": 1, "ts": 2_001, "from_account": 1, "to_account": 2, "instance": 7, "phase": "place"},
        {"tx_id": 2, "ts": 3_000, "from_account": 2, "to_account": 3, "instance": 7, "phase": "layer"},
        {"tx_id": 3, "ts": 3_500, "from_account": 3, "to_account": 4, "instance": 7, "status": "declined"},
        {"tx_id": 4, "ts": 4_000, "from_account": 5, "to_account": 5, "instance": 8, "phase": "place"},
    ]
)


def test_every_posted_payment_is_an_edge() -> None:
    graph = account_graph(ROWS)
    assert sorted(graph.nodes) == [1, 2, 3, 5]
    assert graph.number_of_edges() == 4
    assert graph.number_of_edges(1, 2) == 2
    assert graph.has_edge(5, 5)
    assert not graph.has_node(4)


def test_one_scheme_with_its_facts_in_nanoseconds() -> None:
    graph = account_graph(ROWS, instance=7)
    edges = sorted(graph.edges(data=True), key=lambda edge: edge[2]["tx_id"])
    assert edges == [
        (1, 2, {"tx_id": 1, "ts": 2_001, "amount": 100, "channel": "transfer", "phase": "place"}),
        (2, 3, {"tx_id": 2, "ts": 3_000, "amount": 100, "channel": "transfer", "phase": "layer"}),
    ]


def test_ordinary_life_has_no_phase_and_an_unknown_scheme_no_edge() -> None:
    graph = account_graph(ROWS)
    assert [facts["phase"] for _, _, facts in graph.edges(1, data=True) if facts["tx_id"] == 0] == [None]
    assert account_graph(ROWS, instance=99).number_of_nodes() == 0
    assert account_graph(ROWS.slice(0, 0)).number_of_nodes() == 0
