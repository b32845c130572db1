"""Texts as numbers: the same text has the same code in every column, table and batch.

Few texts at a time are kept in a dictionary of Python; many, such as a column of keys, stay in Arrow and
are looked up by its hash tables: a million Python strings take 0.5 s and 150 MB.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.constraints.tables.numbered_texts import places_in
from finsim.notation import Array, Int1D
from finsim.tables.cells.arrays_from_python import numbers, words

MANY = 20_000  # so many new texts at a time stay in Arrow


class Labels:
    """Numbers texts in the order in which they come.

    ``texts_of`` are tables and columns of whole numbers that are compared with text, and so read as text;
    ``functions`` keeps what functions of text made of the words, by code.
    """

    def __init__(self) -> None:
        self.functions: dict[Hashable, Any] = {}
        self.texts_of: set[tuple[str, str]] = set()
        self._codes: dict[str, int] = {}
        self._starts: list[int] = []  # first code of each piece
        self._pieces: list[list[str] | pa.Array] = []
        self._has_arrow = False  # whether a piece is an Arrow array
        self._count = 0
        self._lock = Lock()

    def __len__(self) -> int:
        """How many texts have a code."""
        return self._count

    def code(self, text: str) -> int:
        """Return the code of a text, a new one if need be (threads may ask side by side)."""
        if text not in self._codes:
            with self._lock:
                if text not in self._codes:
                    held = int(self._held(words([text]))[0]) if self._has_arrow else -1
                    self._codes[text] = held if held >= 0 else self._added(text)
        return self._codes[text]

    def text(self, code: int) -> str:
        """Return the text of a code."""
        piece = bisect_right(self._starts, code) - 1
        found = self._pieces[piece][code - self._starts[piece]]
        return found if isinstance(found, str) else str(found.as_py())

    def texts(self, codes: Int1D) -> pa.Array:
        """Return the texts of many codes; those kept in Arrow become no Python strings."""
        places = np.searchsorted(self._starts, codes, side="right") - 1
        order = np.argsort(places, kind="stable")
        begins = np.flatnonzero(np.diff(places[order], prepend=-1))
        parts = [pa.nulls(0, pa.large_string())]
        for rows in np.split(order, begins[1:]) if len(codes) else ():
            piece, within = self._pieces[places[rows[0]]], codes[rows] - self._starts[places[rows[0]]]
            some = words([piece[at] for at in within.tolist()]) if isinstance(piece, list) else None
            parts.append((piece.take(numbers(within)) if some is None else some).cast(pa.large_string()))
        if len(parts) <= 2:  # one piece: in the order asked for
            return parts[-1]
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_arrays(parts).take(numbers(back))

    def encoded(self, texts: Iterable[str | None]) -> Int1D:
        """Return the codes of texts (0 for null); new ones are looked for in Arrow all at once."""
        wanted = list(texts)
        fresh = list(dict.fromkeys(one for one in wanted if one is not None and one not in self._codes))
        if self._has_arrow and fresh:
            with self._lock:
                for text, code in zip(fresh, self._held(words(fresh)).tolist(), strict=True):
                    if text not in self._codes:
                        self._codes[text] = code if code >= 0 else self._added(text)
        return np.array([0 if text is None else self.code(text) for text in wanted], dtype=np.int64)

    def coded(self, texts: pa.Array) -> Int1D:
        """Return the codes of an Arrow array of different texts (0 for null)."""
        if len(texts) < MANY:
            return self.encoded(texts.to_pylist())
        with self._lock:
            texts = texts.cast(pa.large_string())
            codes = self._held(texts)
            few = pc.index_in(texts, words(list(self._codes)).cast(pa.large_string()))
            known = values_of(few.is_valid())
            numbers: Array = np.fromiter(self._codes.values(), dtype=np.int64, count=len(self._codes))
            codes[known] = numbers[values_of(few)[known]]
            fresh = np.flatnonzero((codes < 0) & values_of(texts.is_valid()))
            if len(fresh):
                new = texts if len(fresh) == len(texts) else texts.filter(_mask(fresh, len(texts)))
                self._begin(new, len(new))
                codes[fresh] = np.arange(self._count - len(new), self._count)
        return np.maximum(codes, 0)

    def _held(self, texts: pa.Array) -> Int1D:
        """Return the codes of texts that are kept in Arrow, -1 for others."""
        codes = np.full(len(texts), -1, dtype=np.int64)
        for start, piece in zip(self._starts, self._pieces, strict=True):
            if not isinstance(piece, list):
                places = places_in(piece, texts)
                codes = np.where(places >= 0, start + places, codes)
        return codes

    def _added(self, text: str) -> int:
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, list):
            last.append(text)
            self._count += 1
        else:
            self._begin([text], 1)
        return self._count - 1

    def _begin(self, piece: list[str] | pa.Array, count: int) -> None:
        self._starts.append(self._count)
        self._pieces.append(piece)
        self._has_arrow |= not isinstance(piece, list)
        self._count += count


def _mask(rows: Int1D, count: int) -> pa.Array:
    bits = np.zeros(count, dtype=bool)
    bits[rows] = True
    held = pa.py_buffer(np.packbits(bits, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.bool_(), count, [None, held])
