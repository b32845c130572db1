"""Columns of plain text as codes of the texts that rules compare them with; all other texts have one code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.kernels.labels import FEW, WORD, code_few_texts, code_one_text, code_texts, compare_texts
from finsim.notation import Array, Bool1D

_MASKS = np.array([(1 << 8 * length) - 1 for length in range(WORD + 1)], dtype=np.uint64)
_FACTORS = 64  # tried for one that gives each known text a slot of its own
_ODD = 0x9E3779B97F4A7C15
_BITS = 64


@dataclass(frozen=True)
class _Known:
    """Known texts, ready to be found (see ``code_texts``): ``is_clear`` when none shares its slot.

    ``few`` are first words and lengths for ``code_few_texts``, where the texts are few.
    """

    parts: tuple[Any, ...]
    is_clear: bool
    few: tuple[Array, Array, int] | None

    def code(self, offsets: Array, words: Array, out: Array) -> bool:
        """Write the number of each text; return whether some have to be compared byte by byte."""
        if self.few is not None:
            code = code_one_text if self.few[2] == 1 else code_few_texts
            return bool(code(offsets, words, *self.few, out))
        return not self.is_clear or bool(code_texts(offsets, words, _MASKS, self.parts, out))


class TextColumn:
    """A column of text, ready to be coded part by part; ``valid`` says which cells are there (None: all)."""

    def __init__(self, column: pa.Array, texts: tuple[str, ...]) -> None:
        self._known = _known(texts)
        self._offsets, self._data = _buffers(column)
        words = max(len(self._data) - WORD + 1, 0)  # so many places from which a word can be read
        self._safe = int(np.searchsorted(self._offsets[:-1], self._offsets.dtype.type(words)))
        self._begin = self._offsets[self._safe]
        self._rest = np.append(self._data[self._begin : self._offsets[-1]], np.zeros(WORD, np.uint8))
        self.valid: Bool1D | None = values_of(column.is_valid()) if column.null_count else None

    def code(self, begin: int, end: int, out: Array) -> None:
        """Write, for rows ``begin`` to ``end``, the number of each text, as ``code_texts`` gives it."""
        middle = min(max(self._safe, begin), end)
        if begin < middle:
            self._write(self._offsets[begin : middle + 1], self._data, out[: middle - begin])
        if middle < end:
            offsets = self._offsets[middle : end + 1] - self._begin
            self._write(offsets, self._rest, out[middle - begin : end - begin])

    def _write(self, offsets: Array, data: Array, out: Array) -> None:
        words: Array = np.ndarray((len(data) - WORD + 1,), dtype="<u8", buffer=data, strides=(1,))
        if self._known.code(offsets, words, out):
            compare_texts(offsets, words, _MASKS, self._known.parts, data, out)


def _buffers(column: pa.Array) -> tuple[Array, Array]:
    """Return where the texts of a column begin and end, and its bytes."""
    kind: type[np.unsignedinteger] = np.uint64 if pa.types.is_large_string(column.type) else np.uint32
    _, ends, cells = column.buffers()
    offsets = np.frombuffer(ends, dtype=kind)[column.offset : column.offset + len(column) + 1]
    return offsets, np.zeros(0, dtype=np.uint8) if cells is None else np.frombuffer(cells, dtype=np.uint8)


@lru_cache(maxsize=256)
def _known(texts: tuple[str, ...]) -> _Known:
    encoded = [text.encode() for text in texts]
    firsts = [int.from_bytes(text[:WORD], "little") for text in encoded]
    keys = [(first + len(text)) % 2**_BITS for first, text in zip(firsts, encoded, strict=True)]
    shift = _BITS - max(4, (4 * len(texts)).bit_length())
    slots_of = {
        factor: [key * factor % 2**_BITS >> shift for key in keys]
        for factor in (_ODD * (2 * turn + 1) % 2**_BITS for turn in range(_FACTORS))
    }
    factor = max(slots_of, key=lambda one: len(set(slots_of[one])))
    slots = np.full(2 ** (_BITS - shift), len(texts), dtype=np.uint32)
    following = np.full(len(texts) + 1, len(texts), dtype=np.uint64)
    for place, slot in reversed(list(enumerate(slots_of[factor]))):
        following[place], slots[slot] = slots[slot], place
    lengths = [len(text) for text in encoded]
    words = [np.array(part, dtype=np.uint64) for part in ([*firsts, 0], [*lengths, 2**63])]
    begins = np.cumsum([0, *lengths]).astype(np.uint64)
    texts_bytes = np.frombuffer(b"".join(encoded) + bytes(1), dtype=np.uint8)
    parts = (*words, following, slots, np.uint64(factor), np.uint64(shift), begins, texts_bytes)
    return _Known(parts, len(set(slots_of[factor])) == len(texts), _few(firsts, lengths))


def _few(firsts: list[int], lengths: list[int]) -> tuple[Array, Array, int] | None:
    """Return what ``code_few_texts`` compares with, or None where the texts are many."""
    count = len(firsts)
    if count > FEW:
        return None
    words, sizes = np.zeros(FEW, dtype=np.uint64), np.full(FEW, 2**63, dtype=np.uint64)
    shifts = [_BITS - 8 * min(length, WORD) for length in lengths]
    words[:count] = [(first << shift) % 2**_BITS for first, shift in zip(firsts, shifts, strict=True)]
    sizes[:count] = lengths
    return words, sizes, count
