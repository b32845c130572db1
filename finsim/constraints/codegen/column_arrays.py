"""Columns of a table as the arrays that a kernel reads: as stored, without copies where possible.

A dtype says how a column is kept. ``int64``: as it is. ``global``: codes that all columns share. ``local
int8``: codes of the column's own dictionary; ``coded int16``: of the texts that rules compare it with.
``times int64 1000``: moments in units of so many nanoseconds, which kernels multiply.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.constraints.codegen.text_codes import TextColumn
from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.constraints.tables.nullable_vectors import solid, spread
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Array, Bool1D
from finsim.tables.cells.arrays_from_python import numbers, words

CODE = "int16"
"""Dtype of a column of text in codes of the texts that rules compare it with."""

_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3}


@dataclass(frozen=True)
class Stored:
    """One column: its values, which of them are there (None: all), and the labels its own codes stand for."""

    values: Array
    valid: Bool1D | None
    labels: dict[str, int] | None = None


def stored(source: Source, name: str, dtype: str, texts: tuple[str, ...] = ()) -> Stored:
    """Return a column as contiguous values of a dtype; ``texts`` are those that rules compare it with."""
    if has_text_codes(dtype) and name in source.headers:
        column, codes = text_column(source, name, texts), np.empty(source.rows, dtype=CODE)
        column.code(0, source.rows, codes)
        return Stored(codes, column.valid)
    if has_own_codes(dtype):
        return _own_codes(source, name, dtype, texts)
    if is_multiplied(dtype):
        data = _one(source.column(name))
        valid = None if data.null_count == 0 else values_of(data.is_valid())
        return Stored(values_of(data.view(pa.int64())), valid)
    vec = source.unchecked(name)
    values = spread(vec.values, source.rows)
    valid = None if vec.valid is None else np.ascontiguousarray(solid(vec.valid, source.rows))
    return Stored(np.ascontiguousarray(values, dtype=plain_dtype(dtype)), valid)


def text_column(source: Source, name: str, texts: tuple[str, ...]) -> TextColumn:
    """Return a column of text, ready to be coded by the texts that rules compare it with."""
    return TextColumn(_one(source.column(name)), texts)


def has_own_codes(dtype: str) -> bool:
    """Whether a column of labels comes in codes of its own."""
    return dtype.startswith(("local", "coded"))


def is_multiplied(dtype: str) -> bool:
    """Whether a column comes in other units than rules count in."""
    return dtype.startswith("times")


def factor_of(dtype: str) -> int:
    """Return what a kernel multiplies the values of a column by."""
    return int(dtype.split()[2]) if is_multiplied(dtype) else 1


def plain_dtype(dtype: str) -> str:
    """Return the NumPy dtype of a column as kernels see it."""
    return "int32" if dtype == "global" else dtype.split()[1] if " " in dtype else dtype


def has_text_codes(dtype: str) -> bool:
    """Whether a column comes in the places of its texts among those that rules compare it with."""
    return dtype.startswith("coded")


def _own_codes(source: Source, name: str, dtype: str, texts: tuple[str, ...]) -> Stored:
    if name not in source.headers:
        default = source.columns[name].default
        place = texts.index(default) if default in texts else len(texts)
        return Stored(np.full(source.rows, place, dtype=CODE), None)
    data = _one(source.column(name))
    found = pc.index_in(data.dictionary, value_set=words(texts).cast(data.type.value_type))
    places = np.flatnonzero(values_of(found.is_valid()))
    known = values_of(found.take(numbers(places)))
    if len(np.unique(known)) < len(known) or data.dictionary.null_count:  # says a thing twice, or nothing
        data = data.dictionary_decode().dictionary_encode()
        fresh = source.piece(pa.table({source.headers[name]: data}))
        return _own_codes(fresh, name, dtype, texts)
    valid = None if data.null_count == 0 else values_of(data.is_valid())
    codes = {texts[text]: place for text, place in zip(known.tolist(), places.tolist(), strict=True)}
    return Stored(np.ascontiguousarray(values_of(data.indices), dtype=plain_dtype(dtype)), valid, codes)


def _one(data: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece."""
    if data.num_chunks == 1:
        return data.chunk(0)
    if pa.types.is_dictionary(data.type):
        data = data.unify_dictionaries()
    whole = data.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def dtype_of(source: Source, name: str, local: bool) -> str:
    """Return the dtype in which a column is kept, without loading it."""
    kind = source.columns[name].type
    held = source.kind(name) if name in source.headers else None
    if kind.kind == "cat" or (kind.kind == "id" and source.is_text(name)):
        return _label_dtype(held) if local else "global"
    if kind.stored == "b":
        return "bool"
    if kind.stored == "f":
        return "float32" if held == pa.float32() else "float64"
    if held is not None and kind.kind == "ts" and pa.types.is_timestamp(held) and held.unit in _UNITS:
        return f"times int64 {_UNITS[held.unit]}"
    if kind.kind == "date" and held == pa.date32():
        return "int32"
    if kind.kind not in ("date", "ts", "dur") and held in _NARROW:
        return str(held)
    return "int64"


def _label_dtype(held: pa.DataType | None) -> str:
    if held is not None and pa.types.is_dictionary(held):
        return f"local {held.index_type}"
    return f"coded {CODE}" if held is None or held in (pa.string(), pa.large_string()) else "global"


_NARROW = (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32())


def has_nulls(source: Source, name: str) -> bool:
    """Whether a column has empty cells."""
    return name in source.headers and bool(source.column(name).null_count)
