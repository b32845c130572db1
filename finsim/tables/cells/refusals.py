"""Cells that are not of their declared type, said with place, expectation and remedy."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from finsim.errors import DataError, Problem
from finsim.tables.cells.stored import NUMBER_OF_TIME
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
_NULLS = {"na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", ".", "..", "?", "missing", "unknown"}
_NUMBERS = ("int", "float", "ratio", "money")
_DATES = (
    (r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y (or %m/%d/%Y)"),
    (r"\d{1,2}-\d{1,2}-\d{4}", "%d-%m-%Y (or %m-%d-%Y)"),
    (r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d"),
)


@dataclass(frozen=True)
class Cell:
    """A refused cell: the row from 0 on, its line in a text file (0: none), the header, what stands there."""

    row: int
    header: str
    value: object
    line: int = 0


def problem_of(cell: Cell, field: Field, dialect: Dialect, place: str) -> Problem:
    """Return what to say of a refused cell."""
    wanted, remedy = _declared(field) or _EXPECTED[field.type]
    where = f"{place}, row {cell.row}" + (f" (line {cell.line})" if cell.line else "")
    expected = f"{wanted} ({field.type}{f' {field.ccy}' if field.ccy else ''})"
    text = cell.value.strip() if isinstance(cell.value, str) else None
    hint = remedy if text is None else _remedy_of_text(text, field, dialect) or remedy
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


def _declared(field: Field) -> tuple[str, str] | None:
    """Return what the declared unit or format of a time expects, and what to do; None without one."""
    wanted = _EXPECTED[field.type][0]
    if field.format:
        return f"{wanted} written {field.format}", f"correct the cell, or `format: {field.format}`"
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


def _remedy_of_text(text: str, field: Field, dialect: Dialect) -> str:
    """Return the declaration that would make sense of a text, where one is seen."""
    if text.lower() in _NULLS:
        return f"--csv null={text}, or correct the cell"
    if field.type in _NUMBERS:
        return _remedy_of_number(text, field, dialect)
    if field.type == "ts" and (zone := field.zone or dialect.zone) and _is_left_out(text, field, zone):
        return f"this hour is left out in {zone} (clocks go forward): correct the cell, or the zone"
    if field.type in ("date", "ts"):
        if re.fullmatch(r"[-+]?\d+([.,]\d*)?", text):
            return "" if field.format or field.unit else NUMBER_OF_TIME[field.type]
        for pattern, form in _DATES:
            if re.match(pattern, text) and field.format:
                return f"correct the cell, or declare `format: {form}`"
            if re.match(pattern, text):
                return f"declare the format, such as --csv dates={form}"
    return ""


def _is_left_out(text: str, field: Field, zone: str) -> bool:
    """Tell whether a text is a time as declared, in an hour that the clocks of a zone skip."""
    for form in field.formats or ("",):
        try:
            local = datetime.strptime(text, form) if form else datetime.fromisoformat(text)
        except ValueError:
            continue
        there = local.replace(tzinfo=ZoneInfo(zone))
        back = there.astimezone(UTC).astimezone(ZoneInfo(zone))
        return local.tzinfo is None and back.replace(tzinfo=None) != local
    return False


def _remedy_of_number(text: str, field: Field, dialect: Dialect) -> str:
    digits = text.strip("%$€£¥ +-")
    point = dialect.point
    if point == "." and re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?", digits) and "," in digits:
        return "declare the signs: --csv decimal=,,thousands=."
    if point == "." and re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        more = ", or --csv decimal=, where it is the decimal sign" if digits.count(",") == 1 else ""
        return f"declare the sign for thousands: --csv thousands=,{more}"
    if point == "." and re.fullmatch(r"\d*,\d+", digits):
        return "declare the decimal sign: --csv decimal=,"
    if point == "," and re.fullmatch(r"\d*\.\d+", digits):
        return "declare the sign for thousands: --csv thousands=., or correct the cell"
    if re.fullmatch(r"\d{1,3}([ '’\u00a0\u202f]\d{3})+([.,]\d+)?", digits):
        return "declare the sign for thousands, such as --csv thousands=space"
    if text.endswith("%") and field.type != "ratio":
        return "declare the column ratio, or `strip: ['%']` with `unit: percent`"
    sign = re.match(r"[^\d\s.,+()-]+", text) or re.search(r"[^\d\s.,+()-]+$", text)
    if sign and len(sign[0]) <= 3 and re.search(r"\d", text):
        return f"declare `strip: [{sign[0]!r}]` for the column"
    if field.type == "money" and field.unit == "minor":
        return "write whole minor units, or declare `unit: major`"
    if field.type == "money" and re.fullmatch(r"\d*\.\d+", digits):
        return f"write at most {field.decimals} decimals, or declare `scale:`"
    return ""
