"""One random word for each row and attempt, independent of which other rows are drawn.

Philox4x32-10 is a function of a key (the seed, the pack and the rule) and a counter (the row's key and
the attempt), so the order, number and blocks of rows cannot matter. Source: Salmon, Moraes, Dror and
Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from finsim.constraints.evaluating.cell_text import source_cell
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Array, Int1D

_ROUNDS = 10
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox(counter: Array, key: tuple[int, int]) -> Array:
    """Return the Philox4x32-10 block of each counter: uint64 [k, 4] holding 32-bit words, in and out."""
    c0, c1, c2, c3 = (counter[:, place].astype(np.uint64) for place in range(4))
    k0, k1 = key
    for _ in range(_ROUNDS):
        first, second = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (
            (second >> _HALF) ^ c1 ^ np.uint64(k0),
            second & _LOW,
            (first >> _HALF) ^ c3 ^ np.uint64(k1),
            first & _LOW,
        )
        k0, k1 = (k0 + _W0) & 0xFFFFFFFF, (k1 + _W1) & 0xFFFFFFFF
    return np.stack((c0, c1, c2, c3), axis=1)


def row_words(seed: int, names: Array, attempts: Int1D) -> Array:
    """Return one uint64 for each row name (uint64) and attempt under a seed of 64 bits."""
    counter = np.zeros((len(names), 4), dtype=np.uint64)
    counter[:, 0], counter[:, 1] = names & _LOW, names >> _HALF
    counter[:, 2] = attempts.astype(np.uint64)
    block = philox(counter, (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF))
    words: Array = block[:, 0] | (block[:, 1] << _HALF)
    return words


def row_names(source: Source, columns: Sequence[str], rows: Int1D, numbers: Int1D) -> Array:
    """Return a 64-bit hash of the key cells of each row; of its number where the table has no key."""
    present = [name for name in columns if name in source.headers]
    names = np.zeros(len(rows), dtype=np.uint64)
    for place, (row, number) in enumerate(zip(rows.tolist(), numbers.tolist(), strict=True)):
        cells = [source_cell(source, name, row) for name in present] or [str(number)]
        text = "\x1f".join(cells)
        names[place] = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
    return names
