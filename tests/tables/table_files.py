"""Tables of each kind that finsim writes, with every hard value, and the clients that read them back."""

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from finsim.credit.panel import PANEL_SCHEMA
from finsim.records.columns import DAY
from finsim.records.paths import bars_schema
from finsim.records.transactions import TRANSACTION_SCHEMA

ENDINGS = (".parquet", ".csv", ".csv.gz", ".csv.zst", ".arrow", ".duckdb")
FLOATS = (0.1, 100.0, 1e22, 5e-324, 1.7976931348623157e308, -0.0, 1 / 3, 123456789.125, 2.0**53, 1e-7)
TEXTS = ("IBM", "a,b", 'say "so"', "two\nlines", "007", "größe", " x ", "end\r", "semi;colon")


def _column(field: pa.Field, rows: int, rng: np.random.Generator) -> pa.Array:
    kind = field.type
    if pa.types.is_dictionary(kind):
        words = [
            None if field.name in ("narrative", "phase") and k % 3 else TEXTS[k % len(TEXTS)]
            for k in range(rows)
        ]
        return pa.array(words).dictionary_encode().cast(kind)
    if pa.types.is_boolean(kind):
        return pa.array(rng.random(rows) < 0.5)
    if pa.types.is_date(kind):
        return pa.array(rng.integers(-30_000, 60_000, rows), pa.int32()).cast(kind)
    if kind == DAY:
        return pa.array(rng.integers(-30_000, 60_000, rows) * 86_400_000_000).cast(kind)
    if pa.types.is_timestamp(kind):
        return pa.array(rng.integers(-(10**15), 4 * 10**15, rows) * 1000).cast(kind)  # microseconds
    if pa.types.is_floating(kind):
        return pa.array([FLOATS[k % len(FLOATS)] for k in range(rows)])
    limits = np.iinfo(kind.to_pandas_dtype())
    return pa.array(rng.integers(limits.min, limits.max, rows, endpoint=True, dtype=limits.dtype))


def made(schema: pa.Schema, rows: int) -> pa.Table:
    """Return a table of a schema with values at the limits of their types."""
    rng = np.random.default_rng(0)
    return pa.Table.from_arrays([_column(field, rows, rng) for field in schema], schema=schema)


TABLES = {
    "bars": (made(bars_schema(), 500), {}),
    "transactions": (
        made(TRANSACTION_SCHEMA, 500), {"amount": 2, "from_balance_after": 2, "to_balance_after": 2},
    ),
    "months": (made(PANEL_SCHEMA, 500), {"balance": 0, "loss": 3}),
}  # fmt: skip


def plain(table: pa.Table) -> pa.Table:
    """Return a table with labels as text, days as dates, and without metadata."""
    kinds = [pa.field(one.name, _plain(one.type)) for one in table.schema]
    return table.cast(pa.schema(kinds))


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.value_type
    return pa.date32() if pa.types.is_timestamp(kind) and kind.tz is None else kind


def cents(table: pa.Table, money: dict[str, int]) -> pa.Table:
    """Return a table read from a CSV, whose money is text of decimals, with money as minor units."""
    for name, places in money.items():
        at = table.column_names.index(name)
        whole = [int(cell.replace(".", "")) for cell in table[name].to_pylist()]
        assert all(cell[-places - 1 :].startswith(".") for cell in table[name].to_pylist() if places)
        table = table.set_column(at, name, pa.array(whole, pa.int64()))
    return table


def by_pandas(path, ending, table, money):
    """Return the file as pandas reads it, with the types of ``table``."""
    if ending == ".parquet":
        frame = pd.read_parquet(path)
    elif ending == ".arrow":
        frame = pd.read_feather(path)
    else:
        days = [f.name for f in table.schema if pa.types.is_date(f.type) or pa.types.is_timestamp(f.type)]
        kinds = {f.name: f.type.to_pandas_dtype() for f in table.schema if pa.types.is_integer(f.type)}
        texts = {f.name: "str" for f in table.schema if pa.types.is_dictionary(f.type)}
        kinds = {**kinds, **texts, **dict.fromkeys(money, "str")}
        frame = pd.read_csv(path, dtype=kinds, keep_default_na=False, na_values=[""])
        for name in days:
            frame[name] = (
                pd.to_datetime(frame[name], format="ISO8601")
                if ":" in frame[name][0]
                else [date.fromisoformat(cell) for cell in frame[name]]
            )
        return cents(pa.Table.from_pandas(frame, preserve_index=False), money)
    return pa.Table.from_pandas(frame, preserve_index=False)


def by_polars(path, ending, table, money):
    """Return the file as polars reads it."""
    if ending == ".parquet":
        return pl.read_parquet(path).to_arrow()
    if ending == ".arrow":
        return pl.read_ipc(path).to_arrow()
    texts = [f.name for f in table.schema if pa.types.is_dictionary(f.type)] + list(money)
    frame = pl.read_csv(path, try_parse_dates=True, schema_overrides=dict.fromkeys(texts, pl.String))
    return cents(frame.to_arrow(), money)


def by_duckdb(path, ending, table, money):
    """Return the file as DuckDB reads it."""
    if ending == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as base:
            names = [name for (name,) in base.sql("SELECT table_name FROM duckdb_tables()").fetchall()]
            base.execute("SET TimeZone = 'UTC'")
            return pa.table(base.sql(f"FROM {names[0]}"))
    duckdb.sql("SET TimeZone = 'UTC'")
    if ending == ".parquet":
        return pa.table(duckdb.sql(f"FROM '{path}'"))
    texts = [f.name for f in table.schema if pa.types.is_dictionary(f.type)] + list(money)
    kinds = ", ".join(f"'{name}': 'VARCHAR'" for name in texts)
    read = duckdb.sql(f"FROM read_csv('{path}', header = true, types = {{{kinds}}})")
    return cents(pa.table(read), money)


def same(found: pa.Table, wanted: pa.Table, *, kinds: bool) -> None:
    """Compare two tables value by value; with ``kinds`` also their types, labels and text alike."""
    found, wanted = plain(found), plain(wanted)
    assert found.column_names == wanted.column_names
    for name in wanted.column_names:
        got, want = found[name], wanted[name]
        if kinds and not pa.types.is_string(want.type):
            assert got.type == want.type, name
        assert got.cast(want.type).to_pylist() == want.to_pylist(), name
