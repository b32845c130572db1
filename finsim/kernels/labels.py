"""Texts of a column -> numbers of the few texts that rules write, without a number for every text.

Numbers are np.uint64 throughout: mixing in a signed one would turn them into floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.hints import ahead, singly, wide
from finsim.kernels.kernel import kernel
from finsim.notation import Array

WORD = 8  # bytes of a text that are compared at once
FEW = 4  # texts with which each cell is compared in turn
_WORD, _TWO = np.uint64(WORD), np.uint64(2)
_PAGE = 1024  # rows at a time: their offsets of four bytes are a page of memory
_AHEAD, _USUAL = 2 * _PAGE, 6  # so many rows before they are needed, memory is opened; usual bytes of a text


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
def code_one_text(offsets: Array, words: Array, firsts: Array, lengths: Array, none: int, out: Array) -> bool:
    """Do what ``code_few_texts`` does for one known text."""
    wide()
    singly()
    first, bytes_1, is_open = firsts[0], lengths[0], False
    for start in range(0, len(out), _PAGE):
        end = min(start + _PAGE, len(out))
        ahead(offsets, min(start + _AHEAD, len(out)))
        ahead(words, min(int(offsets[end]) + _AHEAD * _USUAL, len(words) - 1))
        ends, codes = offsets[start : end + 1], out[start:end]
        for row in range(len(codes)):
            begin = np.uint64(ends[row])
            length = np.uint64(ends[row + 1]) - begin
            half = (_WORD - min(length, _WORD)) << _TWO
            is_same = (((words[begin] << half) << half) == first) & (length == bytes_1)
            codes[row] = 0 if is_same else none
            is_open |= is_same & (length > _WORD)
    return is_open


@kernel
def code_few_texts(
    offsets: Array, words: Array, firsts: Array, lengths: Array, none: int, out: Array
) -> bool:
    """Do what ``code_texts`` does for FEW known texts at most, without looking up a slot or a mask.

    firsts, lengths : uint64[FEW], first words and lengths of the known texts, then a length that no text has;
    none : the number of all other texts. A text that does not fill its word stands in the upper bytes of it,
    below it zeros: the word is shifted by half of the bits too much, twice, as none can be shifted by all.
    """
    wide()
    singly()
    first, second, third, fourth = firsts[0], firsts[1], firsts[2], firsts[3]
    bytes_1, bytes_2, bytes_3, bytes_4 = lengths[0], lengths[1], lengths[2], lengths[3]
    is_open = False
    for start in range(0, len(out), _PAGE):
        end = min(start + _PAGE, len(out))
        ahead(offsets, min(start + _AHEAD, len(out)))
        ahead(words, min(int(offsets[end]) + _AHEAD * _USUAL, len(words) - 1))
        ends, codes = offsets[start : end + 1], out[start:end]
        for row in range(len(codes)):
            begin = np.uint64(ends[row])
            length = np.uint64(ends[row + 1]) - begin
            half = (_WORD - min(length, _WORD)) << _TWO
            word = (words[begin] << half) << half
            is_1 = (word == first) & (length == bytes_1)
            is_2 = (word == second) & (length == bytes_2)
            is_3 = (word == third) & (length == bytes_3)
            is_4 = (word == fourth) & (length == bytes_4)
            codes[row] = 0 if is_1 else 1 if is_2 else 2 if is_3 else 3 if is_4 else none
            is_open |= (is_1 | is_2 | is_3 | is_4) & (length > _WORD)
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
