"""Dates of price files: as declared, else ISO, compact, or one national form for the whole file."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.errors import DataError, Problem
from finsim.markets.reading.file_problems import Faults
from finsim.notation import Dates1D
from finsim.records.trading_calendar import moved
from finsim.tables import Dialect, Field, typed

_FORMS = ("%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%d-%b-%Y", "%b %d, %Y", "%m/%d/%y")
_PROPOSED = (
    "%Y-%m", "%Y/%m", "%m/%Y", "%Y%m", "%b %Y", "%b-%Y", "%b-%y", "%B %Y", "%d %b %Y", "%Y.%m.%d",
    "%Y.%m.%d %H:%M", "%Y.%m.%d %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S.%f",
    "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%Y%m%d %H:%M",
    "%Y%m%d %H%M", "%Y%m%d %H%M%S", "%Y%m%d %H:%M:%S",
)  # fmt: skip
"""Forms that are not read without a declaration; the first that reads a whole column is proposed."""
_ISO = r"^\d{4}-\d{2}-\d{2}(?:[T ].*)?$"
_EPOCH = r"^[-+]?\d{9,19}(?:\.\d+)?$"
_SHEET = r"^[2-7]\d{4}(?:\.\d+)?$"


@dataclass(frozen=True)
class Moments:
    """A date column.

    ``days`` datetime64[D] are dates on the local calendar, NaT where there is none; ``instants``
    datetime64[ns] are in UTC, and so is taken to be what is written without an offset.
    """

    days: Dates1D
    instants: Dates1D


def parse_dates(
    frame: pd.DataFrame, column: str, faults: Faults, declared: Field | None, dialect: Dialect
) -> Moments:
    """Return a date column; every row that is no date is noted as a fault.

    ``declared`` says format, unit and zone; without it ISO dates and times, YYYYMMDD and the usual national
    forms are read. A file whose dates read both as month/day and as day/month is a fault, and so is a
    column of bare numbers: seconds or days since 1970 have to be declared.
    """
    values = frame[column]
    spec = _spec(declared, dialect)
    if spec is not None:
        found = _declared(values, column, spec, dialect, faults)
    elif pd.api.types.is_datetime64_any_dtype(values):
        found = _stored(values)
    else:
        try:
            found = _from_text(values.astype("str").str.strip(), column, faults)
        except (pa.ArrowException, UnicodeError) as bad:
            raise DataError(
                f"column {column!r} is no text: {bad}", place=faults.path, remedy="write the file again"
            ) from None

    def shown(i: int) -> str:
        value: Any = values.iloc[i]
        return "the cell is empty" if pd.isna(value) else f"{str(value)!r} is not a date"

    advice = ("a date", "write dates as 2020-12-31, or declare their format")
    faults.mark(frame.index.to_numpy(), np.isnat(found.days), column, shown, advice)
    return found


def _spec(declared: Field | None, dialect: Dialect) -> Field | None:
    """Return how the column is declared; None when nothing is said about its cells."""
    field = declared or Field("ts")
    if not (field.format or field.unit or field.zone or dialect.dates or dialect.zone):
        return None
    kind = "date" if field.unit == "days" else "ts"
    return Field(kind, unit=field.unit, format=field.format, zone=field.zone, null=True, nulls=field.nulls)


def _declared(values: pd.Series[Any], column: str, spec: Field, dialect: Dialect, faults: Faults) -> Moments:
    array = pa.Array.from_pandas(values)
    cells = pa.chunked_array([array])
    read = typed(cells, spec, dialect, place=faults.path, header=column)
    instants = read.cast(pa.timestamp("ns")).to_numpy().astype("datetime64[ns]")
    zone = spec.zone or dialect.zone or "UTC"
    return Moments(_local_days(instants, zone), instants)


def _local_days(instants: Dates1D, zone: str) -> Dates1D:
    wall = instants if zone == "UTC" else _wall(instants, zone)
    return wall.astype("datetime64[D]")


def _wall(instants: Dates1D, zone: str) -> Dates1D:
    known = ~np.isnat(instants)
    found = np.array(instants)
    found[known] = moved(instants[known], "UTC", zone)
    return found


def _stored(values: pd.Series[Any]) -> Moments:
    local = values.dt.tz_localize(None).to_numpy().astype("datetime64[ns]")
    zoned = values if values.dt.tz is None else values.dt.tz_convert("UTC").dt.tz_localize(None)
    return Moments(local.astype("datetime64[D]"), zoned.to_numpy().astype("datetime64[ns]"))


def _from_text(text: pd.Series[Any], column: str, faults: Faults) -> Moments:
    if text.str.match(_ISO).mean() > 0.5:
        days = pd.to_datetime(text.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
        instants = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
        return Moments(_days(days), instants.to_numpy().astype("datetime64[ns]"))
    if text.str.match(r"^\d{8}$").mean() > 0.5:
        return _whole_days(pd.to_datetime(text, format="%Y%m%d", errors="coerce"))
    if (text.str.match(_EPOCH) | text.str.match(_SHEET)).mean() > 0.5:
        faults.add(
            Problem(
                f"{faults.path}, column {column}",
                f"bare numbers such as {text.iloc[0]} for dates",
                "dates, or a declared unit",
                f"declare the unit in a schema: --schema S with `columns: {{{column}: {{role: date, "
                f"{_unit(text.iloc[0])}}}}}`",
            )
        )
        faults.stop()
    tried = {form: pd.to_datetime(text, format=form, errors="coerce") for form in _FORMS}
    valid = {form: int(stamps.notna().sum()) for form, stamps in tried.items()}
    best = max(_FORMS, key=lambda form: valid[form])
    if valid[best] == 0:
        _refuse_form(text, column, faults)
    ambiguous = valid["%m/%d/%Y"] == valid["%d/%m/%Y"] == valid[best] > 0
    if ambiguous and not tried["%m/%d/%Y"].equals(tried["%d/%m/%Y"]):
        faults.add(
            Problem(
                f"{faults.path}, column {column}",
                f"dates such as {text.iloc[0]} read as month/day and as day/month",
                "one reading",
                "write dates as 2020-12-31, or declare the form: --csv dates=%d/%m/%Y",
            )
        )
    return _whole_days(tried[best])


def _refuse_form(text: pd.Series[Any], column: str, faults: Faults) -> None:
    """Stop with one problem for a whole column in no form that is read, and the form that would read it."""
    forms = (form for form in _PROPOSED if pd.to_datetime(text, format=form, errors="coerce").notna().all())
    form = next(forms, "")
    option = shlex.quote(f"dates={form}")
    faults.add(
        Problem(
            f"{faults.path}, column {column}",
            f"{len(text):,} cells such as {text.iloc[0]!r} for dates",
            "dates such as 2020-12-31, or a declared form",
            f"declare the form: --csv {option}"
            if form
            else "write dates as 2020-12-31, or declare their format",
        )
    )
    faults.stop()


def _unit(text: str) -> str:
    """Return type and unit that a count of this length usually has: days of a sheet, or since 1970."""
    digits = len(text.partition(".")[0].lstrip("+-"))
    if digits == 5:
        return f"type: {'ts' if '.' in text else 'date'}, unit: excel_days"
    return "type: ts, unit: " + (
        "s" if digits <= 11 else "ms" if digits <= 14 else "us" if digits <= 16 else "ns"
    )


def _whole_days(stamps: pd.Series[Any]) -> Moments:
    days = _days(stamps)
    return Moments(days, days.astype("datetime64[ns]"))


def _days(stamps: pd.Series[Any]) -> Dates1D:
    found: Dates1D = stamps.to_numpy().astype("datetime64[D]")
    return found
