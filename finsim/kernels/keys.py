"""Keys of rows as 64-bit hashes, a bitmap of the hashes that came already, and texts as numbers.

Words are np.uint64 throughout: mixing in a signed number would turn them into floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.hints import ahead
from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import mixed
from finsim.notation import Array, Bool1D, Float1D, Int1D

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ONE, _SIX, _EIGHT, _SIXTY_THREE = np.uint64(1), np.uint64(6), np.uint64(8), np.uint64(63)
_SIXTY_FOUR, _NOBODY = np.uint64(64), np.uint32(2**32 - 1)
_NEAR, _FAR = 32, 64  # so many rows before they are compared, a text and where it begins are asked for


@kernel
def mix_in(words: Array, hashes: Array) -> None:
    """Mix one word of each row into the hash of the row.

    words : uint64[N]; hashes : uint64[N], written. With hashes of 0, different words give different
    hashes. Source: Steele et al. 2014 (SplitMix64).
    """
    for row in range(len(words)):
        hashes[row] = mixed((hashes[row] ^ words[row]) + _GOLDEN)


def keyed_uniforms(keys: Array, seed: int) -> Float1D:
    """Return a uniform draw in [0, 1) for each column of keys uint64[K, N], float64[N]: equal for equal ones.

    For draws that belong to an entity and a thing, whatever else is drawn beside them. Source:
    SplitMix64 (Steele et al. 2014), as in ``mix_in``.
    """
    hashes = np.zeros(keys.shape[1], np.uint64)
    mix_in(
        np.full(keys.shape[1], np.uint64(seed)), hashes
    )  # mixed first: seeds near each other share no draws
    for words in keys:
        mix_in(np.ascontiguousarray(words), hashes)
    return np.asarray((hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53)


@kernel
def hash_texts(data: Array, offsets: Int1D, hashes: Array) -> None:
    """Write the hash of each text, from its bytes and its length.

    data : uint8[B]; offsets : int64[N + 1], where texts begin and end; hashes : uint64[N], written.
    """
    for row in range(len(hashes)):
        begin, end = offsets[row], offsets[row + 1]
        found = np.uint64(end - begin)
        for at in range(begin, end, 8):
            word = np.uint64(0)
            for place in range(at, min(at + 8, end)):
                word = (word << _EIGHT) | np.uint64(data[place])
            found = mixed((found ^ word) + _GOLDEN)
        hashes[row] = found


@kernel
def mark(hashes: Array, shift: Any, bits: Array, was_marked: Bool1D) -> None:
    """Mark the bit of each hash, and write whether it was marked before, by an earlier row too.

    hashes : uint64[N]; shift : uint64, 64 less the logarithm of the number of bits; bits : uint64[B / 64],
    changed; was_marked : bool[N], written.
    """
    for row in range(len(hashes)):
        place = hashes[row] >> shift
        bit = _ONE << (place & _SIXTY_THREE)
        word = bits[place >> _SIX]
        was_marked[row] = (word & bit) != 0
        bits[place >> _SIX] = word | bit


@kernel
def look(hashes: Array, shift: Any, bits: Array, is_marked: Bool1D) -> None:
    """Write whether the bit of each hash is marked; arguments as in ``mark``."""
    for row in range(len(hashes)):
        place = hashes[row] >> shift
        is_marked[row] = (bits[place >> _SIX] >> (place & _SIXTY_THREE)) & _ONE != 0


@kernel
def first_equal_hashes(hashes: Array, gone: Bool1D, bits: Any, most: int, first: Array) -> bool:
    """Write the first row that has the same hash, for each row; N where ``gone``.

    hashes : uint64[N]; gone : bool[N], or bool[0] where no row is; bits : uint64 from 1 on; first :
    uint32[N], written. Rows are dealt to 2**bits parts by the upper bits of their hashes, so that the table
    of one part stays in the core's cache: one table for all would be read from memory for every row. Source:
    Shatdal, Kant and Naughton 1994, sec. 3 (hashing in partitions). Returns False, with ``first`` half
    written, when more than ``most`` slots of a table were taken by others: somebody made texts whose hashes
    begin alike.
    """
    rows, has_gaps = len(hashes), len(gone) > 0
    shift = _SIXTY_FOUR - bits
    ends = np.zeros(np.int64(_ONE << bits) + 1, dtype=np.int64)
    for row in range(rows):
        if not (has_gaps and gone[row]):
            ends[np.int64(hashes[row] >> shift) + 1] += 1
    largest = 0
    for part in range(len(ends) - 1):
        largest = max(largest, ends[part + 1])
        ends[part + 1] += ends[part]
    dealt, held, places = ends.copy(), np.empty(rows, dtype=np.uint64), np.empty(rows, dtype=np.uint32)
    for row in range(rows):
        if has_gaps and gone[row]:
            first[row] = rows
            continue
        home = np.int64(hashes[row] >> shift)
        held[dealt[home]] = hashes[row]
        places[dealt[home]] = row
        dealt[home] += 1
    table = np.empty(np.int64(_ONE << _room(largest)), dtype=np.uint32)
    for part in range(len(ends) - 1):
        begin, end = ends[part], ends[part + 1]
        room = _room(end - begin)
        last = np.int64(_ONE << room) - np.int64(1)
        table[: last + 1] = _NOBODY
        for at in range(begin, end):
            slot = np.int64((held[at] << bits) >> (_SIXTY_FOUR - room))
            while table[slot] != _NOBODY and held[begin + np.int64(table[slot])] != held[at]:
                slot, most = (slot + 1) & last, most - 1
            if table[slot] == _NOBODY:
                table[slot] = at - begin
            first[places[at]] = places[begin + np.int64(table[slot])]
        if most < 0:
            return False
    return True


@kernel
def _room(count: int) -> Any:
    """Return the logarithm of a table's size that is twice a count at least."""
    room = _ONE
    while np.int64(_ONE << room) < 2 * count:
        room += _ONE
    return room


@kernel
def are_same_texts(data: Array, offsets: Int1D, first: Array) -> bool:
    """Whether each text is that of its first row, byte by byte.

    data, offsets : as in ``hash_texts``; first : uint32[N], of an earlier row, of the row itself, or N.
    """
    last = len(first) - 1
    for row in range(len(first)):
        ahead(offsets, int(min(first[min(row + _FAR, last)], last)))
        near = int(min(first[min(row + _NEAR, last)], last))
        ahead(data, min(offsets[near], len(data) - 1))
        other = np.int64(first[row])
        if other < row:
            begin, there = offsets[row], offsets[other]
            length = offsets[row + 1] - begin
            if offsets[other + 1] - there != length:
                return False
            for at in range(length):
                if data[begin + at] != data[there + at]:
                    return False
    return True


@kernel
def number_firsts(first: Array, is_first: Bool1D) -> int:
    """Turn the first rows that ``first_equal_texts`` found into numbers in the order of these rows.

    first : uint32[N], changed, 0 where it was N; is_first : bool[N], written. Returns how many there are.
    """
    count, rows = 0, len(first)
    for row in range(rows):
        is_first[row] = first[row] == row
        if is_first[row]:
            first[row] = count
            count += 1
        else:
            first[row] = 0 if first[row] == rows else first[first[row]]
    return count
