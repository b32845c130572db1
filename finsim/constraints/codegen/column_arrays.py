"""Columns of a table as the arrays that a kernel reads: as stored, without copies where possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.constraints.tables.nullable_vectors import solid, spread
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Array, Bool1D


@dataclass(frozen=True)
class Stored:
    """One column: its values, which of them are there (None: all), and the labels its codes stand for."""

    values: Array
    valid: Bool1D | None
    labels: dict[str, int] | None = None


def stored(source: Source, name: str, dtype: str) -> Stored:
    """Return a column as contiguous values of a dtype.

    ``global`` are the codes that all columns share, ``local int8`` those of the column's own labels.
    """
    if dtype.startswith("local"):
        return _coded(source, name, dtype.split()[1])
    vec = source.unchecked(name)
    values = spread(vec.values, source.rows)
    valid = None if vec.valid is None else np.ascontiguousarray(solid(vec.valid, source.rows))
    return Stored(np.ascontiguousarray(values, dtype=plain_dtype(dtype)), valid)


def plain_dtype(dtype: str) -> str:
    """Return the NumPy dtype of a column as kernels see it."""
    return dtype.split()[1] if dtype.startswith("local") else ("int32" if dtype == "global" else dtype)


def _coded(source: Source, name: str, dtype: str) -> Stored:
    if name not in source.headers:
        default = source.columns[name].default
        return Stored(np.zeros(source.rows, dtype=dtype), None, {str(default): 0})
    data = source.column(name)
    one = _encoded(data)
    texts = one.dictionary.to_pylist()
    codes = {str(text): code for code, text in enumerate(texts)}
    if len(codes) < len(texts) or None in texts:  # a dictionary that says a thing twice
        return _coded_anew(one, dtype)
    valid = None if one.null_count == 0 else values_of(one.is_valid())
    return Stored(np.ascontiguousarray(values_of(one.indices), dtype=dtype), valid, codes)


def _coded_anew(one: pa.DictionaryArray, dtype: str) -> Stored:
    fresh = one.dictionary_decode().dictionary_encode()
    codes = {str(text): code for code, text in enumerate(fresh.dictionary.to_pylist())}
    valid = None if fresh.null_count == 0 else values_of(fresh.is_valid())
    return Stored(np.ascontiguousarray(values_of(fresh.indices), dtype=dtype), valid, codes)


def _encoded(data: pa.ChunkedArray) -> pa.DictionaryArray:
    if not pa.types.is_dictionary(data.type):
        data = pc.dictionary_encode(data)
    if data.num_chunks == 1:
        return data.chunk(0)
    whole = data.unify_dictionaries().combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def dtype_of(source: Source, name: str, local: bool) -> str:
    """Return the dtype in which a column is kept, without loading it."""
    kind = source.columns[name].type
    held = source.kind(name) if name in source.headers else None
    if kind.kind == "cat" or (kind.kind == "id" and source.is_text(name)):
        index = str(held.index_type) if held is not None and pa.types.is_dictionary(held) else "int32"
        return f"local {index}" if local else "global"
    if kind.stored == "b":
        return "bool"
    if kind.stored == "f":
        return "float32" if held == pa.float32() else "float64"
    if kind.kind not in ("date", "ts", "dur") and held in _NARROW:
        return str(held)
    return "int64"


_NARROW = (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32())


def has_nulls(source: Source, name: str) -> bool:
    """Whether a column has empty cells."""
    return name in source.headers and bool(source.column(name).null_count)
