"""The usual cell of each entity, payee or pair."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Int1D
from finsim.records.mixed_table import MISSING_TIME, MISSING_WORD, NUMBER, WORD, MixedColumn

NEARLY, ERRORS = 0.9, 3.0
"""Share of empty cells, and s.d. beyond chance, from which a group has an empty cell (assumptions)."""


def usual_cells(column: MixedColumn, rows: Int1D, group: Int1D, count: int) -> Array:
    """Return the most frequent cell among ``rows`` of each of ``count`` groups; group int64[n] of all rows.

    Groups without a row at all have that of all; those whose rows are all left out, or nearly all and
    far more than by chance, have an empty cell: rows that are left out have one.
    """
    codes, own = np.unique(column.values[rows], return_inverse=True)[1].astype(np.int64), group[rows]
    row_of = np.zeros(int(codes.max(initial=0)) + 1, np.int64)
    row_of[codes] = rows
    cells = column.values[row_of[usual_codes(codes, own, count)]]
    size = np.bincount(group, minlength=count)
    lost, share = size - np.bincount(own, minlength=count), 1.0 - len(rows) / max(len(group), 1)
    chance = size * share + ERRORS * np.sqrt(size * share * (1.0 - share)) + 1.0
    none = (size > 0) & ((lost == size) | ((lost >= NEARLY * size) & (lost > chance)))
    cells[none] = {NUMBER: np.nan, WORD: MISSING_WORD}.get(column.kind, MISSING_TIME)
    return cells


def share_usual(codes: Int1D, group: Int1D) -> float:
    """Return the share of codes that are the usual one of their group, among groups of more than one row."""
    count = int(group.max(initial=0)) + 1
    many = np.bincount(group, minlength=count)[group] > 1
    return float((codes == usual_codes(codes, group, count)[group])[many].mean()) if many.any() else 0.0


def usual_codes(codes: Int1D, group: Int1D, count: int) -> Int1D:
    """Return the most frequent code of each group, that of all in empty groups."""
    size = int(codes.max(initial=0)) + 1
    key, counts = np.unique(group * size + codes, return_counts=True)
    order = np.lexsort((-key, counts))
    found = np.full(count, int(np.bincount(codes).argmax()))
    found[key[order] // size] = key[order] % size
    return found
