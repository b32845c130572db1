"""Cells of a published table of quarters or years: rows, columns by name, quarters and numbers."""

from __future__ import annotations

import csv
import gzip
import re
from datetime import date, timedelta
from pathlib import Path

from finsim.errors import Problem, ScenarioError, did_you_mean

HISTORY = ("actual", "history", "historic", "historical")
WHO, WHEN = ("scenario name", "scenario"), ("date", "quarter", "year", "period")
_WHEN = re.compile(r"(\d{4})[ -]?(?:Q([1-4]))?\Z", re.IGNORECASE)


def table_rows(path: Path) -> list[list[str]]:
    """Return all rows of a CSV table (plain or .gz), the head first; raises ScenarioError below three."""
    try:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as bad:
        found = "no such file" if isinstance(bad, FileNotFoundError) else str(bad.strerror).lower()
        raise ScenarioError(
            found, place=str(path), expected="a CSV table, plain or .gz", remedy=_nearest(path)
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as bad:
        raise ScenarioError(
            f"cannot be read: {bad}", place=str(path), expected="a CSV table", remedy="check the path"
        ) from None
    if len(rows) < 3:
        raise ScenarioError(
            f"{len(rows)} rows",
            place=str(path),
            expected="a head, a history, a scenario",
            remedy="give the table with the rows of its history",
        )
    return rows


def _nearest(path: Path) -> str:
    """Return the table of the same folder that may be meant, else what to check."""
    folder = path.parent
    tables = [one.name for one in folder.iterdir() if ".csv" in one.suffixes] if folder.is_dir() else []
    return did_you_mean(path.name, sorted(tables)) or "check the path"


def column_of(path: str | Path, head: list[str], names: tuple[str, ...]) -> int:
    """Return the place of the column that bears one of the names; raises ScenarioError when none does."""
    for k, column in enumerate(head):
        if column.lower() in names:
            return k
    raise ScenarioError(
        f"no column is called {names[0]!r}",
        place=f"{path}:1",
        expected=" or ".join(names),
        remedy=did_you_mean(names[0], head),
    )


def quarter_of(path: str | Path, line: int, text: str) -> int:
    """Return the number of the quarter that a cell names; a year alone is its last quarter."""
    found = _WHEN.match(text.strip())
    if found is None or not 1678 <= int(found[1]) <= 2261:
        raise cell_fault(path, line, f"{text!r}", "a quarter such as 2025 Q1, or a year, from 1678 to 2261")
    return 4 * int(found[1]) + (int(found[2]) - 1 if found[2] else 3)


def last_day(quarter: int) -> date:
    """Return the last day of a quarter by its number."""
    year, place = divmod(quarter, 4)
    after = date(year + 1, 1, 1) if place == 3 else date(year, 3 * place + 4, 1)
    return after - timedelta(days=1)


def number_of(path: str | Path, line: int, column: str, cell: str) -> float | None:
    """Return the number in a cell, None for an empty one; raises ScenarioError for anything else."""
    if not cell.strip():
        return None
    try:
        value = float(cell)
    except ValueError:
        raise cell_fault(path, line, f"{column}: {cell!r}", "a number, or an empty cell") from None
    if value - value != 0.0:
        raise cell_fault(path, line, f"{column}: {cell!r}", "a finite number")
    return value


def cell_fault(path: str | Path, line: int, found: str, expected: str) -> ScenarioError:
    """Return the error of one row, counted from 0 with the head."""
    return ScenarioError.of([Problem(f"{path}:{line + 1}", found, expected, "correct this row")])
