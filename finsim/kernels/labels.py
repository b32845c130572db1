"""Texts of a column -> numbers of the few texts that rules write, without a number for every text.

Numbers are np.uint64 throughout: mixing in a signed one would turn them into floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.hints import wide
from finsim.kernels.kernel import kernel
from finsim.notation import Array

WORD = 8  # bytes of a text that are compared at once
_WORD = np.uint64(WORD)


@kernel
def code_texts(offsets: Array, words: Array, masks: Array, known: tuple[Any, ...], out: Array) -> bool:
    """Write the number of the known text that each text is, by its length and first word, or K.

    offsets : uint[N + 1], where texts begin and end; words : uint64, the eight bytes from each place on;
    masks : uint64[9], what of a word belongs to a text of so many bytes. known : first word uint64[K + 1],
    length uint64[K + 1] (the last one no text has), the next known text of the same slot uint64[K + 1] (K:
    none), slots uint32[2**M], the first known text for each value of the upper bits of (word plus length)
    times the factor, else K; factor, 64 - M; where texts begin, and all their bytes. out : int[N], written.
    Returns whether more has to be compared: a known text is longer than a word. No branches, so that many
    rows go at once.
    """
    wide()
    firsts, lengths, _, slots, factor, shift, _, _ = known
    none, is_open = np.uint64(len(firsts) - 1), False
    for row in range(len(out)):
        begin = np.uint64(offsets[row])
        length = np.uint64(offsets[row + 1]) - begin
        word = words[begin] & masks[min(length, _WORD)]
        found = np.uint64(slots[((word + length) * factor) >> shift])
        is_same = (firsts[found] == word) & (lengths[found] == length)
        out[row] = found if is_same else none
        is_open |= is_same & (length > _WORD)
    return is_open


@kernel
def compare_texts(
    offsets: Array, words: Array, masks: Array, known: tuple[Any, ...], data: Array, out: Array
) -> None:
    """Do what ``code_texts`` does, byte by byte where that is needed.

    data : uint8, the bytes of the column.
    """
    firsts, lengths, following, slots, factor, shift, begins, texts = known
    none = np.uint64(len(firsts) - 1)
    for row in range(len(out)):
        begin = np.uint64(offsets[row])
        length = np.uint64(offsets[row + 1]) - begin
        word = words[begin] & masks[min(length, _WORD)]
        found = np.uint64(slots[((word + length) * factor) >> shift])
        while found != none:
            is_same = (firsts[found] == word) & (lengths[found] == length)
            if is_same and length > _WORD:
                for at in range(_WORD, length):
                    is_same &= data[begin + np.uint64(at)] == texts[begins[found] + np.uint64(at)]
            if is_same:
                break
            found = following[found]
        out[row] = found
