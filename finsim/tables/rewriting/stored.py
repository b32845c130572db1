"""Repaired values back in the type and unit in which a table stores them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError
from finsim.notation import Int1D
from finsim.tables.cells.stored import from_stored, is_text
from finsim.tables.cells.unit_times import in_unit
from finsim.tables.cells.units_and_zones import SHARE_PLACES, cents_of, point_moved, zone_of
from finsim.tables.rewriting.cells import equal, texts
from finsim.tables.rewriting.style import SAMPLE, style_of
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.source import TableSource


def stored_again(
    stored: pa.ChunkedArray, rows: Int1D, values: pa.Array, field: Field, source: TableSource
) -> pa.ChunkedArray:
    """Return a stored column with new values in some rows, in its own type and unit.

    Raises DataError where the stored type has no form that reads as the value again.
    """
    kind = stored.type.value_type if pa.types.is_dictionary(stored.type) else stored.type
    plain = stored.cast(kind).combine_chunks()
    try:
        is_written = is_text(kind)
        new = (
            as_text(plain, rows, values, field, source.dialect)
            if is_written
            else _converted(values, field, source.dialect, kind)
        )
        again = from_stored(new, field, source.dialect)
        same = _alike(values, again)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError):
        same = pa.array([False])
    if not pc.all(same).as_py():
        raise DataError(
            f"column of {stored.type} cannot hold every new value",
            place=source.place,
            expected=f"values that its declared type ({field.type}) reads again",
            remedy="store the column in a wider type, or round in the rule's repair",
        )
    mask = np.zeros(len(plain), np.bool_)
    mask[rows] = True
    merged = pc.replace_with_mask(plain, pa.array(mask), new)
    column = merged if stored.type == kind else merged.dictionary_encode().cast(stored.type)
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def in_declared_unit(values: pa.Array, field: Field) -> pa.Array:
    """Return canonical numbers in the unit in which the schema declares them, so that it reads them again."""
    if field.unit not in (*SHARE_PLACES, "years"):
        return values
    given = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    given = given / 12 if field.unit == "years" else point_moved(given, -SHARE_PLACES[field.unit])
    found = pa.array(given, mask=np.isnan(given))
    is_whole = pa.types.is_integer(values.type) and np.all(np.isnan(given) | (given == np.floor(given)))
    return found.cast(values.type) if is_whole else found


def _alike(values: pa.Array, again: pa.Array) -> pa.Array:
    """Compare values with what is read again; floats in another unit may differ in the last bit."""
    if not pa.types.is_floating(values.type):
        return equal(values, again)
    near = np.abs(values.to_numpy(zero_copy_only=False) - again.to_numpy(zero_copy_only=False))
    bits = np.spacing(np.abs(values.to_numpy(zero_copy_only=False)))
    return pc.or_(equal(values, again), pa.array(near <= bits))


def as_text(plain: pa.Array, rows: Int1D, values: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return canonical values of some rows as cells of text in the style of the column ``plain``.

    Raises ArrowInvalid where a value has no form that reads as it again.
    """
    old = [cell or "" for cell in plain.take(pa.array(rows, pa.int64())).to_pylist()]
    sample = [cell for cell in plain.slice(0, SAMPLE).to_pylist() if cell is not None]
    style = style_of(sample, [False] * len(sample), dialect)
    cells = texts(values, old, field, dialect, style)
    if any(cell is None for cell in cells):
        raise pa.ArrowInvalid("no form")
    made = [None if valid is False and cell == "" else cell
            for cell, valid in zip(cells, values.is_valid().to_pylist(), strict=True)]  # fmt: skip
    return pa.array(made, plain.type)


def _converted(values: pa.Array, field: Field, dialect: Dialect, kind: pa.DataType) -> pa.Array:
    """Return values in a stored type that is not text, undoing the declared unit."""
    whole = pa.types.is_integer(kind)
    minor = ("minor", "stored_minor") if whole else ("minor",)
    if field.type == "money" and field.unit in minor and not pa.types.is_decimal(kind):
        values = cents_of(values, field.decimals)
    elif field.unit in (*SHARE_PLACES, "years"):
        values = in_declared_unit(values, field)
    elif field.type in ("ts", "dur", "date") and field.unit and (whole or pa.types.is_floating(kind)):
        values = in_unit(values, field, kind, zone_of(field, dialect))
    elif field.type == "ts" and pa.types.is_timestamp(kind) and not kind.tz and field.zone:
        values = pc.local_timestamp(values.cast(pa.timestamp("ns", tz=field.zone)))
    elif field.type == "ts" and pa.types.is_timestamp(kind):
        values = values.cast(pa.timestamp("ns", tz=kind.tz)) if kind.tz else values.cast(pa.timestamp("ns"))
    elif field.type == "date" and (whole or pa.types.is_floating(kind)) and field.format:
        values = pc.strftime(values, format=field.formats[0])
    elif field.type == "date" and pa.types.is_timestamp(kind):
        values = values.cast(pa.timestamp(kind.unit))
    if pa.types.is_floating(kind) and pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    return values.cast(kind)
