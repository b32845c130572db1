"""PostgreSQL: a schema with the copy lines that fill it, and a CSV for each table."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from finsim.exports.export_format import Export
from finsim.exports.payments.rows.csv_rows import CsvRows
from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.rows.row_words import MONEY
from finsim.exports.payments.sql_tables import DAY, INSTANT, KEYS, TABLES, TEXT, batches

_TYPES = {
    pa.int64(): "bigint", pa.int32(): "integer", pa.int16(): "smallint", pa.int8(): "smallint",
    pa.bool_(): "boolean", pa.float32(): "real", pa.float64(): "double precision",
    MONEY: "numeric(19,2)", TEXT: "text", INSTANT: "timestamptz", DAY: "date",
}  # fmt: skip


def write(payments: Payments, folder: Path) -> None:
    """Write ``postgres_schema.sql`` and a ``postgres_<table>.csv`` for each table."""
    (folder / "postgres_schema.sql").write_text(schema_text(), encoding="utf-8")
    for name, schema in TABLES.items():
        with CsvRows(folder / f"postgres_{name}.csv", ",".join(schema.names), quoted=True) as file:
            for table in batches(payments, name):
                file.write(*(_cell(column) for column in table.columns))


def _cell(column: pa.ChunkedArray) -> pa.Array:
    """Return instants as text with their zone; other columns as they are."""
    array = column.combine_chunks()
    if array.type != INSTANT:
        return array
    plain = array.cast(pa.timestamp("us")).cast(pa.string())
    return pc.binary_join_element_wise(plain, "+00", "")


def schema_text() -> str:
    """Return the SQL: tables in the order in which they are filled, then a copy line for each."""
    made = []
    for name, schema in TABLES.items():
        lines = [f'  "{field.name}" {_TYPES[field.type]}' for field in schema]
        lines += [f'  PRIMARY KEY ("{KEYS[name]}")'] if name in KEYS else []
        made.append(f"CREATE TABLE {name} (\n" + ",\n".join(lines) + "\n);\n")
    copies = [f"\\copy {name} FROM 'postgres_{name}.csv' WITH (FORMAT csv, HEADER)\n" for name in TABLES]
    return "\n".join(made) + "\n" + "".join(copies)


EXPORT = Export(
    name="postgres",
    summary="PostgreSQL: schema.sql and a CSV a table for COPY",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence"),
    rows="all",
)
