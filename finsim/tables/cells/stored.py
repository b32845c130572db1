"""Columns that come typed, from Arrow, Parquet or pandas -> values of the declared type."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables.cells.arrays_from_python import without_nan, words
from finsim.tables.cells.canonical import LABELS, canonical
from finsim.tables.cells.unit_times import of_float, of_number
from finsim.tables.cells.units_and_zones import (
    assumed_zone,
    calendar_days,
    days_of,
    minor_of,
    money_of_floats,
    scaled,
)
from finsim.tables.cells.written import from_text
from finsim.tables.schema import Dialect, Field


class Undeclared(Exception):
    """A stored column that may mean two things; the schema has to say which."""

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found)
        self.found, self.remedy = found, remedy


def unfit(kind: pa.DataType, field: Field) -> Undeclared:
    """Return what to say of a stored type that no cell of the declared type can have."""
    return Undeclared(f"holds {kind}, which cannot be read as {field.type}", "declare another type")


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds text, coded or not."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view")


def is_readable(kind: pa.DataType) -> bool:
    """Whether some declared type can be read from a stored type: no lists, records, bytes, times of day."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        is_text(kind) or pa.types.is_primitive(kind) or pa.types.is_null(kind) or pa.types.is_decimal(kind)
    ) and not (pa.types.is_interval(kind) or pa.types.is_time(kind))


def from_stored(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return stored cells in the canonical form of their type (an id of whole numbers stays int64).

    Raises Undeclared where the schema has to say a unit, pyarrow.ArrowInvalid when cells do not fit.
    """
    cells = _canonical(data, field, dialect)
    return calendar_days(cells) if field.type == "date" else cells


def _canonical(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    kind = data.type
    if pa.types.is_null(kind):
        return pa.nulls(len(data), canonical(field))
    if pa.types.is_dictionary(kind):
        if field.type in ("cat", "id") and kind == LABELS and _is_plain(data, field, dialect):
            return data
        said = data.dictionary.cast(pa.string()) if is_text(kind) else data.dictionary
        if field.type in ("cat", "id") and is_text(kind):
            coded = pa.DictionaryArray.from_arrays(data.indices.cast(pa.int32()), said)
            if _is_plain(coded, field, dialect):
                return coded
        data = said.take(data.indices)
        kind = data.type
    if not is_readable(kind):
        raise unfit(kind, field)
    if is_text(kind):
        return from_text(data, field, dialect)
    if pa.types.is_floating(kind):
        data = without_nan(data.cast(pa.float64()) if kind != pa.float64() else data)
    return _READERS[field.type](data, field, dialect)


def _is_plain(data: pa.DictionaryArray, field: Field, dialect: Dialect) -> bool:
    """Whether labels can be taken as they are."""
    texts = data.dictionary
    if field.strip or texts.null_count:
        return False
    empty = [word for word in (*field.nulls, *dialect.null) if word]
    return not (empty and pc.any(pc.is_in(texts, words(empty))).as_py())


def _labels(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    if pa.types.is_floating(data.type) and pc.all(pc.equal(data, pc.round(data))).as_py() is not False:
        data = data.cast(pa.int64())
    return from_text(data.cast(pa.string()), field, dialect)


def _ids(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    if pa.types.is_integer(data.type) or pa.types.is_floating(data.type):
        return data.cast(pa.int64())
    return _labels(data, field, dialect)


def _truths(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    if pa.types.is_boolean(data.type):
        return data
    if not pa.types.is_integer(data.type) and not pa.types.is_floating(data.type):
        raise unfit(data.type, field)
    return from_text(data.cast(pa.int64()).cast(pa.string()), field, dialect)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _whole(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    if not _is_number(data.type):
        raise unfit(data.type, field)
    return scaled(data.cast(pa.int64()), field)


def _floats(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    if not _is_number(data.type):
        raise unfit(data.type, field)
    return scaled(data.cast(pa.float64(), safe=False), field)  # the nearest float, as of written digits


def _money(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    if pa.types.is_decimal(data.type):
        return data.cast(canonical(field))
    if pa.types.is_floating(data.type):
        return money_of_floats(data, field)
    if not pa.types.is_integer(data.type):
        raise unfit(data.type, field)
    if field.unit in ("minor", "stored_minor"):
        return minor_of(data, field)
    if field.unit == "major":
        return data.cast(canonical(field))
    raise Undeclared(
        f"holds whole numbers ({data.type}), which may be minor units or whole {field.ccy or 'units'}",
        "declare `unit: minor` (cents) or `unit: major` for the column",
    )


def _moments(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    kind, is_day = data.type, field.type == "date"
    if pa.types.is_date(kind):
        return (
            data.cast(pa.date32()) if is_day else assumed_zone(data.cast(pa.timestamp("ns")), field, dialect)
        )
    if pa.types.is_timestamp(kind):
        if is_day:
            return days_of(data, field, dialect)
        return data.cast(canonical(field)) if kind.tz else assumed_zone(data, field, dialect)
    if not pa.types.is_integer(kind) and not pa.types.is_floating(kind):
        raise unfit(kind, field)
    if field.unit:
        return _of_unit(data, field, dialect)
    if field.format:
        return from_text(data.cast(pa.int64()).cast(pa.string()), field, dialect)
    raise Undeclared(f"holds whole numbers ({kind}) without a unit", NUMBER_OF_TIME[field.type])


def _of_unit(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return stored numbers of a declared unit of time."""
    if pa.types.is_floating(data.type):
        return of_float(data.cast(pa.float64()), field, dialect)
    return of_number(data.cast(pa.int64()), field, dialect)


NUMBER_OF_TIME = {
    "date": 'declare `format: "%Y%m%d"`, or `unit:` days, s, ms, us or ns (since 1970), or excel_days',
    "ts": 'declare `unit:` s, ms, us or ns (since 1970), or excel_days, or `format: "%Y%m%d%H%M%S"`',
    "dur": "declare `unit:` s, ms, us or ns",
}


def _durations(data: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    if pa.types.is_duration(data.type):
        return data.cast(canonical(field))
    if not pa.types.is_integer(data.type) and not pa.types.is_floating(data.type):
        raise unfit(data.type, field)
    if field.unit:
        return _of_unit(data, field, dialect)
    raise Undeclared(f"holds whole numbers ({data.type}) without a unit", NUMBER_OF_TIME["dur"])


_READERS = {
    "bool": _truths, "int": _whole, "float": _floats, "ratio": _floats, "money": _money,
    "date": _moments, "ts": _moments, "dur": _durations, "cat": _labels, "id": _ids,
}  # fmt: skip
