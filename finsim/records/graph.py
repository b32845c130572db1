"""networkx views of transactions: the account graph and the subgraph of one injected scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finsim.call_errors import public
from finsim.errors import DataError
from finsim.extras import Later

if TYPE_CHECKING:
    import networkx

AccountGraph: TypeAlias = "networkx.MultiDiGraph"
Edge: TypeAlias = tuple[int, int, dict[str, Any]]

nx = Later("networkx", "graph")


@public
def account_graph(rows: pa.Table, instance: int | None = None) -> AccountGraph:
    """Return accounts as nodes and posted payments as edges.

    Declined rows moved no money: left out.

    Args:
        rows: an Arrow table of transactions, such as ``run.transactions.rows``.
        instance: keep only the payments of this scheme instance; all when left out.

    Returns:
        A networkx.MultiDiGraph; edges carry ``tx_id, ts (ns), amount (minor units), channel, phase`` (None
        for ordinary life).

    Raises:
        DataError: for what is no table of transactions.

    Example:
        >>> import finsim
        >>> world = finsim.simulate(accounts=300, days=3, progress=False)
        >>> finsim.account_graph(world.rows).number_of_nodes() > 10
        True

    """
    wanted = ("from_account", "to_account", "status", "instance")
    if not set(wanted) <= set(getattr(rows, "column_names", ())):
        raise DataError(
            f"{type(rows).__name__}, which is no table of transactions",
            place="account_graph: rows",
            expected=f"an Arrow table with {', '.join(wanted)}",
            remedy="give run.transactions.rows",
        )
    graph: AccountGraph = nx.MultiDiGraph()
    graph.add_edges_from(edges(rows, instance))
    return graph


def edges(rows: pa.Table, instance: int | None = None) -> list[Edge]:
    """Return the edges of ``account_graph`` as (payer, payee, facts), without the package for graphs."""
    columns = ["tx_id", "ts", "amount", "channel", "phase"]
    frame: pd.DataFrame = _kept(rows, instance).select(["from_account", "to_account", *columns]).to_pandas()
    found = []
    for row in frame.itertuples(index=False):
        facts = dict(zip(columns, row[2:], strict=True))
        facts["ts"] = pd.Timestamp(facts["ts"]).as_unit("ns").value
        facts["phase"] = facts["phase"] if isinstance(facts["phase"], str) else None
        found.append((int(row[0]), int(row[1]), facts))
    return found


def _kept(rows: pa.Table, instance: int | None) -> pa.Table:
    kept = pc.equal(rows["status"], "posted")
    if instance is not None:
        kept = pc.and_(kept, pc.equal(rows["instance"], instance))
    return rows.filter(kept)
