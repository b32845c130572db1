"""Keys of rows as 64-bit hashes, and a bitmap of the hashes that came already.

Words are np.uint64 throughout: mixing in a signed number would turn them into floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import mixed
from finsim.notation import Array, Bool1D, Int1D

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ONE, _SIX, _EIGHT, _SIXTY_THREE = np.uint64(1), np.uint64(6), np.uint64(8), np.uint64(63)


@kernel
def mix_in(words: Array, hashes: Array) -> None:
    """Mix one word of each row into the hash of the row.

    words : uint64[N]; hashes : uint64[N], written. With hashes of 0, different words give different
    hashes. Source: Steele et al. 2014 (SplitMix64).
    """
    for row in range(len(words)):
        hashes[row] = mixed((hashes[row] ^ words[row]) + _GOLDEN)


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
