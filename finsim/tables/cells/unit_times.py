"""Times, days and durations that are stored or written as numbers of a declared unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Float1D
from finsim.tables.cells.arrays_from_python import as_numpy, number, numbers
from finsim.tables.cells.canonical import TIMES
from finsim.tables.cells.units_and_zones import assumed_zone, cents_of, days_of
from finsim.tables.cells.zones import local_times
from finsim.tables.schema import Dialect, Field

EXCEL = "excel_days"
NANO_PLACES = {"s": 9, "ms": 6, "us": 3, "ns": 0}
"""Units of time: so many decimals reach to the nanosecond."""

EXCEL_EPOCH = 25_569  # the number of 1970-01-01 in a sheet that counts from 1900
_FIRST, _LAST = 61, 2_958_465  # 1900-03-01, the first day that follows Excel's 29 February 1900; 9999-12-31
_DAY_MS = 86_400_000


def of_number(whole: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return whole numbers of a declared time unit as days, times or durations."""
    if field.unit == EXCEL:
        return _of_sheet(as_numpy(whole).astype(np.float64), whole, field, dialect)
    if field.type == "dur":
        return whole.cast(pa.duration(field.unit or "ns")).cast(pa.duration("ns"))
    if field.unit == "days":
        return whole.cast(pa.int32()).cast(pa.date32())
    return _kind_of(whole.cast(pa.timestamp(field.unit, tz="UTC")).cast(TIMES), field, dialect)


def of_float(values: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return floats of a declared time unit, fractions to the microsecond (of Excel to the millisecond).

    Raises ArrowInvalid for fractions of days, and of nanoseconds.
    """
    if field.unit == EXCEL:
        return _of_sheet(values.to_numpy(zero_copy_only=False), values, field, dialect)
    places = NANO_PLACES.get(field.unit, 0)
    if pc.all(pc.equal(values, pc.round(values))).as_py() is not False or not places:
        return of_number(values.cast(pa.int64()), field, dialect)
    micros = pc.round(pc.multiply(values, number(10.0 ** (places - 3)))).cast(pa.int64())
    if field.type == "dur":
        return micros.cast(pa.duration("us")).cast(pa.duration("ns"))
    return _kind_of(micros.cast(pa.timestamp("us", tz="UTC")).cast(TIMES), field, dialect)


def of_written(texts: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return written numbers with a decimal point of a declared time unit; seconds may have nine decimals.

    Raises ArrowInvalid for decimals that are less than a nanosecond.
    """
    if field.unit == EXCEL:
        return of_float(texts.cast(pa.float64()), field, dialect)
    places = NANO_PLACES.get(field.unit, 0)
    whole = cents_of(texts.cast(pa.decimal128(38, places)), places)
    spec = replace(field, unit="ns") if places else field
    return of_number(whole, spec, dialect)


def _of_sheet(serial: Float1D, cells: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return day numbers of a sheet, whose fractions are the time of day; local where a zone is declared."""
    valid = as_numpy(cells.is_valid())
    serial = np.where(valid, serial, float(_FIRST))
    if not np.all((serial >= _FIRST) & (serial < _LAST + 1)):
        raise pa.ArrowInvalid("a day number outside 1900-03-01 to 9999-12-31")
    if field.type == "date":
        days = (np.floor(serial) - EXCEL_EPOCH).astype(np.int32)
        return numbers(days, valid).cast(pa.date32())
    millis = np.rint((serial - EXCEL_EPOCH) * _DAY_MS).astype(np.int64)
    return assumed_zone(numbers(millis, valid).cast(pa.timestamp("ms")), field, dialect)


def _kind_of(stamps: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    return days_of(stamps, field, dialect) if field.type == "date" else stamps


def in_unit(values: pa.Array, field: Field, kind: pa.DataType, zone: str) -> pa.Array:
    """Return days, times or durations as stored numbers of their declared unit, which reading undoes.

    ``zone`` is the declared one. Raises ArrowInvalid where whole numbers cannot hold a value.
    """
    valid = as_numpy(values.is_valid())
    if field.type == "date":
        days = as_numpy(values.cast(pa.int32())).astype(np.int64)
        if field.unit in NANO_PLACES:
            return numbers(days * (86_400 * 10 ** NANO_PLACES[field.unit]), valid).cast(kind)
        return numbers(days + (EXCEL_EPOCH if field.unit == EXCEL else 0), valid).cast(kind)
    if field.unit == EXCEL:
        local = local_times(values, zone) if zone else values.cast(pa.timestamp("ns"))
        millis = as_numpy(local.cast(pa.timestamp("ms"), safe=False).cast(pa.int64()))
        serial = millis / _DAY_MS + EXCEL_EPOCH
        return numbers(np.floor(serial) if pa.types.is_integer(kind) else serial, valid).cast(kind)
    if pa.types.is_integer(kind):
        unit = pa.timestamp(field.unit, "UTC") if field.type == "ts" else pa.duration(field.unit)
        return values.cast(unit).cast(pa.int64()).cast(kind)
    nanos = as_numpy(values.cast(pa.int64()))
    if field.unit == "ns":
        return numbers(nanos, valid).cast(kind)
    # Microseconds, which floats hold exactly: dividing rounds once.
    return numbers(nanos // 1000 / 10.0 ** (NANO_PLACES[field.unit] - 3), valid).cast(kind)
