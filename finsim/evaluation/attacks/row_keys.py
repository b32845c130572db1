"""One 64-bit key a row or a cell, equal where all values are equal: exact copies by sorting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.evaluation.attacks.row_encoding import rounded
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.notation import Array

_ODD = np.uint64(0x9E3779B97F4A7C15)


def cell_codes(column: ColumnPair) -> tuple[Array, Array, Array | None]:
    """Return int64 codes of the values of the real, synthetic and hold-out side; one code, one value.

    Numbers are compared at 12 significant digits; missing is a value of its own.
    """
    given = [side for side in (column.real, column.own, column.spare) if side is not None]
    if column.is_category:
        coded = [side.astype(np.int64) for side in given]
    else:
        joined = rounded(np.concatenate(given).astype(np.float64))
        _, codes = np.unique(joined, return_inverse=True)
        coded = np.split(codes.astype(np.int64), np.cumsum([len(side) for side in given])[:-1])
    return coded[0], coded[1], coded[2] if len(coded) == 3 else None


def row_keys(cells: Sequence[tuple[Array, Array, Array | None]]) -> tuple[Array, Array, Array | None]:
    """Return a uint64 key of each row of the three sides from the codes of its cells."""
    sides = zip(*cells, strict=True)
    first, second, third = (None if side[0] is None else _mixed(list(side)) for side in sides)
    assert first is not None
    assert second is not None
    return first, second, third


def _mixed(codes: list[Array]) -> Array:
    key = np.zeros(len(codes[0]), np.uint64)
    for column in codes:
        # splitmix64: rows of different cells share a key with chance 2^-64.
        word = key ^ (column.astype(np.uint64) + _ODD)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        key = (word ^ (word >> np.uint64(31))) * _ODD + np.uint64(1)
    return key


def times_in(keys: Array, known: Array) -> Array:
    """Return how often each key stands among the known ones: int64[n]."""
    ordered = np.sort(known)
    return np.asarray(
        np.searchsorted(ordered, keys, side="right") - np.searchsorted(ordered, keys, side="left")
    )
