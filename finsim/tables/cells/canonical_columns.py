"""Which stored columns can be used as they are, and tables that are known to be in canonical form."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables.cells.canonical import LABELS, canonical
from finsim.tables.cells.stored import is_text
from finsim.tables.cells.units_and_zones import SHARE_PLACES
from finsim.tables.schema import Dialect, Field

TYPED = b"finsim.type"  # metadata of a column that stands in canonical form: its declared type
_MINOR = ("minor", "stored_minor")


def is_typed(column: pa.Field, field: Field) -> bool:
    """Whether a column stands in canonical form already."""
    return (column.metadata or {}).get(TYPED) == field.type.encode()


def typed_field(name: str, kind: pa.DataType, field: Field) -> pa.Field:
    """Return an Arrow field whose cells stand in canonical form."""
    return pa.field(name, kind, metadata={TYPED: field.type.encode()})


def typed_table(table: pa.Table, fields: Mapping[str, Field]) -> pa.Table:
    """Return a table whose columns of these names are known to stand in canonical form."""
    marked = [
        typed_field(column.name, column.type, fields[column.name]) if column.name in fields else column
        for column in table.schema
    ]
    return table.cast(pa.schema(marked))


def is_plain(kind: pa.DataType, field: Field, dialect: Dialect) -> bool:
    """Whether stored cells mean what they are: whole minor units, times, labels, numbers of any width.

    Of labels in a dictionary the words are not looked at here, nor whether floats are NaN.
    """
    if field.type in ("cat", "id"):
        words = field.strip or field.nulls or any(dialect.null)
        if pa.types.is_integer(kind) and field.type == "id":
            return True
        value = kind.value_type if pa.types.is_dictionary(kind) else kind
        return not words and (pa.types.is_string(value) or pa.types.is_large_string(value))
    if field.type == "bool":
        return bool(pa.types.is_boolean(kind))
    if field.type == "int":
        return bool(pa.types.is_integer(kind)) and field.unit != "years"
    if field.type in ("float", "ratio"):
        is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind)
        return bool(is_number) and field.unit not in (*SHARE_PLACES, "years")
    if field.type == "money":
        return bool(pa.types.is_integer(kind)) and field.unit in _MINOR
    if field.type == "dur":
        return bool(pa.types.is_duration(kind))
    local = not (field.zone or dialect.zone)
    if pa.types.is_timestamp(kind):
        return local or (kind.tz is not None and field.type == "ts")
    return bool(pa.types.is_date32(kind)) and (field.type == "date" or local)


def plain_type(kind: pa.DataType, field: Field, dialect: Dialect) -> pa.DataType:
    """Return the type in which a stored column is used: its own, or the canonical one with minor units."""
    if is_plain(kind, field, dialect):
        return kind
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    if field.type == "id" and (pa.types.is_integer(value) or pa.types.is_floating(value)):
        return pa.int64()
    return canonical(field, minor=True)


def texts_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return whole numbers as labels, written as text."""
    if pa.types.is_dictionary(column.type) or is_text(column.type):
        return column
    return pc.cast(column, pa.string()).dictionary_encode().cast(LABELS)
