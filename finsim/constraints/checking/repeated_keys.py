"""Rows whose key occurred in an earlier row, in a table that is read more than once.

Readings: one while keys rise strictly, which then come once each. Else one that marks a bit for the hash
of each key and keeps the hashes whose bit was marked already; then one (or more, where these are many)
that compares the keys with these hashes in full, so what is found does not depend on hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.constraints.evaluating.whole_table_functions import first_of_kind
from finsim.constraints.tables.group_layout import combined
from finsim.constraints.tables.key_columns import Cells, Rising, hashes_of, joined
from finsim.notation import Array, Bool1D, Int1D

BITS_A_ROW = 32  # one or two keys in a hundred then meet a bit that another key marked
FEWEST_BITS, MOST_BITS = 1 << 20, 1 << 33
_BITS_A_SUSPECT = 1 << 10  # suspects of one reading: what is kept of them takes no more than the bitmap
_BITS_A_LOOK = 1 << 6  # a row that is no suspect is looked up in one case of so many
_WORD_BITS = 64

Reading = Callable[[], Iterator[Sequence[Cells]]]  # begins a reading: key columns, batch by batch


@dataclass(frozen=True)
class Firsts:
    """Whether no earlier row has the same key, by row number: what a column is to whoever reads rows of it.

    ``repeated`` holds a bit a row, little end first: set where an earlier row has the key.
    """

    repeated: Array

    def __getitem__(self, rows: slice | Int1D) -> Bool1D:
        """Return bool[N] for a range of rows, or for some rows."""
        if isinstance(rows, slice):
            held = self.repeated[rows.start >> 3 : (rows.stop + 7) >> 3]
            bits = np.unpackbits(held, bitorder="little")[rows.start & 7 :][: rows.stop - rows.start]
        else:
            bits = (self.repeated[rows >> 3] >> (rows & 7).astype(np.uint8)) & 1
        fresh: Bool1D = bits == 0
        return fresh

    def among(self, counted: Bool1D) -> Firsts:
        """Return the same for all rows, when these are those of them that count; the others are firsts."""
        repeated = np.zeros(len(counted), dtype=bool)
        places = np.flatnonzero(counted)
        repeated[places] = ~self[slice(0, len(places))]
        return Firsts(np.packbits(repeated, bitorder="little"))


class KeysDoNotRise(Exception):
    """A key does not come after the one before; whether it is the first has to be worked out."""


class PresumedFirsts:
    """Takes every row for the first with its key, which is so as long as keys rise strictly.

    ``names`` are the columns of the key; what reads the rows hands them to ``watch``, batch after batch.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.begin()

    def begin(self) -> None:
        """Begin at the first row."""
        self._rising = Rising()

    def watch(self, key: Sequence[Cells]) -> None:
        """Take the keys of the next rows; raises KeysDoNotRise."""
        if not self._rising.goes_on(key):
            raise KeysDoNotRise

    def __getitem__(self, rows: slice | Int1D) -> Bool1D:
        """Return bool[N] for a range of rows, or for some rows."""
        return np.ones(rows.stop - rows.start if isinstance(rows, slice) else len(rows), dtype=bool)


def firsts(read: Reading, rows: int, rises: bool | None = None) -> Firsts:
    """Return which of ``rows`` rows are the first with their key; empty cells equal one another.

    ``rises`` says whether keys rise strictly, where that is known already.

    Memory holds one batch, 4 to 8 bytes a row for the bitmap (1 GiB at most), 8 bytes for each key that
    comes again or seems to, and as much as the bitmap for comparing them.
    """
    repeated: Array = np.zeros((rows + 7) >> 3, dtype=np.uint8)
    if not (_rises(read()) if rises is None else rises):
        bits = _power(max(FEWEST_BITS, min(MOST_BITS, BITS_A_ROW * rows)))
        suspects = _suspects(read(), bits)
        most = max(bits // _BITS_A_SUSPECT, 1)
        for begin in range(0, len(suspects), most):
            _compare(read(), suspects[begin : begin + most], Repeats(repeated, most))
    return Firsts(repeated)


def _power(count: int) -> int:
    """Return the least power of two that is not below a count."""
    return 1 << (count - 1).bit_length()


def _rises(keys: Iterator[Sequence[Cells]]) -> bool:
    rising = Rising()
    return all(rising.goes_on(key) for key in keys)


class _Bitmap:
    """A bit for each value that the upper bits of a hash can have; ``bits`` is a power of two."""

    def __init__(self, bits: int) -> None:
        self._words: Array = np.zeros(bits // _WORD_BITS, dtype=np.uint64)
        self._shift = np.uint64(_WORD_BITS + 1 - bits.bit_length())

    def mark(self, hashes: Array) -> Bool1D:
        """Mark hashes; return which of them met a marked bit."""
        from finsim.kernels.keys import mark

        found = np.empty(len(hashes), dtype=bool)
        mark(hashes, self._shift, self._words, found)
        return found

    def look(self, hashes: Array) -> Bool1D:
        """Return which hashes meet a marked bit."""
        from finsim.kernels.keys import look

        found = np.empty(len(hashes), dtype=bool)
        look(hashes, self._shift, self._words, found)
        return found


def _suspects(keys: Iterator[Sequence[Cells]], bits: int) -> Array:
    """Return the hashes, ascending, of all keys that come more than once, and of some that do not."""
    bitmap = _Bitmap(bits)
    found: list[Array] = [np.zeros(0, dtype=np.uint64)]
    waiting = 0
    for key in keys:
        hashes = hashes_of(key)
        again = hashes[bitmap.mark(hashes)]
        found.append(again)
        waiting += len(again)
        if waiting > max(len(found[0]), bits // _BITS_A_SUSPECT):
            found, waiting = [_distinct(found)], 0
    return _distinct(found)


def _distinct(parts: Sequence[Array]) -> Array:
    """Return the different values of some arrays, ascending (``np.unique`` takes ten times the memory)."""
    values: Array = np.concatenate(parts)
    values.sort()
    fresh = np.ones(len(values), dtype=bool)
    fresh[1:] = values[1:] != values[:-1]
    return values if fresh.all() else values[fresh]


def _compare(keys: Iterator[Sequence[Cells]], suspects: Array, repeats: Repeats) -> None:
    """Hand the rows of suspected keys to ``repeats``; ``suspects`` are hashes, ascending."""
    sieve, row = _Bitmap(_power(max(_BITS_A_LOOK * len(suspects), _WORD_BITS))), 0
    sieve.mark(suspects)
    for key in keys:
        hashes = hashes_of(key)
        places = np.flatnonzero(sieve.look(hashes))
        near = np.searchsorted(suspects, hashes[places])
        places = places[suspects[np.minimum(near, len(suspects) - 1)] == hashes[places]]
        if len(places):
            repeats.add(places + row, [cells.take(places) for cells in key])
        row += len(hashes)
    repeats.settle()


class Repeats:
    """Compares the keys of rows that come in order; keeps the first row of each key, and marks the others.

    ``repeated`` takes a bit for each row, see ``Firsts``; ``most`` is how many rows may wait.
    """

    def __init__(self, repeated: Array, most: int) -> None:
        self._repeated, self._most, self._waiting = repeated, most, 0
        self._rows: list[Int1D] = []
        self._keys: list[Sequence[Cells]] = []

    def add(self, rows: Int1D, key: Sequence[Cells]) -> None:
        """Take rows that come after those taken before."""
        self._rows.append(rows)
        self._keys.append(key)
        self._waiting += len(rows)
        if self._waiting > self._most:
            self.settle()

    def settle(self) -> None:
        """Compare the rows that wait with one another and with the first rows kept."""
        if not self._rows:
            return
        rows = np.concatenate(self._rows)
        key = [joined(parts) for parts in zip(*self._keys, strict=True)]
        fresh = first_of_kind(combined([cells.vec() for cells in key], len(rows)))
        again = rows[~fresh]
        np.bitwise_or.at(self._repeated, again >> 3, (1 << (again & 7)).astype(np.uint8))
        kept = np.flatnonzero(fresh)
        self._rows, self._keys, self._waiting = [rows[kept]], [[one.take(kept) for one in key]], 0
