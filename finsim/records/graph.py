"""networkx views of transactions: the account graph and the subgraph of one injected scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finsim.extras import Later

if TYPE_CHECKING:
    import networkx

AccountGraph: TypeAlias = "networkx.MultiDiGraph"

nx = Later("networkx", "graph")


def account_graph(rows: pa.Table, instance: int | None = None) -> AccountGraph:
    """Return accounts as nodes and posted payments as edges.

    Edges carry ``tx_id, ts (ns), amount (minor units), channel, phase`` (None for ordinary life);
    ``instance`` keeps only the payments of one scheme instance. Declined rows moved no money: left out.
    """
    columns = ["tx_id", "ts", "amount", "channel", "phase"]
    frame: pd.DataFrame = _kept(rows, instance).select(["from_account", "to_account", *columns]).to_pandas()
    graph: AccountGraph = nx.MultiDiGraph()
    for row in frame.itertuples(index=False):
        facts = dict(zip(columns, row[2:], strict=True))
        facts["ts"] = pd.Timestamp(facts["ts"]).as_unit("ns").value
        facts["phase"] = facts["phase"] if isinstance(facts["phase"], str) else None
        graph.add_edge(int(row[0]), int(row[1]), **facts)
    return graph


def _kept(rows: pa.Table, instance: int | None) -> pa.Table:
    kept = pc.equal(rows["status"], "posted")
    if instance is not None:
        kept = pc.and_(kept, pc.equal(rows["instance"], instance))
    return rows.filter(kept)
