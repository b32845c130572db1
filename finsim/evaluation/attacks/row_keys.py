"""One 64-bit key a row or a cell, equal where all values are equal: exact copies by sorting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.evaluation.attacks.row_encoding import rounded
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.notation import Array

Cells = tuple[Array, Array, Array | None]
_ODD = np.uint64(0x9E3779B97F4A7C15)


def cell_codes(column: ColumnPair) -> Cells:
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


def banded(column: ColumnPair, bands: int) -> Cells:
    """Return int64 codes of the values of all sides: levels, or bands of equally many real values."""
    if column.is_category:
        return cell_codes(column)
    known = column.real if column.spare is None else np.concatenate([column.real, column.spare])
    present = known[np.isfinite(known)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, bands + 1)[1:-1])) if len(present) else present

    def coded(side: Array) -> Array:
        return np.where(np.isnan(side), -1, np.searchsorted(edges, side, side="right")).astype(np.int64)

    spare = None if column.spare is None else coded(column.spare)
    return coded(column.real), coded(column.own), spare


def row_keys(cells: Sequence[Cells]) -> Cells:
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
        key = _scattered(key ^ (column.astype(np.uint64) + _ODD)) * _ODD + np.uint64(1)
    return key


def _scattered(word: Array) -> Array:
    """Return 64-bit words scattered by the finalizer of splitmix64 (Steele, Lea and Flood 2014)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(word ^ (word >> np.uint64(31)))


def column_words(cells: Sequence[Cells]) -> list[Cells]:
    """Return uint64 words of the cells of each column: rows with equal sums of words have equal cells."""
    found = []
    for number, sides in enumerate(cells):
        salt = _scattered(np.array([number + 1], np.uint64) * _ODD)
        words = [None if side is None else _scattered(side.astype(np.uint64) ^ salt) for side in sides]
        assert words[0] is not None
        assert words[1] is not None
        found.append((words[0], words[1], words[2]))
    return found


def times_in(keys: Array, known: Array) -> Array:
    """Return how often each key stands among the known ones: int64[n]."""
    ordered = np.sort(known)
    return np.asarray(
        np.searchsorted(ordered, keys, side="right") - np.searchsorted(ordered, keys, side="left")
    )


def place_in(keys: Array, known: Array) -> Array:
    """Return the number of one known row with each key: int64[n]; any row for a key that is not there."""
    order = np.argsort(known, kind="stable")
    return np.asarray(order[np.minimum(np.searchsorted(known, keys, sorter=order), len(known) - 1)])
