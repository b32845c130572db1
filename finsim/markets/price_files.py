"""A user's price file -> DataFrame whose index is the 0-based data row; every failure names the file."""

from __future__ import annotations

import csv
import gzip
import warnings
import zlib
from pathlib import Path

import pandas as pd
import pyarrow as pa

from finsim.errors import DataError, did_you_mean

TEXT_ENDINGS = (".csv", ".csv.gz", ".txt", ".tsv", ".tsv.gz")
PARQUET_ENDINGS = (".parquet", ".pq")
_MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "<NA>", "#N/A"]
_DELIMITERS = (",", ";", "\t", "|")


def stem(path: Path) -> str:
    """Return the file name without its endings: ``prices.csv.gz`` is ``prices``."""
    name = path.name
    for ending in sorted((*TEXT_ENDINGS, *PARQUET_ENDINGS), key=len, reverse=True):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return path.stem


def is_parquet(path: Path) -> bool:
    """Tell by its ending whether a file is Parquet."""
    return path.name.lower().endswith(PARQUET_ENDINGS)


def read_frame(path: Path, text_columns: tuple[str, ...]) -> pd.DataFrame:
    """Read CSV, CSV.gz or Parquet; blank rows are dropped, the index keeps the row of the file.

    ``text_columns`` (lower case) are read as text, so that a ticker ``NA`` or ``TRUE`` stays itself.
    Raises DataError when the file is missing, empty, of another kind or damaged.
    """
    place = str(path)
    if not path.is_file():
        near = did_you_mean(path.name, _siblings(path))
        raise DataError("no such file", place=place, remedy=near or "check the path")
    if path.stat().st_size == 0:
        raise DataError("the file is empty", place=place, remedy="give a table with a header and rows")
    if not path.name.lower().endswith((*TEXT_ENDINGS, *PARQUET_ENDINGS)):
        raise DataError(
            f"a file that ends in {path.suffix!r}", place=place, expected="CSV, CSV.gz or Parquet",
            remedy="save the table as CSV and name it so",
        )  # fmt: skip
    frame = _parquet(path) if is_parquet(path) else _text(path, text_columns)
    frame = frame.dropna(how="all")
    if frame.empty:
        raise DataError("the file has no rows", place=place, remedy="give a table with a header and rows")
    return frame


def _siblings(path: Path) -> list[str]:
    folder = path.parent
    if not folder.is_dir():
        return []
    return [item.name for item in folder.iterdir() if item.name.lower().endswith(TEXT_ENDINGS)]


def _parquet(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as bad:
        raise DataError(
            f"not a readable Parquet file: {bad}", place=str(path), remedy="write it again, or save it as CSV"
        ) from None
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    frame.columns = pd.Index([str(name) for name in frame.columns])
    return frame.reset_index(drop=True)


def _header(path: Path) -> tuple[list[str], str]:
    """Return the column names of a text file and its delimiter."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        line = file.readline()
    delimiter = max(_DELIMITERS, key=line.count)
    return next(csv.reader([line], delimiter=delimiter), []), delimiter


def _text(path: Path, text_columns: tuple[str, ...]) -> pd.DataFrame:
    place = str(path)
    try:
        names, delimiter = _header(path)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(
                f"column {twice[0]!r} appears twice", place=f"{place}:1", remedy="rename or delete one"
            )
        return _csv(path, names, delimiter, text_columns)
    except pd.errors.EmptyDataError:
        raise DataError("the file is empty", place=place, remedy="give a header and rows") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning) as bad:
        raise DataError(
            f"not a table: {str(bad).strip()}", place=place,
            expected="as many cells in every row as in the header",
            remedy="check the rows for stray separators",
        ) from None  # fmt: skip
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error, csv.Error) as bad:
        raise DataError(
            f"cannot be read as text: {bad}", place=place, remedy="save it as UTF-8 CSV, or gzip it again"
        ) from None


def _csv(path: Path, names: list[str], delimiter: str, text_columns: tuple[str, ...]) -> pd.DataFrame:
    as_text = [name for name in names if name.strip().lower() in text_columns]
    missing = {name: [""] if name in as_text else _MISSING for name in names}
    with warnings.catch_warnings():
        # pandas only warns when rows are longer than the header, and drops their last cells.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            path, sep=delimiter, dtype=dict.fromkeys(as_text, "str"), index_col=False, low_memory=False,
            keep_default_na=False, na_values=missing, skip_blank_lines=False, encoding="utf-8-sig",
        )  # fmt: skip
