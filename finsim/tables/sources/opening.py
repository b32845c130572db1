"""``open_table``: whatever a user has, as a source of typed rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import DataError, StudyError
from finsim.file_kinds import near_names, not_a_table
from finsim.tables.cells.time_formats import wrong_format
from finsim.tables.endings import ARROW, DUCKDB, PARQUET, TEXT, form_by_name
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.arrow_file import FILE_MARK, OLD_MARK, STREAM_MARK, ArrowFile
from finsim.tables.sources.duckdb_file import DuckDBTable
from finsim.tables.sources.memory import ArrowStream, ArrowTable, PandasTable
from finsim.tables.sources.parquet_file import ParquetTable
from finsim.tables.sources.read_errors import reading
from finsim.tables.sources.source import TableSource
from finsim.tables.sources.text_file import TextTable

_MARKS = {PARQUET: (b"PAR1",), ARROW: (FILE_MARK, STREAM_MARK, OLD_MARK)}
_DATABASE = b"DUCK"
_READERS: Mapping[str, Callable[[Path, Mapping[str, Field], Dialect, str], TableSource]] = {
    PARQUET: ParquetTable, ARROW: ArrowFile, DUCKDB: DuckDBTable, TEXT: TextTable,
}  # fmt: skip


def open_table(
    data: Any, fields: Mapping[str, Field], dialect: Dialect | None = None, *, place: str = ""
) -> TableSource:
    """Open a table under declared columns; nothing but headers and the first lines is read yet.

    ``data`` is a path (CSV plain, gzip or zstd; a Parquet file or a folder of them; an Arrow file or stream;
    a DuckDB database of one table), an Arrow table, batch or reader, anything with ``__arrow_c_stream__``
    (polars, DuckDB), a pandas DataFrame, or an opened table.
    ``place`` is what messages call it. Raises DataError when it is missing, empty or no table, StudyError
    when the format of dates cannot be read.
    """
    used = (dialect or Dialect()).settled()
    if used.dates and (wrong := wrong_format(used.dates)):
        raise StudyError(f"dates: {wrong}", place=place or "dialect", remedy="such as dates=%d.%m.%Y")
    if isinstance(data, TableSource):
        return data
    if isinstance(data, str | Path):
        return _file(Path(data), fields, used, place or str(data))
    where = place or "table"
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if isinstance(data, pa.RecordBatchReader):
        with reading(where):
            data = data.read_all()
    if isinstance(data, pa.Table):
        return ArrowTable(data, fields, used, where)
    if type(data).__module__.split(".")[0] == "pandas" and hasattr(data, "columns"):
        return PandasTable(data, fields, used, where)
    if hasattr(data, "__arrow_c_stream__"):
        return ArrowStream(data, fields, used, where)
    raise DataError(
        f"{type(data).__name__} is no table",
        place=where,
        expected="a path, pandas, polars, Arrow or DuckDB table",
        remedy="hand in a DataFrame, an Arrow table or a path",
    )


def form_of(path: Path) -> str:
    """Return what a file or folder is read as: ``parquet``, ``arrow``, ``duckdb`` or ``text``.

    The first bytes decide, else the name: a damaged Parquet file is no text. Raises DataError for a file that
    cannot be opened.
    """
    if path.is_dir():
        return PARQUET
    with reading(str(path)), path.open("rb") as file:
        head = file.read(12)
    for form, starts in _MARKS.items():
        if head.startswith(starts):
            return form
    if head[8:] == _DATABASE:
        return DUCKDB
    return form_by_name(path) or TEXT


def stored_schema(path: Path) -> pa.Schema | None:
    """Return the Arrow schema of a file that holds typed columns; None for text. Errors are open_table's."""
    if form_of(path) == TEXT:
        return None
    opened = open_table(path, {})
    return opened.schema if isinstance(opened, ParquetTable | ArrowFile | DuckDBTable) else None


def _file(path: Path, fields: Mapping[str, Field], dialect: Dialect, place: str) -> TableSource:
    with reading(place):
        is_folder = path.is_dir()
        is_there = is_folder or path.is_file()
        is_empty = is_there and not is_folder and path.stat().st_size == 0
    if not is_there:
        raise DataError("no such file", place=place, remedy=near_names(path))
    if is_empty:
        raise DataError("the file is empty", place=place, remedy="give a table with a header and rows")
    form = form_of(path)
    if form == TEXT:
        with reading(place), path.open("rb") as file:
            other = not_a_table(file.read(4096))
        if other:
            expected = "a table: CSV (plain, gz, zst), Parquet, Arrow or DuckDB"
            raise DataError(other[0], place=place, expected=expected, remedy=other[1])
    return _READERS[form](path, fields, dialect, place)
