"""Texts of a column as numbers, in the order in which different ones first come.

Arrow looks each text up in one hash table, which outgrows the caches of a processor when most texts differ: a
table twice as long then takes three times as long. Columns of many rows and many texts are therefore numbered
in parts that stay in the cache.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.notation import Array, Int1D
from finsim.tables.cells.small_arrays import numbers

FEWEST_ROWS, MOST_ROWS = 100_000, 2**32 - 1  # fewer rows need no machine code
_SAMPLE, _MANY = 8_192, 0.75  # rows looked at, and the share of different texts among them that is many
_PART, _MOST_BITS = 1 << 13, 12  # rows of a part; the logarithm of the most parts
_FEW = 8  # texts are few where others are so many times as many
_LOOKS = 32  # slots looked at in vain, for each row


def numbered(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """Return a column of text with each different text once; empty cells stay empty."""
    texts = _one(column)
    if FEWEST_ROWS <= len(texts) <= MOST_ROWS and _differ(texts):
        found = _numbered_in_parts(texts.cast(pa.large_string()))
        if found is not None:
            return found
    return pc.dictionary_encode(texts)


def places_in(known: pa.Array, texts: pa.Array) -> Int1D:
    """Return the place of each text among known ones, which are all different; -1 for others and for null."""
    rows = len(known) + len(texts)
    if FEWEST_ROWS <= rows <= MOST_ROWS and len(texts) * _FEW >= len(known):
        both = pa.concat_arrays([known.cast(pa.large_string()), texts.cast(pa.large_string())])
        codes = _codes_in_parts(both)
        if codes is not None:
            places = codes[0][len(known) :].astype(np.int64)
            return np.where((places < len(known)) & values_of(texts.is_valid()), places, -1)
    texts = texts.cast(known.type)
    if len(texts) * _FEW < len(known) and not texts.null_count:  # a table of the few is soon made
        return _places_of_few(known, texts)
    found = pc.index_in(texts, known)
    return np.where(values_of(found.is_valid()), values_of(found).astype(np.int64), -1)


def _places_of_few(known: pa.Array, texts: pa.Array) -> Int1D:
    distinct = pc.dictionary_encode(texts)
    found = pc.index_in(known, distinct.dictionary)
    rows = np.flatnonzero(values_of(found.is_valid()))
    places = np.full(len(distinct.dictionary), -1, dtype=np.int64)
    places[values_of(found)[rows]] = rows
    return places[values_of(distinct.indices)]


def text_hashes(texts: pa.Array) -> Array:
    """Return a uint64 for each text of a large_string array, by its bytes and length."""
    from finsim.kernels.keys import hash_texts

    hashes: Array = np.empty(len(texts), dtype=np.uint64)
    if len(texts):
        hash_texts(*_bytes_of(texts), hashes)
    return hashes


def _one(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)


def _differ(texts: pa.Array) -> bool:
    """Whether most of some texts all over a column are different."""
    places = np.linspace(0, len(texts) - 1, _SAMPLE).astype(np.int64)
    return bool(pc.count_distinct(texts.take(numbers(places))).as_py() > _MANY * _SAMPLE)


def _numbered_in_parts(texts: pa.Array) -> pa.DictionaryArray | None:
    """Return what ``numbered`` does; None where hashes do not tell the texts apart."""
    found = _codes_in_parts(texts)
    if found is None:
        return None
    codes, is_first = found
    held = numbers(codes, values_of(texts.is_valid()) if texts.null_count else None)
    distinct = texts if is_first.all() else texts.take(numbers(np.flatnonzero(is_first)))
    return pa.DictionaryArray.from_arrays(held, distinct, safe=False)


def _codes_in_parts(texts: pa.Array) -> tuple[Array, Array] | None:
    """Return the number of each text (0 for null), and which rows are the first of theirs."""
    from finsim.kernels.keys import are_same_texts, first_equal_hashes, number_firsts

    rows, bits = len(texts), 1
    while rows >> bits > _PART and bits < _MOST_BITS:
        bits += 1
    gone = ~values_of(texts.is_valid()) if texts.null_count else np.zeros(0, dtype=bool)
    first: Array = np.empty(rows, dtype=np.uint32)
    if not first_equal_hashes(text_hashes(texts), gone, np.uint64(bits), _LOOKS * rows, first):
        return None
    if not are_same_texts(*_bytes_of(texts), first):
        return None
    is_first = np.empty(rows, dtype=bool)
    number_firsts(first, is_first)
    return first.view(np.int32), is_first


def _bytes_of(texts: pa.Array) -> tuple[Array, Int1D]:
    """Return the bytes of a large_string array, and where its texts begin and end."""
    _, starts, data = texts.buffers()
    offsets = np.frombuffer(starts, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.zeros(1, dtype=np.uint8) if not data else np.frombuffer(data, dtype=np.uint8), offsets
