"""``open_table``: whatever a user has, as a source of typed rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import DataError, StudyError
from finsim.file_kinds import near_names, not_a_table
from finsim.tables.cells.time_formats import wrong_format
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.memory import ArrowStream, ArrowTable, PandasTable
from finsim.tables.sources.parquet_file import ENDINGS, ParquetTable
from finsim.tables.sources.read_errors import reading
from finsim.tables.sources.source import TableSource
from finsim.tables.sources.text_file import TextTable


def open_table(
    data: Any, fields: Mapping[str, Field], dialect: Dialect | None = None, *, place: str = ""
) -> TableSource:
    """Open a table under declared columns; nothing but headers and the first lines is read yet.

    ``data`` is a path (CSV plain, gzip or zstd; a Parquet file or a folder of them), an Arrow table, batch
    or reader, anything with ``__arrow_c_stream__`` (polars, DuckDB), a pandas DataFrame, or an opened table.
    ``place`` is what messages call it. Raises DataError when it is missing, empty or no table, StudyError
    when the format of dates cannot be read.
    """
    used = dialect or Dialect()
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


def is_parquet(path: Path) -> bool:
    """Whether a file or folder is read as Parquet: by its name, or its first bytes."""
    if path.is_dir() or path.suffix in ENDINGS:
        return True
    with reading(str(path)), path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _file(path: Path, fields: Mapping[str, Field], dialect: Dialect, place: str) -> TableSource:
    with reading(place):
        is_folder = path.is_dir()
        is_there = is_folder or path.is_file()
        is_empty = is_there and not is_folder and path.stat().st_size == 0
    if not is_there:
        raise DataError("no such file", place=place, remedy=near_names(path))
    if is_empty:
        raise DataError("the file is empty", place=place, remedy="give a table with a header and rows")
    if is_parquet(path):
        return ParquetTable(path, fields, dialect, place)
    with reading(place), path.open("rb") as file:
        other = not_a_table(file.read(4096))
    if other:
        raise DataError(
            other[0], place=place, expected="a table: CSV (plain, gz, zst) or Parquet", remedy=other[1]
        )
    return TextTable(path, fields, dialect, place)
