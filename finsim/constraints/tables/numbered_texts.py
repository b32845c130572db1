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
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.notation import Array, Int1D
from finsim.tables.cells.arrays_from_python import numbers

FEWEST_ROWS, MOST_ROWS = 100_000, 2**32 - 1  # fewer rows need no machine code
_SAMPLE, _MANY = 8_192, 0.75  # rows looked at, and the share of different texts among them that is many
_PART, _MOST_BITS = 1 << 13, 12  # rows of a part; the logarithm of the most parts
_FEW = 8  # texts are few where others are so many times as many
_LOOKS = 32  # slots looked at in vain, for each row


def numbered(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """Return a column of text with each different text once; empty cells stay empty."""
    texts = _many(column)
    found = None if texts is None else _codes_in_parts(texts)
    if texts is None or found is None:
        return _encoded(column)
    codes, is_first = found
    held = numbers(codes, values_of(texts.is_valid()) if texts.null_count else None)
    distinct = texts if is_first.all() else texts.take(numbers(np.flatnonzero(is_first)))
    return pa.DictionaryArray.from_arrays(held, distinct, safe=False)


def numbers_of(column: pa.Array | pa.ChunkedArray) -> Vec:
    """Return the number of each text of a column; which text has it is not kept."""
    texts = _many(column)
    found = None if texts is None else _codes_in_parts(texts)
    if texts is not None and found is not None:
        return Vec(found[0], values_of(texts.is_valid()) if texts.null_count else None)
    coded = _encoded(column)
    return Vec(values_of(coded.indices), values_of(coded.is_valid()) if coded.null_count else None)


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


def _many(column: pa.Array | pa.ChunkedArray) -> pa.Array | None:
    """Return a column in one piece where it has many rows and many texts: most of some rows differ."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    if not FEWEST_ROWS <= len(column) <= MOST_ROWS:
        return None
    longest = max(chunks, key=len)
    places = np.linspace(0, len(longest) - 1, min(_SAMPLE, len(longest))).astype(np.int64)
    if pc.count_distinct(longest.take(numbers(places))).as_py() <= _MANY * len(places):
        return None
    large = [chunk.cast(pa.large_string()) for chunk in chunks]  # together they may have over 2 GB
    return large[0] if len(large) == 1 else pa.concat_arrays(large)


def _encoded(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    coded = pc.dictionary_encode(column)
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks else pc.dictionary_encode(pa.nulls(0, column.type))
    return coded


def _codes_in_parts(texts: pa.Array) -> tuple[Array, Array] | None:
    """Return the number of each text (0 for null), and which rows are the first of theirs.

    None where hashes do not tell the texts apart, or begin too much alike.
    """
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
