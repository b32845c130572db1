"""``write_by_ending``: batches of rows into one file, streamed, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import pyarrow as pa

from finsim.errors import DataError, StudyError
from finsim.records.storage import write_table
from finsim.tables.duckdb_connection import duckdb_module
from finsim.tables.endings import ARROW, DUCKDB, ENDINGS, PARQUET, TEXT, known_ending
from finsim.tables.schema import Dialect
from finsim.tables.writing.arrow_file import write_arrow
from finsim.tables.writing.csv_file import write_csv
from finsim.tables.writing.duckdb_file import write_duckdb
from finsim.tables.writing.text_look import TextLook

Rows: TypeAlias = Iterable[pa.RecordBatch | pa.Table]

_NO_MONEY: Mapping[str, int] = MappingProxyType({})


def write_by_ending(
    path: Path,
    schema: pa.Schema,
    batches: Rows,
    *,
    table: str = "rows",
    money: Mapping[str, int] = _NO_MONEY,
    dialect: Dialect | None = None,
    look: TextLook | None = None,
) -> int:
    """Stream batches into one file whose form is that of its ending; return the number of rows.

    At most one row group is held, and the file appears only when it is complete. Parquet, CSV and Arrow
    hold the same bytes for the same rows, however these were cut into batches; DuckDB the same rows, in a
    table called ``table``. ``money`` says which columns of whole numbers are minor units, and how many
    decimals their currency has: CSV holds them as decimals (``12.34``), the other forms as they are.
    ``dialect`` says how text is written, where not with commas and points in UTF-8, and ``look`` what stands
    around it.
    Raises StudyError for other endings (``known_ending``) and for a database that is there already,
    DataError where duckdb is not installed and for a column that has no place in this form.
    """
    ending = refuse_unwritable(path)

    def as_parquet() -> int:
        return write_table(path, schema, batches)

    def as_text() -> int:
        packing, sep = ENDINGS[ending].packing, ENDINGS[ending].sep
        form = replace(dialect or Dialect(), sep=sep) if sep else dialect
        return write_csv(path, schema, batches, money=money, packing=packing, dialect=form, look=look)

    def as_arrow() -> int:
        return write_arrow(path, schema, batches)

    def as_database() -> int:
        return write_duckdb(path, schema, batches, table)

    writers: Mapping[str, Callable[[], int]] = {
        PARQUET: as_parquet, TEXT: as_text, ARROW: as_arrow, DUCKDB: as_database,
    }  # fmt: skip
    try:
        return writers[ENDINGS[ending].form]()
    except pa.ArrowException as bad:
        reason = " ".join(str(bad).split())[:300]
        raise DataError(
            f"no {ENDINGS[ending].form} file can hold it: {reason}",
            place=str(path),
            remedy="write another form, such as .parquet",
        ) from None


def refuse_unwritable(path: str | Path, *, from_text: bool = False) -> str:
    """Return the ending of a file to be written, as ``known_ending``, before any work is done for it.

    Raises StudyError for an ending that is not written and for a database that is there already, DataError
    where duckdb is needed and not installed.
    """
    ending = known_ending(path, from_text=from_text)
    if ENDINGS[ending].form == DUCKDB:
        if Path(path).exists():
            raise StudyError("the database exists", place=str(path), remedy="choose another name with -o")
        duckdb_module(str(path))
    return ending
