"""Bits of many words together: how many rows break each rule, how large the largest number is."""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Int1D


@kernel
def size_bits(x: Int1D) -> int:
    """Return a number with as many bits as the largest magnitude among whole numbers."""
    bits = 0
    for i in range(len(x)):
        bits |= x[i] ^ (x[i] >> 63)
    return bits


@kernel
def bit_counts(words: Array, counts: Int1D) -> None:
    """Add to ``counts[k]`` the number of words whose bit k is set."""
    for i in range(len(words)):
        word = words[i]
        for k in range(len(counts)):
            counts[k] += (word >> k) & 1


@kernel
def first_places(words: Array, places: Int1D, wanted: Int1D, first: Array) -> None:
    """Write, for each bit k, the places of the first ``wanted[k]`` words in which it is set to ``first[k]``.

    words : uint64[M]; places : int64[M]; wanted : int64[K], at most F and at most as many as there are;
    first : int64[K, F], written.
    """
    seen = np.zeros(len(wanted), dtype=np.int64)
    still = np.uint64(0)
    for k in range(len(wanted)):
        still |= np.uint64(wanted[k] > 0) << np.uint64(k)
    for i in range(len(words)):
        if still == 0:
            return
        if words[i] & still == 0:
            continue
        for k in range(len(wanted)):
            if (words[i] & still) >> np.uint64(k) & np.uint64(1):
                first[k, seen[k]] = places[i]
                seen[k] += 1
                if seen[k] == wanted[k]:
                    still ^= np.uint64(1) << np.uint64(k)
