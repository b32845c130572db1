"""Write new values into some rows of an Arrow column, in the type in which it is stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.constraints.language.types import DAY_NANOS, Type
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Array, Bool1D, Int1D
from finsim.tables.cells.canonical import TIMES
from finsim.tables.cells.canonical_columns import is_typed
from finsim.tables.cells.stored import is_text
from finsim.tables.cells.unit_times import EXCEL, in_unit
from finsim.tables.cells.units_and_zones import SHARE_PLACES, point_moved, zone_of
from finsim.tables.rewriting.stored import as_text

_NANOS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def stored_kind(source: Source, column: str) -> np.dtype[Any]:
    """Return how exactly the column is stored: float64, float32, or int64 for all whole numbers."""
    kind = source.table.schema.field(source.headers[column]).type
    if pa.types.is_integer(kind) or source.columns[column].type.stored == "i":
        return np.dtype(np.int64)
    return np.dtype(np.float32 if pa.types.is_float32(kind) else np.float64)


def written(source: Source, column: str, rows: Int1D, values: Array) -> pa.Table:
    """Return the table with ``values`` (none of them null) in some rows of a column."""
    target = source.table.schema.field(source.headers[column]).type
    target = target.value_type if pa.types.is_dictionary(target) else target
    ordered = values[np.argsort(rows, kind="stable")]
    stored = source.table.schema.field(source.headers[column])
    spec = source.columns[column].declared
    if is_text(target) and spec.type not in ("cat", "id"):
        plain = one_array(source.table.column(source.headers[column]))
        values = _canonical(ordered, source.columns[column].type)
        return exchanged(source, column, rows, as_text(plain, np.sort(rows), values, spec, source.dialect))
    unit = "" if is_typed(stored, spec) else spec.unit
    if spec.type in ("ts", "date", "dur") and (unit == EXCEL or (unit and pa.types.is_floating(target))):
        values = _canonical(ordered, source.columns[column].type)
        cells = in_unit(values, spec, target, zone_of(spec, source.dialect))
        return exchanged(source, column, rows, cells)
    return exchanged(source, column, rows, _arrow(source, ordered, source.columns[column].type, target, unit))


def exchanged(source: Source, column: str, rows: Int1D, cells: pa.Array) -> pa.Table:
    """Return the table with ``cells``, one for each of ``rows`` in ascending order, in a column."""
    header = source.headers[column]
    place = source.table.schema.get_field_index(header)
    old = source.table.column(header).combine_chunks()
    if isinstance(old, pa.ChunkedArray):
        old = pa.concat_arrays(old.chunks) if old.num_chunks else pa.array([], old.type)
    plain = old.cast(old.type.value_type) if pa.types.is_dictionary(old.type) else old
    mask: Bool1D = np.zeros(source.rows, dtype=bool)
    mask[rows] = True
    merged = pc.replace_with_mask(plain, pa.array(mask), cells.cast(plain.type))
    if pa.types.is_dictionary(old.type):
        merged = _coded(merged, old)
    return source.table.set_column(place, source.table.schema.field(place), merged)


def one_array(cells: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return cells as one array, decoded where they are in a dictionary."""
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    if isinstance(cells, pa.ChunkedArray):
        cells = pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], cells.type)
    return cells.cast(cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells


def _coded(texts: pa.Array, old: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return texts in the dictionary they had, with new words at its end."""
    words = old.dictionary
    new = pc.unique(texts.filter(pc.invert(pc.is_in(texts, words))).drop_null())
    known = pa.concat_arrays([words, new])
    codes = pc.index_in(texts, known).cast(old.indices.type)
    return pa.DictionaryArray.from_arrays(codes, known, ordered=old.type.ordered)


def _arrow(source: Source, values: Array, kind: Type, target: pa.DataType, unit: str) -> pa.Array:
    """Return values in the stored type and unit of their column; Arrow raises where one has no form."""
    if kind.kind == "cat" or (
        kind.kind == "id" and (pa.types.is_string(target) or pa.types.is_large_string(target))
    ):
        return pa.array([source.labels.text(int(code)) for code in values], target)
    if kind.kind == "money" and not (pa.types.is_integer(target) and unit != "major"):
        scale = 0 if unit == "minor" and not pa.types.is_decimal(target) else kind.scale
        exact = [Decimal(int(value)).scaleb(-scale) for value in values]
        if pa.types.is_decimal(target):
            return pa.array(exact, target)
        return pa.array(exact, pa.decimal128(38, kind.scale)).cast(target)
    if unit in SHARE_PLACES:
        values = point_moved(values, -SHARE_PLACES[unit])
    elif unit == "years":
        values = values / 12
    if kind.kind in ("ts", "dur") and pa.types.is_integer(target) and unit in _NANOS:
        return pa.array(values.astype(np.int64) // _NANOS[unit]).cast(target)
    if kind.kind == "date" and pa.types.is_integer(target) and unit in _NANOS:
        return pa.array(values.astype(np.int64) * (DAY_NANOS // _NANOS[unit])).cast(target)
    if kind.kind == "date":
        return _days(values, target)
    if kind.kind == "ts" and not pa.types.is_integer(target):
        zone = getattr(target, "tz", None)
        return pa.array(values.astype(np.int64)).cast(pa.timestamp("ns", tz=zone)).cast(target)
    if kind.kind == "dur" and pa.types.is_duration(target):
        return pa.array(values.astype(np.int64)).cast(pa.duration("ns")).cast(target)
    if pa.types.is_integer(target):
        whole: Any = np.rint(values) if values.dtype.kind == "f" else values
        return pa.array(whole.astype(np.int64)).cast(target)
    return pa.array(values).cast(target)


def _canonical(values: Array, kind: Type) -> pa.Array:
    """Return values as rules keep them in the canonical form of their type."""
    if kind.kind == "money":
        exact = [Decimal(int(value)).scaleb(-kind.scale) for value in values]
        return pa.array(exact, pa.decimal128(38, kind.scale))
    if kind.kind == "date":
        return _days(values, pa.date32())
    if kind.kind == "ts":
        return pa.array(values.astype(np.int64)).cast(TIMES)
    if kind.kind == "dur":
        return pa.array(values.astype(np.int64)).cast(pa.duration("ns"))
    if kind.kind == "int":
        return pa.array(values.astype(np.int64))
    return pa.array(values if kind.kind == "bool" else values.astype(np.float64))


def _days(values: Array, target: pa.DataType) -> pa.Array:
    days = values.astype(np.int64)
    if pa.types.is_integer(target):
        return pa.array(days).cast(target)
    if pa.types.is_date32(target) or not pa.types.is_temporal(target):
        return pa.array(days.astype(np.int32)).cast(pa.date32()).cast(target)
    return pa.array(days * DAY_NANOS).cast(pa.timestamp("ns", tz=getattr(target, "tz", None))).cast(target)
