"""The one door to DuckDB, which need not be installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from finsim.errors import DataError
from finsim.extras import missing, pip_line


def duckdb_module(place: str) -> Any:
    """Return the module duckdb. Raises DataError with the pip line where it is not installed."""
    if missing("db"):
        raise DataError("needs duckdb, which is not installed", place=place, remedy=pip_line(("db",)))
    return importlib.import_module("duckdb")


@contextmanager
def connected(file: Path, place: str, *, is_new: bool = False) -> Iterator[Any]:
    """Open a database, read only unless it is new, with times in UTC; close it at the end.

    Raises DataError for what DuckDB refuses.
    """
    duckdb = duckdb_module(place)
    try:
        with duckdb.connect(str(file), read_only=not is_new) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET threads = 1")
            yield connection
    except duckdb.Error as bad:
        reason = " ".join(str(bad).split())[:300]
        if is_new:
            raise DataError(
                f"DuckDB cannot hold it: {reason}", place=place, remedy="write .parquet"
            ) from None
        remedy = "close the program that holds it" if "lock" in reason.lower() else "check the file"
        raise DataError(f"not a DuckDB table: {reason}", place=place, remedy=remedy) from None


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
