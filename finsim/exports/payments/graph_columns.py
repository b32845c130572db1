"""Nodes and edges of a world of payments: accounts and posted payments, as the graph formats share them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.rows.row_words import renamed, whole
from finsim.exports.payments.rows.scheme_rows import SIDE

NODES = pa.schema(
    [
        ("account_id", pa.int64()),
        ("bank_id", pa.int32()),
        ("customer_id", pa.int64()),
        ("kind", pa.string()),
        ("opened", pa.timestamp("us")),
        ("opening_balance", pa.float64()),
        ("overdraft_limit", pa.float64()),
    ]
)
"""An account; money in units of the currency. What one bank does not know of another's accounts is null."""
EDGES = pa.schema(
    [
        ("source", pa.int64()),
        ("target", pa.int64()),
        ("tx_id", pa.int64()),
        ("ts", pa.timestamp("us", tz="UTC")),
        ("amount", pa.float64()),
        ("currency", pa.string()),
        ("channel", pa.string()),
        ("is_fraud", pa.bool_()),
        ("is_laundering", pa.bool_()),
    ]
)
"""A posted payment; parallel ones stay."""
COLUMNS = ("ts", "from_account", "to_account", "amount", "currency", "channel", *SIDE)


def nodes(payments: Payments) -> pa.Table:
    """Return the accounts, in NODES."""
    table = payments.accounts()
    units = {name: pc.divide(table[name].cast(pa.float64()), 100.0) for name in NODES.names[-2:]}
    columns = [
        units.get(name, renamed(table[name], {}) if name == "kind" else table[name]) for name in NODES.names
    ]
    return pa.table([whole(column).cast(field.type) for column, field in zip(columns, NODES, strict=True)],
                    schema=NODES)  # fmt: skip


def edges(payments: Payments) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield batches of payments in EDGES, each with the rows that it was made from."""
    for table in payments.batches(COLUMNS):
        columns = [
            table["from_account"], table["to_account"], table["tx_id"],
            table["ts"].cast(pa.timestamp("us", tz="UTC")), np.asarray(table["amount"]) / 100,
            renamed(table["currency"], {}), renamed(table["channel"], {}), table["is_fraud"],
            table["is_laundering"],
        ]  # fmt: skip
        yield pa.table(columns, schema=EDGES), table
