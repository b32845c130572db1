"""networkx views of transactions: the account graph and the subgraph of one injected scheme."""

from __future__ import annotations

import networkx as nx
import pandas as pd
import pyarrow as pa


def account_graph(rows: pa.Table, instance: int | None = None) -> nx.MultiDiGraph:
    """Return accounts as nodes and posted payments as edges.

    Edges carry ``tx_id, ts (ns), amount (minor units), channel, phase``; ``instance`` keeps only the
    payments of one scheme instance. Declined rows are left out: they moved no money.
    """
    frame: pd.DataFrame = rows.to_pandas()
    kept = frame["status"].eq("posted")
    if instance is not None:
        kept &= frame["instance"].eq(instance)
    graph = nx.MultiDiGraph()
    columns = ["tx_id", "ts", "amount", "channel", "phase"]
    for row in frame.loc[kept, ["from_account", "to_account", *columns]].itertuples(index=False):
        facts = dict(zip(columns, row[2:], strict=True))
        facts["ts"] = pd.Timestamp(facts["ts"]).value
        graph.add_edge(int(row[0]), int(row[1]), **facts)
    return graph
