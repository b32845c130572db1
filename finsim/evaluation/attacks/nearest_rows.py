"""Nearest rows by brute force in blocks: exact, and every known row is indexed."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Float1D, Int1D

CELLS = 8_000_000
"""Distances held at once: 32 MB of float32."""


def nearest(queries: Array, known: Array) -> tuple[Float1D, Int1D]:
    """Return distance and number of the nearest known row of each query: float64[n], int64[n].

    ``queries`` float32[n, D], ``known`` float32[m, D], m at least 1. Distances are Euclidean and are
    recomputed in float64 for the row found.
    """
    return _searched(queries, known, None)


def nearest_of_others(
    queries: Array, known: Array, query_group: Int1D, known_group: Int1D
) -> tuple[Float1D, Int1D]:
    """Return the nearest known row of another group (itself, its entity); inf where there is none."""
    order = np.argsort(known_group, kind="stable")
    grouped = known_group[order]
    first = np.searchsorted(grouped, query_group, side="left")
    last = np.searchsorted(grouped, query_group, side="right")
    distance, place = _searched(queries, known[order], (first, last))
    alone = (last - first) >= len(known)
    distance[alone] = np.inf
    return distance, order[place]


def _searched(queries: Array, known: Array, barred: tuple[Int1D, Int1D] | None) -> tuple[Float1D, Int1D]:
    # 2 a.b - |b|^2 is largest for the nearest b: one matrix product, the constant as a further column.
    wide = np.concatenate([queries, np.ones((len(queries), 1), np.float32)], axis=1)
    norms = (known.astype(np.float64) ** 2).sum(axis=1)
    right = np.concatenate([2.0 * known, -norms[:, None].astype(np.float32)], axis=1).T
    right = np.ascontiguousarray(right, dtype=np.float32)
    size = max(16, CELLS // max(len(known), 1))
    room = np.empty((min(size, max(len(queries), 1)), len(known)), np.float32)
    place = np.zeros(len(queries), np.int64)
    for begin in range(0, len(queries), size):
        part = wide[begin : begin + size]
        close = np.matmul(part, right, out=room[: len(part)])
        if barred is not None:
            for row in range(len(part)):
                close[row, barred[0][begin + row] : barred[1][begin + row]] = -np.inf
        place[begin : begin + size] = close.argmax(axis=1)
    gap = queries.astype(np.float64) - known[place].astype(np.float64)
    return np.sqrt((gap**2).sum(axis=1)), place
