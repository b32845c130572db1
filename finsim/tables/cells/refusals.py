"""Cells that are not of their declared type, said with place, expectation and remedy."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from finsim.errors import DataError, Problem
from finsim.tables.cells.remedies import remedy_of_text
from finsim.tables.cells.written import formats_of
from finsim.tables.schema import Dialect, Field

_EXPECTED = {
    "bool": ("true or false", "write true and false, or declare the words in `true:` and `false:`"),
    "int": ("whole numbers", "correct the cell, or declare the column float"),
    "float": ("numbers", "correct or empty the cell"),
    "ratio": ("numbers", "correct or empty the cell"),
    "money": ("amounts", "correct or empty the cell"),
    "date": ("dates", "write dates as 2026-01-31, or declare `format:`"),
    "ts": ("times", "write times as 2026-01-31T09:30:00Z, or declare `format:`"),
    "dur": ("durations", "write h:mm:ss, or declare `unit:` s, ms, us or ns"),
    "id": ("identifiers", "store integers or text"),
    "cat": ("labels", "store text"),
}
TIMES_HELD = "1678 to 2261"
"""The years whose times 64 bits of nanoseconds hold."""
_UNIT_WORDS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


@dataclass(frozen=True)
class Cell:
    """A refused cell: the row from 0 on, its line in a text file (0: none), the header, what stands there."""

    row: int
    header: str
    value: object
    line: int = 0


def problem_of(cell: Cell, field: Field, dialect: Dialect, place: str) -> Problem:
    """Return what to say of a refused cell."""
    wanted, remedy = _declared(field, dialect) or _EXPECTED[field.type]
    where = f"{place}, row {cell.row}" + (f" (line {cell.line})" if cell.line else "")
    expected = f"{wanted} ({field.type}{f' {field.ccy}' if field.ccy else ''})"
    text = cell.value.strip() if isinstance(cell.value, str) else None
    hint = remedy if text is None else remedy_of_text(text, field, dialect) or remedy
    if field.type == "ts" and is_beyond_times(str(cell.value)):
        expected, hint = f"times of the years {TIMES_HELD} (ts)", "correct or empty the cell"
    if field.type == "money" and text is None:
        hint = f"store whole minor units with `unit: minor`, or at most {field.decimals} decimals"
    return Problem(where, f"column {cell.header!r} holds {_shown(cell.value)}", expected, hint)


def is_beyond_times(cell: str) -> bool:
    """Tell whether a cell that is no time says a year whose times 64 bits of nanoseconds do not hold."""
    if re.fullmatch(r"[-+]?\d*[.,]\d*", cell):
        return False
    return any(not 1678 <= int(year) <= 2261 for year in re.findall(r"(?<!\d)\d{4}(?!\d)", cell))


def _declared(field: Field, dialect: Dialect) -> tuple[str, str] | None:
    """Return what the declared words, unit or format expect, and what to do; None where nothing is."""
    wanted = _EXPECTED[field.type][0]
    yes, no = field.true or dialect.true, field.false or dialect.false
    if field.type == "bool" and yes and no:
        words = " or ".join((*yes, *no))
        return words, f"write {words}, or add the word to `true:` or `false:`"
    if field.type in ("date", "ts") and (forms := formats_of(field, dialect)):
        return f"{wanted} written {' or '.join(forms)}", "correct the cell"
    if field.unit == "excel_days":
        return "day numbers of a sheet, 61 (1900-03-01) or above", f"remove `unit:` where cells are {wanted}"
    if field.unit and field.type in ("date", "ts"):
        kind = "whole numbers" if field.unit in ("days", "ns") else "numbers"
        words = f"{kind} of {_UNIT_WORDS.get(field.unit, field.unit)} since 1970-01-01"
        return words, f"remove `unit: {field.unit}` where cells are written {wanted}"
    return None


def schema_remedy(place: str) -> str:
    """Return how a schema is made that says what a file holds; in words where there is no file."""
    if not Path(place).is_file():
        return "give a schema that says what its columns are (`schema=`)"
    name = shlex.quote(place)
    return f"`finsim new schema {name} -o SCHEMA.yaml` proposes a schema, for `--schema SCHEMA.yaml`"


@contextmanager
def naming_a_schema(place: str) -> Iterator[None]:
    """Let a remedy that names an option of ``--csv`` name the proposal of a schema too, once for the file.

    It is for a file that no schema was given for: both say how its text is written.
    """
    try:
        yield
    except DataError as error:
        problems = list(error.problems)
        first = next((at for at, one in enumerate(problems) if "--csv " in one.remedy), None)
        if first is None or not Path(place).is_file():
            raise
        remedy = f"{problems[first].remedy}; or {schema_remedy(place)}"
        problems[first] = replace(problems[first], remedy=remedy)
        raise DataError.of(problems) from None


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
