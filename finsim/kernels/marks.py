"""Words with a bit for every rule that a row breaks: which rows have any, and how many have each."""

from __future__ import annotations

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Int1D

_TOGETHER = 16


@kernel
def marked(words: Array, places: Int1D) -> int:
    """Write the places of the words that are not zero; return how many there are.

    Most rows break nothing: a few words are looked at together first.
    """
    found, whole = 0, len(words) - len(words) % _TOGETHER
    for low in range(0, whole, _TOGETHER):
        some = words[low : low + _TOGETHER]
        seen = some[0]
        for k in range(1, _TOGETHER):
            seen |= some[k]
        if seen != 0:
            for k in range(_TOGETHER):
                places[found] = low + k
                found += some[k] != 0
    for i in range(whole, len(words)):
        if words[i] != 0:
            places[found] = i
            found += 1
    return found


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
