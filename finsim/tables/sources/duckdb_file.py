"""A DuckDB database that holds one table, read batch by batch and only the columns that are needed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import DataError
from finsim.tables.duckdb_connection import connected, quoted
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.plain_texts import plain_schema
from finsim.tables.sources.read_errors import reading
from finsim.tables.sources.source import TableSource

_TABLES = """
SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE NOT internal
UNION ALL SELECT schema_name, view_name, comment FROM duckdb_views() WHERE NOT internal
ORDER BY 1, 2
"""


class DuckDBTable(TableSource):
    """The only table or view of a DuckDB database."""

    def __init__(self, path: Path, fields: Mapping[str, Field], dialect: Dialect, place: str) -> None:
        self.path = path
        with connected(path, place) as base:
            schema, table, comment = _only_table(base.execute(_TABLES).fetchall(), path, place)
            self._table = f"{quoted(schema)}.{quoted(table)}"
            with reading(place, "DuckDB table"):
                none = base.sql(f"SELECT * FROM {self._table} LIMIT 0")
                kinds = pa.RecordBatchReader.from_stream(none).schema
            rows = base.execute(f"SELECT count(*) FROM {self._table}").fetchone()[0]
        self.schema: pa.Schema = plain_schema(kinds).with_metadata(_facts(comment))
        super().__init__(self.schema.names, fields, dialect, place)
        self.rows = int(rows)
        if not self.rows:
            raise DataError(
                "the table has no rows", place=place, remedy="give a table with a header and rows"
            )

    def _columns(
        self, places: Sequence[int], fields: Mapping[int, Field], ids: bool = True
    ) -> Iterator[pa.RecordBatch]:
        names = [quoted(self.headers[at]) for at in places or [0]]  # without columns there are no rows
        with connected(self.path, self.place) as base, reading(self.place, "DuckDB table"):
            found = base.sql(f"SELECT {', '.join(names)} FROM {self._table}")
            for batch in pa.RecordBatchReader.from_stream(found):
                yield batch if places else batch.select([])


def _only_table(found: Sequence[tuple[str, str, str | None]], path: Path, place: str) -> tuple[str, str, Any]:
    """Return schema, name and comment of the only table; raises DataError when there is not one."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise DataError("the database holds no table", place=place, remedy="create one table in it")
    names = ", ".join(name if schema == "main" else f"{schema}.{name}" for schema, name, _ in found)
    first = found[0][1]
    raise DataError(
        f"the database holds {len(found)} tables: {names}",
        place=place,
        expected="one table",
        remedy=f"export the one that is meant: duckdb {path.name} -c \"COPY {first} TO '{first}.parquet'\"",
    )


def _facts(comment: str | None) -> dict[str, str] | None:
    """Return what finsim said of the table when it wrote it; a person's own comment says nothing of it."""
    try:
        said = json.loads(comment or "")
    except ValueError:
        return None
    is_own = isinstance(said, dict) and all(isinstance(value, str) for value in said.values())
    return said if is_own else None
