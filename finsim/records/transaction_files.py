"""Payment rows on disk: features in ``transactions``, answers in ``labels``, row by row in one order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from finsim.errors import RecordError
from finsim.records.run_layout import table_file
from finsim.records.storage import ROW_GROUP, write_tables
from finsim.records.transactions import FEATURE_SCHEMA, LABEL_SCHEMA, TRANSACTION_SCHEMA

ID = "tx_id"
_ADDED = {
    "device_id": -1, "card_id": -1, "original_id": -1, "decline_reason": None, "taint": 0.0,
    "known_on": None, "known_by": None,
}  # fmt: skip
"""Columns that files of an older finsim do not have, and what stands for them."""


def row_files(run: Path, scenario: str) -> tuple[Path, Path]:
    """Return the file of the features and that of the labels of a run's payments."""
    return table_file(run, "transactions", scenario), table_file(run, "labels", scenario)


def write_rows(
    files: tuple[Path, Path], batches: Iterable[pa.RecordBatch | pa.Table], rows: int = ROW_GROUP
) -> int:
    """Stream rows of TRANSACTION_SCHEMA into a file of features and a file of labels; return their number."""
    features, labels = files
    return write_tables({features: FEATURE_SCHEMA, labels: LABEL_SCHEMA}, batches, rows)


def read_rows(files: tuple[Path, Path]) -> pa.Table:
    """Return all rows in TRANSACTION_SCHEMA; raises RecordError when the files do not belong together."""
    return pa.Table.from_batches(row_batches(files), TRANSACTION_SCHEMA)


def row_batches(
    files: tuple[Path, Path], columns: Sequence[str] = tuple(TRANSACTION_SCHEMA.names)
) -> Iterator[pa.RecordBatch]:
    """Yield some columns of the rows, a row group at a time, in the types of TRANSACTION_SCHEMA.

    Raises RecordError when the two files do not have the same rows.
    """
    with ExitStack() as stack:
        tables = [stack.enter_context(pq.ParquetFile(file.absolute())) for file in files]
        groups = [table.metadata.num_row_groups for table in tables]
        _require(groups[0] == groups[1], files, f"{groups[0]} and {groups[1]} row groups")
        for number in range(groups[0]):
            yield _joined(
                files, [table.read_row_group(number, _held(table, columns)) for table in tables], columns
            )


def _held(table: pq.ParquetFile, columns: Sequence[str]) -> list[str]:
    return [ID, *(name for name in table.schema_arrow.names if name in columns and name != ID)]


def _joined(files: tuple[Path, Path], parts: list[pa.Table], columns: Sequence[str]) -> pa.RecordBatch:
    features, labels = parts
    _require(features[ID].equals(labels[ID]), files, "rows of different tx_id")
    fields = [TRANSACTION_SCHEMA.field(name) for name in columns]
    found = [labels if name in labels.column_names and name != ID else features for name in columns]
    arrays = [_column(part, field) for part, field in zip(found, fields, strict=True)]
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields)).combine_chunks()
    return table.to_batches()[0] if table.num_rows else pa.RecordBatch.from_pylist([], pa.schema(fields))


def _column(part: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    """Return a column; files of an older finsim lack some, which then say nothing."""
    if field.name in part.column_names:
        return part[field.name].cast(field.type)
    if field.name not in _ADDED:
        raise RecordError(
            f"no column {field.name!r}", expected="the columns of payments", remedy="make the files again"
        )
    if field.nullable:
        return pa.nulls(part.num_rows, field.type)
    return pa.repeat(pa.scalar(_ADDED[field.name], field.type), part.num_rows)


def _require(holds: bool, files: tuple[Path, Path], found: str) -> None:
    if not holds:
        raise RecordError(
            found,
            place=f"{files[0]} and {files[1].parent.parent.name}",
            expected="the same rows in the same order",
            remedy="take both files from one run",
        )
