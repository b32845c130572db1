"""DuckDB: one database with the tables of a world of payments, money as decimals."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from finsim.exports.export_format import Export
from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.sql_tables import TABLES, batches
from finsim.tables.duckdb_connection import connected

FILE = "payments.duckdb"


def write(payments: Payments, folder: Path) -> None:
    """Write ``payments.duckdb`` with a table for each of ``TABLES``."""
    with connected(folder / FILE, "export: format", is_new=True) as database:
        for name, schema in TABLES.items():
            parts = (part for table in batches(payments, name) for part in table.to_batches())
            database.register("handed", pa.RecordBatchReader.from_batches(schema, parts))
            database.execute(f"CREATE TABLE {name} AS FROM handed")
            database.unregister("handed")


EXPORT = Export(
    name="duckdb",
    summary="DuckDB: one database with accounts, customers, transactions, labels, alerts, patterns",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence"),
    extra="db",
    rows="all",
)
