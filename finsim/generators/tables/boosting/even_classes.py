"""Uniform draws for a class given other columns that stand evenly in every part of the space of these."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Float1D, Int1D

_BITS = 4  # halvings of each column
COLUMNS = 8  # that the order follows: 36 bits with the part of chance


def even_draws_over(part: Int1D, levels: Array, columns: Int1D, rng: np.random.Generator) -> Float1D:
    """Return draws in [0, 1), float64[N], even among rows alike in ``part`` and in ``columns`` of levels.

    Rows are put into an order that halves the rows of a part by each column in turn, and then again; along
    it the draws are a van der Corput sequence, of which every run is even. A model that is trained on the
    rows then meets hardly more noise in the class than the law has by itself (own; sequence: van der Corput
    1935; order of halvings as in Morton 1966).
    """
    rows = len(part)
    key = part.astype(np.int64)
    ranks = [_ranks(levels[:, column], rng) for column in columns[:COLUMNS].tolist()]
    for bit in range(_BITS - 1, -1, -1):
        for rank in ranks:
            key = (key << 1) | ((rank >> bit) & 1)
    found = np.empty(rows)
    found[np.argsort(key, kind="stable")] = (corput(rows) + rng.random()) % 1.0
    return found


def corput(count: int) -> Float1D:
    """Return the first numbers of van der Corput's sequence of base 2, float64[count]."""
    number = np.arange(count, dtype=np.int64)
    found, step = np.zeros(count), 0.5
    while number.any():
        found += step * (number & 1)
        number >>= 1
        step /= 2
    return found


def _ranks(level: Array, rng: np.random.Generator) -> Int1D:
    """Return in which of 16 parts of equal size each row is, by its level, rows of one level at random."""
    order = np.argsort(level + rng.random(len(level)))
    found = np.empty(len(level), dtype=np.int64)
    found[order] = np.arange(len(level)) * 2**_BITS // max(len(level), 1)
    return found
