"""Bits of many words together: how many rows break each rule, how large the largest number is."""

from __future__ import annotations

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
