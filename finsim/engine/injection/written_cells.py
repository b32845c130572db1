"""Times and amounts of added rows in the type, unit, zone and notation of the table's own cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError
from finsim.notation import NANOS_PER_DAY, Cents1D, Nanos1D
from finsim.tables import Dialect, Field
from finsim.tables.cells.unit_times import EXCEL, NANO_PLACES, in_unit
from finsim.tables.cells.units_and_zones import zone_of

_UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1, "days": NANOS_PER_DAY}


def time_cells(
    times: Nanos1D, kind: pa.DataType, field: Field, dialect: Dialect, example: str = ""
) -> pa.Array:
    """Return instants (ns UTC) as cells of a column of a stored type; ``example`` is one of its texts."""
    stamps = pa.array(times).cast(pa.timestamp("ns", tz="UTC"))
    zone = zone_of(field, dialect)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        if field.unit == EXCEL or (field.unit in NANO_PLACES and pa.types.is_floating(kind)):
            return in_unit(stamps, replace(field, type="ts"), kind, zone)
        if field.unit:
            return pa.array(times // _UNITS[field.unit]).cast(kind)
        words = _texts(times, field.formats[0], zone)
        return pa.array([int(word) for word in words]).cast(kind)
    if pa.types.is_date(kind):
        return pa.array(times // NANOS_PER_DAY).cast(pa.int32()).cast(pa.date32()).cast(kind)
    if pa.types.is_timestamp(kind):
        if kind.tz:
            return stamps.cast(pa.timestamp("ns", tz=kind.tz)).cast(kind, safe=False)
        local = pc.local_timestamp(stamps.cast(pa.timestamp("ns", tz=zone))) if zone else stamps
        return local.cast(pa.timestamp("ns")).cast(kind, safe=False)
    forms = field.formats or tuple(one for one in dialect.dates.split(" | ") if one)
    form = forms[0] if forms else _form_like(example)
    return pa.array(_texts(times, form, zone), pa.string()).cast(_text_type(kind))


def _form_like(example: str) -> str:
    """Return the strptime format of an ISO text."""
    if len(example) <= 10:
        return "%Y-%m-%d"
    between = example[10]
    return f"%Y-%m-%d{between}%H:%M" + (":%S" if len(example) >= 19 else "")


def _texts(times: Nanos1D, form: str, zone: str) -> list[str]:
    where = ZoneInfo(zone) if zone else UTC
    return [datetime.fromtimestamp(int(one) // 1_000_000_000, where).strftime(form) for one in times]


def amount_cells(amounts: Cents1D, scale: int, kind: pa.DataType, field: Field, dialect: Dialect) -> pa.Array:
    """Return amounts in units of 1 / ``scale`` as cells of a column of a stored type."""
    if pa.types.is_decimal(kind):
        return _decimals(amounts, scale, kind)
    if pa.types.is_integer(kind):
        whole = field.type != "money" or field.unit in ("minor", "stored_minor")
        return pa.array(amounts if whole and field.type != "float" else amounts // scale).cast(kind)
    if pa.types.is_floating(kind):
        factor = 1 if field.type == "money" and field.unit == "minor" else scale
        return pa.array(amounts / factor).cast(kind)
    digits = len(str(scale)) - 1
    words = [_written(int(one), scale, digits).replace(".", dialect.point) for one in amounts]
    return pa.array(words, pa.string()).cast(_text_type(kind))


def _written(amount: int, scale: int, digits: int) -> str:
    sign, size = "-" if amount < 0 else "", abs(amount)
    return f"{sign}{size // scale}.{size % scale:0{digits}d}" if digits else f"{sign}{size}"


def _decimals(amounts: Cents1D, scale: int, kind: pa.DataType) -> pa.Array:
    digits = len(str(scale)) - 1
    whole = pa.array(np.asarray(amounts, dtype=np.int64)).cast(pa.decimal128(38, 0))
    fixed = pa.Array.from_buffers(pa.decimal128(38, digits), len(whole), whole.buffers())
    return fixed.cast(kind)


@contextmanager
def held(place: str, header: str, kind: pa.DataType, what: str) -> Iterator[None]:
    """Refuse a column whose stored type is too narrow for the cells of added rows.

    Raises DataError with the column, the type and a wider one.
    """
    try:
        yield
    except (pa.ArrowNotImplementedError, ValueError, OverflowError) as bad:  # ArrowInvalid is a ValueError
        plain = _text_type(kind)
        wide = "float64" if what == "amounts" else "text"
        if pa.types.is_integer(plain) and plain.bit_width < 64:
            wide = "int64"
        if pa.types.is_decimal(plain):
            wide = f"decimal128(38, {plain.scale})"
        raise DataError(
            f"{kind} cannot hold the {what} of added rows ({' '.join(str(bad).split())[:120]})",
            place=f"{place}: column {header!r}", expected=f"a type with room for more, such as {wide}",
            remedy=f"store the column as {wide}",
        ) from None  # fmt: skip


def _text_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
