"""Arrow arrays and scalars of Python values without pandas, which ``pa.array`` imports (0.3 s)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Array, Bool1D


def words(texts: Sequence[str]) -> pa.Array:
    """Return texts as an Arrow array."""
    coded = [text.encode() for text in texts]
    ends = np.cumsum([0, *(len(text) for text in coded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(b"".join(coded))]
    return pa.Array.from_buffers(pa.string(), len(coded), buffers)


def numbers(values: Array, valid: Bool1D | None = None) -> pa.Array:
    """Return int32, int64 or float64 values as an Arrow array; cells that are not valid are null."""
    held = np.ascontiguousarray(values)
    kind = {"int32": pa.int32(), "int64": pa.int64(), "float64": pa.float64()}[str(held.dtype)]
    there = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little").tobytes())
    return pa.Array.from_buffers(kind, len(held), [there, pa.py_buffer(held)])


def no_rows(schema: pa.Schema) -> pa.Table:
    """Return a table without rows; ``Schema.empty_table`` imports pandas."""
    return pa.Table.from_arrays([pa.nulls(0, kind) for kind in schema.types], schema=schema)


@lru_cache(maxsize=64)
def word(text: str) -> pa.Scalar:
    """Return a text as an Arrow scalar."""
    return words([text])[0]


@lru_cache(maxsize=64)
def number(value: float) -> pa.Scalar:
    """Return an int or a float as an Arrow scalar."""
    return numbers(np.array([value]))[0]


@lru_cache(maxsize=64)
def nothing(kind: pa.DataType) -> pa.Scalar:
    """Return the empty cell of a type."""
    return pa.nulls(1, kind)[0]


@lru_cache(maxsize=2)
def truth(value: bool) -> pa.Scalar:
    """Return a truth as an Arrow scalar."""
    return pa.Array.from_buffers(pa.bool_(), 1, [None, pa.py_buffer(bytes([value]))])[0]


def filled(truths: pa.Array, empty: bool) -> pa.Array:
    """Return truths with a truth in place of null."""
    return pc.if_else(pc.is_null(truths), truth(empty), truths) if truths.null_count else truths


def without_nan(values: pa.Array) -> pa.Array:
    """Return floats with null in place of NaN: an empty cell has one form only."""
    gaps = pc.is_nan(values)
    return pc.if_else(gaps, nothing(values.type), values) if pc.any(gaps).as_py() else values


def as_numpy(data: pa.Array, empty: Any = 0) -> Array:
    """Return truths or whole numbers as NumPy, with ``empty`` in place of null."""
    if pa.types.is_boolean(data.type):
        truths: Array = as_numpy(data.cast(pa.uint8()), int(empty)).astype(bool)
        return truths
    if data.null_count:
        held = np.frombuffer(data.buffers()[1], dtype=str(data.type))[data.offset : data.offset + len(data)]
        valid = as_numpy(data.is_valid())
        full: Array = np.where(valid, held, empty)
        return full
    plain: Array = np.from_dlpack(data)
    return plain
