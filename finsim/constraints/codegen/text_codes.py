"""Columns of plain text as codes of the texts that rules compare them with; all other texts have one code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.kernels.labels import WORD, code_texts, compare_texts
from finsim.notation import Array, Bool1D

_MASKS = np.array([(1 << 8 * length) - 1 for length in range(WORD + 1)], dtype=np.uint64)
_FACTORS = 64  # tried for one that gives each known text a slot of its own
_ODD = 0x9E3779B97F4A7C15
_BITS = 64


@dataclass(frozen=True)
class _Known:
    """Known texts, ready to be found (see ``code_texts``): ``is_clear`` when none shares its slot."""

    parts: tuple[Any, ...]
    is_clear: bool


def coded(column: pa.Array, texts: tuple[str, ...], dtype: str) -> tuple[Array, Bool1D | None]:
    """Return the place of each cell's text among ``texts`` (their number: none), and which cells are full."""
    out = np.empty(len(column), dtype=dtype)
    if len(column):
        offsets, data = _buffers(column)
        safe = int(
            np.searchsorted(offsets[:-1], offsets.dtype.type(max(len(data) - WORD + 1, 0)))
        )  # a word can be read there
        begin = offsets[safe]
        rest = np.append(data[begin : offsets[-1]], np.zeros(WORD, np.uint8))
        _code(offsets[: safe + 1], data, _known(texts), out[:safe])
        _code(offsets[safe:] - begin, rest, _known(texts), out[safe:])
    return out, values_of(column.is_valid()) if column.null_count else None


def _buffers(column: pa.Array) -> tuple[Array, Array]:
    """Return where the texts of a column begin and end, and its bytes."""
    kind: type[np.unsignedinteger] = np.uint64 if pa.types.is_large_string(column.type) else np.uint32
    _, ends, cells = column.buffers()
    offsets = np.frombuffer(ends, dtype=kind)[column.offset : column.offset + len(column) + 1]
    return offsets, np.zeros(0, dtype=np.uint8) if cells is None else np.frombuffer(cells, dtype=np.uint8)


def _code(offsets: Array, data: Array, known: _Known, out: Array) -> None:
    if not len(out):
        return
    words: Array = np.ndarray((len(data) - WORD + 1,), dtype="<u8", buffer=data, strides=(1,))
    if not known.is_clear or code_texts(offsets, words, _MASKS, known.parts, out):
        compare_texts(offsets, words, _MASKS, known.parts, data, out)


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
    return _Known(parts, len(set(slots_of[factor])) == len(texts))
