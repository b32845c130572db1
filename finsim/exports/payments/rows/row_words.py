"""Columns as other layouts write them: money with two places, times as text, one word for another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Array, Int1D

Column: TypeAlias = "pa.ChunkedArray | pa.Array"
MONEY = pa.decimal128(19, 2)


def whole(column: Column) -> pa.Array:
    """Return a column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def cents(column: Column) -> pa.Array:
    """Return minor units as decimals with two places: 1234 is 12.34; nulls stay."""
    array = whole(column)
    values = np.asarray(array.fill_null(0) if array.null_count else array, dtype=np.int64)
    halves = np.empty((len(values), 2), dtype=np.int64)  # a decimal128 is 16 bytes, low half first
    halves[:, 0], halves[:, 1] = values, values >> 63
    found = pa.Array.from_buffers(MONEY, len(values), [None, pa.py_buffer(halves)])
    return pc.if_else(array.is_valid(), found, pa.scalar(None, MONEY)) if array.null_count else found


def nanoseconds(column: Column) -> Int1D:
    """Return instants as int64 nanoseconds since 1970, UTC."""
    return np.asarray(whole(column).cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64()))


def instants(column: Column, unit: str = "s") -> pa.Array:
    """Return instants as text in UTC, ``2026-01-31 08:30:00`` with the digits of ``unit``, cut off."""
    size = {"s": 1_000_000_000, "us": 1_000}[unit]
    return pa.array(nanoseconds(column) // size).cast(pa.timestamp(unit)).cast(pa.string())


def cut(texts: pa.Array, start: int, stop: int) -> pa.Array:
    """Return characters ``start`` to ``stop`` of each text."""
    return pc.utf8_slice_codeunits(texts, start, stop)


def glued(*parts: pa.Array | str) -> pa.Array:
    """Return the parts of each row as one text."""
    return pc.binary_join_element_wise(*parts, "")


def hexadecimal(column: Column) -> pa.Array:
    """Return ids as ``8`` and eight or more hexadecimal digits: never a leading zero; nulls stay."""
    array = whole(column)
    values = np.asarray(array.fill_null(0) if array.null_count else array, dtype=np.int64)
    names, codes = np.unique(values, return_inverse=True)
    texts = pa.array([f"8{name:08X}" for name in names.tolist()], pa.string())
    found = texts.take(pa.array(codes))
    return pc.if_else(array.is_valid(), found, pa.scalar(None, pa.string())) if array.null_count else found


def renamed(column: Column, words: Mapping[str, str], default: str | None = None) -> pa.Array:
    """Return each text in other words; one that ``words`` lacks is ``default``, or stays as it is."""
    encoded = whole(column)
    encoded = encoded if pa.types.is_dictionary(encoded.type) else encoded.dictionary_encode()
    told = [
        words.get(text, default if default is not None else text) for text in encoded.dictionary.to_pylist()
    ]
    return pa.array(told, pa.string()).take(encoded.indices)


def coded(column: Column, codes: Mapping[str, int], default: int = 0) -> Int1D:
    """Return the code of each text; ``default`` for one that ``codes`` lacks, and for nulls."""
    encoded = whole(column)
    encoded = encoded if pa.types.is_dictionary(encoded.type) else encoded.dictionary_encode()
    told = np.array(
        [*(codes.get(text, default) for text in encoded.dictionary.to_pylist()), default], np.int64
    )
    found: Int1D = told[np.asarray(encoded.indices.fill_null(len(told) - 1))]
    return found


def picked(codes: Array, words: tuple[str, ...]) -> pa.Array:
    """Return ``words[code]`` for each code."""
    return pa.array(words, pa.string()).take(pa.array(codes))
