"""Keys of one or several columns of another table: numbered, and found again by equal values.

Building takes a sort of each column, finding a look into a table or a binary search: n log n in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.constraints.tables.nullable_vectors import Vec, known, spread
from finsim.notation import Array, Bool1D, Int1D
from finsim.tables.cells.arrays_from_python import numbers

_ROOM = 4  # a table of codes may have this many cells per key before a sorted search takes over
_SPARE = 1_000_000
_HASHED = 2  # a look into a table of hashes is worth making it for so many keys per number that is asked for


@dataclass(frozen=True)
class _Codes:
    """Different whole numbers, ascending; the code of each is its place, which a ``table`` may tell at once.

    ``table`` has the code of ``low + k`` at k, -1 for none, and a last cell of -1.
    """

    values: Int1D
    low: int
    table: Int1D | None

    def find(self, wanted: Int1D) -> Int1D:
        """Return the code of each number, -1 for none."""
        if not len(self.values):
            return np.full(len(wanted), -1, dtype=np.int64)
        if self.table is not None:
            # without a sign, what lies below is far above: the end of the table, which is of no number
            place = (wanted - self.low).view(np.uint64)
            codes: Int1D = self.table[np.minimum(place, np.uint64(len(self.table) - 1)).view(np.int64)]
            return codes
        if len(self.values) <= _HASHED * len(wanted):  # Arrow makes a table of them at each call
            places = pc.index_in(numbers(wanted), value_set=numbers(self.values))
            found = values_of(places).astype(np.int64)
            return np.where(values_of(places.is_valid()), found, -1) if places.null_count else found
        order = np.argsort(wanted)  # searched in ascending order, the next place is near the last one
        ascending = wanted[order]
        place = np.minimum(np.searchsorted(self.values, ascending), len(self.values) - 1)
        found = np.empty(len(wanted), dtype=np.int64)
        found[order] = np.where(self.values[place] == ascending, place, -1)
        return found


def _coded(numbers: Int1D) -> tuple[_Codes, Int1D]:
    """Return the codes of some numbers, and that of each."""
    if not len(numbers):
        return _Codes(numbers, 0, None), numbers
    low, high = int(numbers.min()), int(numbers.max())
    if high - low >= _ROOM * len(numbers) + _SPARE:
        values, codes = np.unique(numbers, return_inverse=True)
        return _Codes(values, low, None), codes.reshape(-1).astype(np.int64)
    there = np.zeros(high - low + 1, dtype=bool)
    there[numbers - low] = True
    values = np.flatnonzero(there) + low
    table = np.full(high - low + 2, -1, dtype=np.int64)
    table[values - low] = np.arange(len(values))
    return _Codes(values, low, table), table[numbers - low]


def _numbers(vec: Vec, rows: int) -> Int1D:
    """Return a column as whole numbers that are equal where its values are; floats by their bits."""
    values = spread(vec.values, rows)
    if values.dtype.kind == "f":
        return (values.astype(np.float64) + 0.0).view(np.int64)  # -0.0 equals 0.0
    return values.astype(np.int64, copy=False)


def _filled(columns: Sequence[Vec], rows: int) -> Bool1D:
    """Return the rows without an empty cell."""
    filled = np.ones(rows, dtype=bool)
    for column in columns:
        filled &= known(column)
    return filled


@dataclass(frozen=True)
class KeyIndex:
    """The keys of a table, numbered from 0.

    ``places`` int64[M] are the rows that have a key and count, ``keys`` int64[M] their keys, ``rows``
    int64[keys] the first row of each key and ``counts`` how many it has.
    """

    columns: tuple[_Codes, ...]
    merged: tuple[_Codes, ...]
    places: Int1D
    keys: Int1D
    rows: Int1D
    counts: Int1D

    def find(self, values: Sequence[Vec], rows: int) -> Vec:
        """Return the number of the key that each of N rows asks for, -1 for none; null where a value is."""
        keys = np.full(rows, 0 if len(self.rows) else -1, dtype=np.int64) if not values else None
        for place, (codes, value) in enumerate(zip(self.columns, values, strict=True)):
            found = codes.find(_numbers(value, rows))
            if keys is not None:
                both = self.merged[place - 1].find(keys * len(codes.values) + found)
                found = np.where((keys < 0) | (found < 0), -1, both)
            keys = found
        if all(value.valid is None and np.asarray(value.values).dtype.kind != "f" for value in values):
            return Vec(keys)
        return Vec(keys, _filled(values, rows))


def key_index(columns: Sequence[Vec], counted: Array | None, rows: int) -> KeyIndex:
    """Return the keys that ``rows`` rows have in some columns; rows with an empty cell have none.

    ``counted`` bool[rows] says which rows there are at all (None: all).
    """
    has_key = _filled(columns, rows)
    places = np.flatnonzero(has_key if counted is None else has_key & counted)
    keys, each, merged = np.zeros(len(places), dtype=np.int64), [], []
    for place, column in enumerate(columns):
        codes, found = _coded(_numbers(column, rows)[places])
        each.append(codes)
        if place:
            both, found = _coded(keys * len(codes.values) + found)
            merged.append(both)
        keys = found
    counts = np.bincount(keys).astype(np.int64) if len(keys) else np.zeros(0, dtype=np.int64)
    first = np.zeros(len(counts), dtype=np.int64)
    first[keys[::-1]] = places[::-1]  # of equal keys the first row is written last
    return KeyIndex(tuple(each), tuple(merged), places, keys, first, counts)
