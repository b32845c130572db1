"""Hashes of cells: equal values of one type hash alike, in any batch."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Array

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def hashed(values: pa.Array, salt: int) -> Array:
    """Return a hash of each value: uint64[n], 0 for a missing one; equal values of one type hash alike.

    Whole numbers by the finalizer of SplitMix64 (Steele et al. 2014), text by BLAKE2b.
    """
    if pa.types.is_dictionary(values.type):
        table = hashed(values.dictionary, salt)
        places = pc.fill_null(values.indices, 0).to_numpy(zero_copy_only=False)
        found = table[places] if len(table) else np.zeros(len(values), dtype=np.uint64)
        return _without_nulls(found, values.indices)
    if pa.types.is_integer(values.type):
        whole = pc.fill_null(values, 0).to_numpy(zero_copy_only=False).astype(np.int64).view(np.uint64)
        return _without_nulls(mixed(whole ^ np.uint64(salt)), values)
    coded = pc.cast(values, pa.string()).dictionary_encode()
    key = salt.to_bytes(8, "little")
    digests = [
        hashlib.blake2b(str(one).encode(), digest_size=8, key=key).digest() for one in coded.dictionary
    ]
    table = np.array([int.from_bytes(word, "little") for word in digests], dtype=np.uint64)
    places = pc.fill_null(coded.indices, 0).to_numpy(zero_copy_only=False)
    found = table[places] if len(table) else np.zeros(len(values), dtype=np.uint64)
    return _without_nulls(found, coded.indices)


def _without_nulls(found: Array, values: pa.Array) -> Array:
    if values.null_count:
        found = np.where(values.is_null().to_numpy(zero_copy_only=False), np.uint64(0), found)
    return found


def mixed(word: Array) -> Array:
    """Return the finalizer of SplitMix64 of each word: uint64[n]."""
    with np.errstate(over="ignore"):
        word = word + _ODD
        for shift, factor in _MIX:
            word = (word ^ (word >> np.uint64(shift))) * np.uint64(factor)
        return np.asarray(word ^ (word >> np.uint64(31)))
