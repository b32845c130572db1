"""Dates, times and money that the input has as numbers of a declared unit, and so a file of new rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables import Dialect, Field
from finsim.tables.cells.unit_times import EXCEL, NANO_PLACES, in_unit, of_written

MONEY, MINOR = "money", "minor"
SPAN = "dur"
_MOMENTS = {"date": pa.date32(), "ts": pa.timestamp("ns", tz="UTC"), SPAN: pa.duration("ns")}
CENTS = (MINOR, "stored_minor")
IN_CENTS = b"finsim.cents"
"""Fact of a column of money that the input stores as whole numbers of cents."""
AS_NUMBER = b"finsim.number"
"""Fact of durations that the input stores as numbers of their declared unit; its value is the stored type."""


def numbered_columns(
    fields: Mapping[str, Field], table: pa.Table, stored: Set[str]
) -> dict[str, tuple[str, str, str]]:
    """Return name -> type, unit and stored type of the columns that stand as numbers; cents with decimals.

    ``stored`` are columns that the input stores in cents; text of ``stored_minor`` has decimals.
    """
    found = {}
    for name, field in fields.items():
        if name in table.column_names and field.type in ("date", "ts") and field.unit:
            found[name] = (field.type, field.unit, str(_number_kind(field, table[name])))
        elif name in table.column_names and (field.unit == MINOR or name in stored):
            found[name] = (MONEY, str(field.decimals), "int64")
    return found


def as_numbers(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], columns: Mapping[str, tuple[str, str, str, str]]
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return schema and rows as they go into a file, the ``columns`` by header as numbers.

    Each with its type, unit, stored type and zone.
    """
    if not columns:
        return schema, iter(batches)
    told = pa.schema([
        pa.field(one.name, pa.type_for_alias(columns[one.name][2])) if one.name in columns else one
        for one in schema
    ])  # fmt: skip
    return told, (
        pa.record_batch(
            [
                _cells(cells, *columns[one.name]) if one.name in columns else cells
                for one, cells in zip(schema, batch.columns, strict=True)
            ],
            schema=told,
        )
        for batch in batches
    )


def _cells(cells: pa.Array, kind: str, unit: str, stored: str, zone: str) -> pa.Array:
    number = pa.type_for_alias(stored)
    if kind == MONEY:
        whole = pc.round(pc.multiply(cells.cast(pa.float64(), safe=False), 10.0 ** int(unit)))
        return whole.cast(number)
    moment = _MOMENTS[kind]
    return in_unit(cells.cast(moment), Field(kind, unit=unit), number, zone)


def moment_of(text: str, kind: str, unit: str) -> float | None:
    """Return the nanoseconds UTC of a date or time that is written as a number, None for other text."""
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
        return None
    try:
        found = of_written(pa.array([text]), Field(kind, unit=unit), Dialect())
    except pa.ArrowInvalid:
        return None
    return float(found.cast(pa.timestamp("ns")).cast(pa.int64())[0].as_py())


def _number_kind(field: Field, cells: pa.ChunkedArray) -> pa.DataType:
    """Return the type of a column of numbers: whole, or with fractions where times of the unit have some."""
    if field.type != "ts":
        return pa.int64()
    if field.unit == EXCEL:
        return pa.float64()
    nanos = cells.drop_null().cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64()).to_numpy()
    has_part = np.any(nanos % 10 ** NANO_PLACES.get(field.unit, 0))
    return pa.float64() if has_part else pa.int64()
