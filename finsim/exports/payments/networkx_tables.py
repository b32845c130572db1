"""networkx: nodes and edges as Parquet, and the one call that fills a graph with them.

networkx has no file of its own that holds a bank; ``filled`` builds the graph from arrays. Source: own.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from finsim.errors import DataError
from finsim.exports.export_format import Export
from finsim.exports.payments.graph_columns import EDGES, edges, nodes
from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.rows.scheme_rows import SideFile
from finsim.notation import Int1D

NODE_FILE, EDGE_FILE = "networkx_nodes.parquet", "networkx_edges.parquet"

READ = ["source", "target", "tx_id", "ts", "amount", "channel", "is_fraud", "is_laundering"]


def write(payments: Payments, folder: Path) -> None:
    """Write ``networkx_nodes.parquet``, ``networkx_edges.parquet`` and ``networkx_labels.csv``."""
    pq.write_table(nodes(payments), folder / NODE_FILE, compression="zstd")
    side = folder / "networkx_labels.csv"
    with (
        pq.ParquetWriter(folder / EDGE_FILE, EDGES, compression="lz4") as file,
        SideFile(side, payments) as labels,
    ):
        for batch, table in edges(payments):
            file.write_table(batch)
            labels.write(table)


def filled(graph: Any, folder: str | Path) -> Any:
    """Fill an empty ``networkx.MultiDiGraph`` from the folder of the export, and return it.

    Nodes are account ids with the columns of the node file, without empty cells. Edges carry ``tx_id``,
    ``ts`` (microseconds since 1970, UTC), ``amount``, ``channel`` and ``illicit``. Raises DataError for
    another kind of graph, for one that is not empty, and for a folder without the two files.

    Example:
        >>> import finsim, networkx
        >>> from finsim.exports.payments.networkx_tables import filled
        >>> made = finsim.simulate(accounts=300, days=3, output="world", progress=False)
        >>> done = finsim.export("world", "networkx", output="graph")
        >>> filled(networkx.MultiDiGraph(), "graph").number_of_nodes() == made.accounts.num_rows
        True

    """
    if not (hasattr(graph, "is_multigraph") and graph.is_multigraph() and graph.is_directed()) or len(graph):
        raise DataError(
            "not an empty directed multigraph", place="filled: graph", expected="networkx.MultiDiGraph()",
            remedy="write filled(networkx.MultiDiGraph(), folder)",
        )  # fmt: skip
    files = [Path(folder) / name for name in (NODE_FILE, EDGE_FILE)]
    if missing := [file.name for file in files if not file.is_file()]:
        raise DataError(
            f"no {missing[0]}", place=f"filled: {folder}",
            expected="the folder of `finsim export --as networkx`",
            remedy="give the folder that was written",
        )  # fmt: skip
    accounts = pq.read_table(files[0].absolute(), read_dictionary=["kind"])
    payments = pq.read_table(files[1].absolute(), columns=READ, read_dictionary=["channel"])
    collecting = gc.isenabled()
    gc.disable()  # millions of small dicts: the collector would walk all of them again and again
    try:
        _add_nodes(graph, accounts)
        if payments.num_rows:
            _add_edges(graph, payments)
    finally:
        if collecting:
            gc.enable()
    return graph


def _add_nodes(graph: Any, accounts: pa.Table) -> None:
    names = [name for name in accounts.column_names if name != "account_id"]
    rows = zip(*(_cells(accounts[name]) for name in names), strict=True)
    facts = ({k: v for k, v in zip(names, row, strict=True) if v is not None} for row in rows)
    graph.add_nodes_from(zip(_cells(accounts["account_id"]), facts, strict=True))


def _add_edges(graph: Any, payments: pa.Table) -> None:
    """Fill the two adjacencies of a multigraph account by account, as ``add_edge`` would edge by edge."""
    source, target = (np.asarray(payments[name]) for name in ("source", "target"))
    order = _order(source, target)
    facts = _facts(payments, order)
    source, target = source[order], target[order]
    starts = _starts(source, target)
    stops = [*starts[1:].tolist(), len(source)]
    keys = [
        {0: facts[start]} if stop - start == 1 else dict(enumerate(facts[start:stop]))
        for start, stop in zip(starts.tolist(), stops, strict=True)
    ]
    payers, payees = source[starts], target[starts]
    _fill(graph._succ, payers, payees, keys)
    back = _order(payees, payers)
    shared = np.empty(len(keys), dtype=object)
    shared[:] = keys
    _fill(graph._pred, payees[back], payers[back], shared[back].tolist())


def _order(first: Int1D, second: Int1D) -> Int1D:
    """Return the stable order by (first, second): of one number a pair where the ids are not far apart."""
    wide = int(np.ptp(second)) + 1
    if (int(np.ptp(first)) + 1) * wide >= 2**62:
        return np.lexsort((second, first))
    return np.argsort((first - first.min()) * wide + (second - second.min()), kind="stable")


def _fill(adjacency: Any, accounts: Int1D, others: Int1D, keys: list[Any]) -> None:
    """Give each account its neighbours; ``accounts`` is sorted."""
    starts = _starts(accounts, accounts)
    stops = [*starts[1:].tolist(), len(accounts)]
    names = others.tolist()
    for account, start, stop in zip(accounts[starts].tolist(), starts.tolist(), stops, strict=True):
        adjacency[account].update(zip(names[start:stop], keys[start:stop], strict=True))


def _starts(source: Int1D, target: Int1D) -> Int1D:
    """Return where each pair of ends begins in sorted edges."""
    changed = np.flatnonzero((np.diff(source) != 0) | (np.diff(target) != 0)) + 1
    return np.concatenate([np.zeros(1, np.int64), changed])


def _facts(payments: pa.Table, order: Int1D) -> list[dict[str, Any]]:
    """Return the attributes of each edge: five, as a dict of up to five takes half the memory of more."""
    illicit = np.asarray(payments["is_fraud"]) | np.asarray(payments["is_laundering"])
    cells = (_values(payments[name])[order].tolist() for name in ("tx_id", "ts", "amount", "channel"))
    return [
        {"tx_id": tx_id, "ts": ts, "amount": amount, "channel": channel, "illicit": bad}
        for tx_id, ts, amount, channel, bad in zip(*cells, illicit[order].tolist(), strict=True)
    ]


def _cells(column: pa.ChunkedArray) -> list[Any]:
    """Return the cells as Python values, instants as microseconds."""
    if column.null_count:
        plain = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
        return list(plain.to_pylist())
    return list(_values(column).tolist())


def _values(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    """Return a column without nulls as an array; equal words are one object."""
    if pa.types.is_timestamp(column.type):
        return np.asarray(column.cast(pa.int64()))
    if pa.types.is_dictionary(column.type):
        encoded = column.unify_dictionaries().combine_chunks()
        words = np.array(encoded.dictionary.to_pylist(), dtype=object)
        return np.asarray(words[np.asarray(encoded.indices)])
    return np.asarray(column)


EXPORT = Export(
    name="networkx",
    summary="networkx: accounts and payments as Parquet, and one call that fills a MultiDiGraph",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence", "instance"),
)
