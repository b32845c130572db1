"""Which of many payments are looked at more closely for a false alarm: one pass over their keys."""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array

_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


@kernel
def quick(key: int, word: int) -> Any:
    """Return a uniform number in [0, 1) of a key: a short mixing."""
    mixed = np.uint64(key) ^ np.uint64(word)
    mixed ^= mixed >> np.uint64(32)
    mixed *= _FIRST
    mixed ^= mixed >> np.uint64(29)
    mixed *= _SECOND
    return np.float64(mixed >> np.uint64(11)) * 2.0**-53


@kernel
def draw_few(keys: Array, word: int, most: float, place: Array, drawn: Array) -> int:
    """Put the places of keys whose number is below ``most`` into ``place``, the numbers into ``drawn``.

    Returns how many; ``place`` int64[N] and ``drawn`` float64[N] keep what they held behind these.
    """
    count = 0
    for row in range(len(keys)):
        u = quick(keys[row], word)
        if u < most:
            place[count], drawn[count] = row, u
            count += 1
    return count
