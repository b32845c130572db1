"""Anybody's table: CSV, CSV.gz or Parquet (a file or a folder of files) -> Arrow, with errors that help."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from finsim.errors import DataError

_SAMPLE = 1_000_000
_NULLS = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "#N/A"]


def read_table(path: str | Path, types: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    """Read a table; ``types`` are of columns of a CSV whose cells must not be guessed at.

    Raises DataError when the file is missing, empty or not a table, and when a column of numbers holds
    text (with column, row and line).
    """
    given = Path(path)
    if given.is_dir():
        return _folder(given)
    if not given.is_file():
        raise DataError("no such file", place=str(given), remedy="check the path")
    if given.stat().st_size == 0:
        raise DataError("the file is empty", place=str(given), remedy="give a table with a header and rows")
    table = _parquet(given) if given.suffix in (".parquet", ".pq") else _csv(given, dict(types or {}))
    if table.num_rows == 0:
        raise DataError(
            "the table has no rows", place=str(given), remedy="give a table with a header and rows"
        )
    return table


def _folder(folder: Path) -> pa.Table:
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".parquet", ".pq"))
    if not files:
        raise DataError("no Parquet files in this folder", place=str(folder), remedy="check the path")
    tables = [_parquet(path) for path in files]
    for path, table in zip(files, tables, strict=True):
        if table.schema.names != tables[0].schema.names:
            raise DataError(
                "its columns differ from those of the other files",
                place=str(path),
                expected=", ".join(tables[0].schema.names),
                remedy="put one table into one folder",
            )
    return pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()


def _parquet(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as bad:
        raise DataError(f"not a Parquet file: {bad}", place=str(path), remedy="check the file") from None


def _csv(path: Path, types: dict[str, pa.DataType]) -> pa.Table:
    try:
        table = _parsed(path, types)
    except pa.ArrowInvalid as bad:
        table = _as_text(path, bad)
    for name in table.column_names:
        if pa.types.is_string(table.schema.field(name).type):
            _refuse_stray_text(table.column(name), name, path)
    return table


def _parsed(path: Path, types: dict[str, pa.DataType]) -> pa.Table:
    convert = arrow_csv.ConvertOptions(null_values=_NULLS, strings_can_be_null=True, column_types=types)
    try:
        return arrow_csv.read_csv(path, convert_options=convert)
    except OSError as bad:
        raise DataError(f"cannot be read: {bad}", place=str(path), remedy="check the file") from None


def _as_text(path: Path, bad: pa.ArrowInvalid) -> pa.Table:
    """Return all columns as text when a cell far down is not like the cells before it."""
    if "conversion error" not in str(bad):
        raise DataError(f"not a CSV table: {bad}", place=str(path), remedy="check the file") from None
    with arrow_csv.open_csv(path) as head:
        names = head.schema.names
    return _parsed(path, dict.fromkeys(names, pa.string()))


def _refuse_stray_text(column: pa.ChunkedArray, name: str, path: Path) -> None:
    """Refuse a column that is numbers but for some cells; a column of text passes."""
    texts = column.slice(0, _SAMPLE).to_pylist()
    filled = [(row, text) for row, text in enumerate(texts) if text is not None]
    stray = [(row, text) for row, text in filled[:1_000] if not _is_number(text)]
    if not filled or len(stray) * 2 > len(filled[:1_000]):
        return
    row, text = next((row, text) for row, text in filled if not _is_number(text))
    line = _line_of(path, row)
    where = f"{path}, row {row}" + (f" (line {line})" if line else "")
    raise DataError(
        f"column {name!r} holds {text!r}",
        place=where,
        expected="a number, like the other cells of the column",
        remedy="correct or empty the cell",
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _line_of(path: Path, row: int) -> int:
    """Return the line of the file on which a row stands (blank lines are no rows)."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", errors="replace") as file:
        seen = -2
        for number, line in enumerate(file, start=1):
            seen += bool(line.strip())
            if seen == row:
                return number
    return 0
