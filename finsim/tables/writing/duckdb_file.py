"""A DuckDB database that holds one table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa

from finsim.errors import DataError
from finsim.records.storage import regroup, replacing
from finsim.tables.cells.arrays_from_python import no_rows
from finsim.tables.duckdb_connection import connected, quoted, quoted_text

_ROWS = 2 * 122_880  # whole row groups of DuckDB: parts of them would be written again
_MEMORY = 128_000_000
_COPIES = 3  # of the rows of one step, as they are and packed


def write_duckdb(
    path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch | pa.Table], table: str
) -> int:
    """Stream batches into the only table of a new database; return the number of rows.

    What the schema says of the whole table is kept as its comment. Raises DataError for names that differ
    only in case, which DuckDB takes for one.
    """
    twice = [name for name, count in Counter(name.lower() for name in schema.names).items() if count > 1]
    if twice:
        raise DataError(
            f"two columns are called {twice[0]!r}, upper and lower case aside",
            place=str(path),
            remedy="rename one, or write .parquet",
        )
    count, room = 0, 0
    with replacing(path) as temporary:
        log = temporary.with_name(f"{temporary.name}.wal")
        try:
            # No transaction around all rows: DuckDB would hold them, and nobody sees this file yet.
            with connected(temporary, str(path), is_new=True) as base:
                base.register("part", no_rows(schema))
                base.execute(f"CREATE TABLE {quoted(table)} AS SELECT * FROM part")
                base.unregister("part")
                for group in regroup(schema, batches, _ROWS):
                    room = max(room, _MEMORY + _COPIES * group.nbytes)
                    base.execute(f"SET memory_limit = '{room}B'")
                    base.register("part", group)
                    base.execute(f"INSERT INTO {quoted(table)} SELECT * FROM part")
                    base.unregister("part")
                    count += group.num_rows
                if schema.metadata:
                    said = quoted_text(json.dumps(_texts(schema.metadata), sort_keys=True))
                    base.execute(f"COMMENT ON TABLE {quoted(table)} IS {said}")
        finally:
            log.unlink(missing_ok=True)
    return count


def _texts(facts: Mapping[bytes, bytes]) -> dict[str, str]:
    return {key.decode(errors="replace"): value.decode(errors="replace") for key, value in facts.items()}
