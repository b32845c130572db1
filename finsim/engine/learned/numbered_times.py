"""Dates, times and money that the input writes as whole numbers of a declared unit, and so come out."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from finsim.tables import Dialect, Field
from finsim.tables.cells.unit_times import EXCEL, NANO_PLACES, of_written


def is_numbered(field: Field) -> bool:
    """Whether a date or time is declared to stand as a number: days, seconds, days of a sheet."""
    return field.type in ("date", "ts") and bool(field.unit)


def moment_of(text: str, kind: str, unit: str) -> float | None:
    """Return the nanoseconds UTC of a date or time that is written as a number, None for other text."""
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
        return None
    try:
        found = of_written(pa.array([text]), Field(kind, unit=unit), Dialect())
    except pa.ArrowInvalid:
        return None
    return float(found.cast(pa.timestamp("ns")).cast(pa.int64())[0].as_py())


def number_kind(field: Field, cells: pa.ChunkedArray) -> pa.DataType:
    """Return the type of a column of numbers: whole, or with fractions where times of the unit have some."""
    if field.type != "ts":
        return pa.int64()
    if field.unit == EXCEL:
        return pa.float64()
    nanos = cells.drop_null().cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64()).to_numpy()
    has_part = np.any(nanos % 10 ** NANO_PLACES.get(field.unit, 0))
    return pa.float64() if has_part else pa.int64()
