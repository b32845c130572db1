"""Numbers and times that stand in another unit or zone than the canonical one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Array
from finsim.tables.cells.arrays_from_python import as_numpy, number, numbers
from finsim.tables.cells.canonical import TIMES, canonical
from finsim.tables.cells.zones import local_times, placed
from finsim.tables.schema import Dialect, Field

SHARE_PLACES = {"percent": 2, "bp": 4}
"""Units of shares: by how many places the point stands further right than in decimals."""

_DIGITS = (13, 9, 5)  # after the point, of numbers that are told exactly
_EXACT = 2.0**53  # whole floats below are exact
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, counted from 1970-01-01
_WHOLE_WITHIN = 1e-9  # how near a float must be to a whole number of minor units, relative
_LEAST_APART = 1e-3  # and at most so many minor units
_FLOAT_STEPS = 2.0**-51  # but what two steps of a float are, relative


def scaled(values: pa.Array, field: Field) -> pa.Array:
    """Return numbers of the declared unit as decimals or months."""
    if field.unit in SHARE_PLACES:
        shares = point_moved(as_numpy(values).astype(np.float64), SHARE_PLACES[field.unit])
        return numbers(shares, as_numpy(values.is_valid()) if values.null_count else None)
    if field.unit == "years":
        return pc.multiply_checked(values, number(12).cast(values.type))
    return values


def point_moved(values: Array, places: int) -> Array:
    """Return floats whose point stands so many places further left, as in written digits.

    0.57 percent is the float nearest to 0.0057, where dividing would round twice; with fewer than no places
    the other way.
    """
    found = values / 10.0**places
    with np.errstate(over="ignore", invalid="ignore"):
        for digits in _DIGITS:
            whole = np.rint(values * 10.0**digits)
            is_exact = (np.abs(whole) < _EXACT) & (whole / 10.0**digits == values)
            found = np.where(is_exact, whole / 10.0 ** (digits + places), found)
    return found


def minor_of(whole: pa.Array, field: Field) -> pa.Array:
    """Return whole minor units as decimals."""
    cents = whole.cast(pa.decimal128(38, 0))
    # The same 128-bit integers, read with the decimals of the currency: Arrow would multiply each.
    kind = canonical(field)
    return pa.Array.from_buffers(kind, len(cents), cents.buffers(), cents.null_count, cents.offset)


def money_of_floats(values: pa.Array, field: Field) -> pa.Array:
    """Return floats as decimals. Raises ArrowInvalid where one is no whole number of minor units."""
    factor = 1.0 if field.unit == "minor" else 10.0**field.decimals
    minor = pc.multiply(values, number(factor))
    whole = pc.round(minor)
    size = pc.max_element_wise(pc.abs(minor), number(1.0), skip_nulls=False)
    # At most a thousandth of a minor unit, but where floats of many digits cannot be nearer.
    least = pc.min_element_wise(
        pc.multiply(size, number(_WHOLE_WITHIN)), number(_LEAST_APART), skip_nulls=False
    )
    room = pc.max_element_wise(least, pc.multiply(size, number(_FLOAT_STEPS)), skip_nulls=False)
    near = pc.less_equal(pc.abs(pc.subtract(minor, whole)), room)
    if pc.all(near).as_py() is False:
        raise pa.ArrowInvalid("not a whole number of minor units")
    return minor_of(whole.cast(pa.int64()), field)


def zone_of(field: Field, dialect: Dialect) -> str:
    """Return the zone of a column, empty where none is declared."""
    return field.zone or dialect.zone


def assumed_zone(stamps: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return times without an offset in UTC: they are meant in the declared zone, else in UTC.

    Of an hour that comes twice the first is meant. Raises ArrowInvalid for an hour that is left out.
    """
    zone = zone_of(field, dialect)
    if not zone:
        return stamps.cast(pa.timestamp("ns")).cast(TIMES)
    return placed(stamps.cast(pa.timestamp("ns")), zone).cast(TIMES)


def days_of(stamps: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return the day of times: the local day where a zone is declared."""
    zone = zone_of(field, dialect)
    if zone and getattr(stamps.type, "tz", None):
        stamps = local_times(stamps, zone)
    elif getattr(stamps.type, "tz", None):
        stamps = stamps.cast(pa.timestamp(stamps.type.unit, tz="UTC")).cast(pa.timestamp(stamps.type.unit))
    return pc.floor_temporal(stamps, unit="day").cast(pa.date32())


def calendar_days(days: pa.Array) -> pa.Array:
    """Return days as they are. Raises ArrowInvalid for one outside the years 1 to 9999."""
    ends = pc.min_max(days.cast(pa.int32()))
    if (ends["min"].as_py() or 0) < _FIRST_DAY or (ends["max"].as_py() or 0) > _LAST_DAY:
        raise pa.ArrowInvalid("a day outside the years 1 to 9999")
    return days


def cents_of(amounts: pa.Array, decimals: int) -> pa.Array:
    """Return decimals as int64 minor units. Raises ArrowInvalid for more than 64 bits hold."""
    fixed = amounts.cast(pa.decimal128(38, decimals))
    if not len(fixed):
        return pa.nulls(0, pa.int64())
    words = np.frombuffer(fixed.buffers()[1], dtype=np.int64).reshape(-1, 2)
    low, high = words[fixed.offset : fixed.offset + len(fixed)].T
    valid = as_numpy(fixed.is_valid()) if fixed.null_count else None
    wide = high != low >> 63
    if bool(np.any(wide if valid is None else wide & valid)):
        raise pa.ArrowInvalid("an amount beyond 64 bits")
    return numbers(low, valid)
