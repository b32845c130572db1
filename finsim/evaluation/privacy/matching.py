"""Find rows that are equal to a known row within a tolerance, all columns at once."""

from __future__ import annotations

import numpy as np

from finsim.notation import Bool1D, Float2D, Int1D

PAIRS_AT_ONCE = 2_000_000


def matches(known: Float2D, queries: Float2D, tolerance: float) -> Int1D:
    """Return for each query the first known row that is equal within ``tolerance``, else -1: int64[n].

    ``known`` float64[m, k], ``queries`` float64[n, k]. The answer is exact: candidates come from a sort
    on the most telling column, then every column is compared.
    """
    found = np.full(len(queries), -1, dtype=np.int64)
    if len(known) == 0 or len(queries) == 0:
        return found
    key = int(np.argmax([len(np.unique(known[:, k])) for k in range(known.shape[1])]))
    order = np.argsort(known[:, key], kind="stable")
    ordered = known[order, key]
    first = np.searchsorted(ordered, queries[:, key] - tolerance, side="left")
    count = np.searchsorted(ordered, queries[:, key] + tolerance, side="right") - first
    rows = np.flatnonzero(count)
    ends = np.cumsum(count[rows])
    begin = 0
    while begin < len(rows):
        done = ends[begin - 1] if begin else 0
        stop = max(begin + 1, int(np.searchsorted(ends, done + PAIRS_AT_ONCE, side="right")))
        _check(known, queries, order, first, count, rows[begin:stop], tolerance, found)
        begin = stop
    return found


def _check(
    known: Float2D,
    queries: Float2D,
    order: Int1D,
    first: Int1D,
    count: Int1D,
    rows: Int1D,
    tolerance: float,
    found: Int1D,
) -> None:
    """Compare all candidate pairs of some queries and write the first match of each into ``found``."""
    sizes = count[rows]
    query = np.repeat(rows, sizes)
    step = np.arange(len(query)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    candidate = order[np.repeat(first[rows], sizes) + step]
    equal = np.all(np.abs(known[candidate] - queries[query]) <= tolerance, axis=1)
    hit, row = query[equal], candidate[equal]
    best = np.full(len(queries), len(known), dtype=np.int64)
    np.minimum.at(best, hit, row)
    touched = np.unique(hit)
    found[touched] = best[touched]


def varied(rows: Float2D, least: int) -> Bool1D:
    """Tell which rows have at least ``least`` entries that are not zero: bool[n]."""
    return np.asarray((np.abs(rows) > 0).sum(axis=1) >= least)
