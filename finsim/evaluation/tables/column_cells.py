"""A column as counted cells: pooled levels of categories, fine cells with atoms of numbers, round values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.tables.column_pairs import CATEGORY, DATE, ColumnPair
from finsim.notation import Array, Bool1D, Float1D, Int1D

FINE = 250
"""Quantiles of each side at which distribution functions are compared; values that recur have own cells."""
SEEN = 5
MOST_LEVELS = 50
MANY = 50
GRAINS = (0.01, 0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0)


@dataclass(frozen=True)
class Cells:
    """Cell numbers 0..size-1 of the rows of both sides and the hold-out, -1 where missing.

    ``ordered`` cells are compared by their distribution function, others by their shares.
    """

    subject: str
    real: Int1D
    own: Int1D
    spare: Int1D | None
    size: int
    ordered: bool
    note: str


def cells_of(column: ColumnPair) -> list[Cells]:
    """Return what of a column is compared: values, of numbers also how round they are, of dates weekdays."""
    if column.is_category:
        return [level_cells(column)]
    found = [number_cells(column)]
    present = column.real[~np.isnan(column.real)]
    if column.kind == DATE:
        return [*found, _weekdays(column)] if _has_whole_days(present) else found
    if len(np.unique(present)) >= MANY and _varies(present):
        found.append(_round_values(column))
    return found


def number_cells(column: ColumnPair) -> Cells:
    """Cut numbers at quantiles of both sides; a value that is itself a cut is a cell of its own."""
    cuts = [_quantiles(side) for side in (column.real, column.own)]
    edges = np.unique(np.concatenate(cuts))
    real, own = _placed(column.real, edges), _placed(column.own, edges)
    spare = None if column.spare is None else _placed(column.spare, edges)
    return Cells(column.name, real, own, spare, 2 * len(edges) + 1, True, "KS")


def _quantiles(side: Float1D) -> Float1D:
    present = np.sort(side[~np.isnan(side)])
    if not len(present):
        return present
    places = np.linspace(0, len(present) - 1, min(FINE, len(present))).astype(np.int64)
    return present[places]


def _placed(side: Float1D, edges: Float1D) -> Int1D:
    cells = np.searchsorted(edges, side, "left") + np.searchsorted(edges, side, "right")
    return np.where(np.isnan(side), -1, cells).astype(np.int64)


def level_cells(column: ColumnPair, share: float = 0.0, most: int = MOST_LEVELS) -> Cells:
    """Pool levels that the real side has fewer than ``SEEN`` times, or below ``share``, or not at all."""
    counts = np.bincount(column.real[column.real >= 0], minlength=len(column.levels))
    order = np.argsort(-counts, kind="stable")[:most]
    kept = order[counts[order] >= max(SEEN, share * len(column.real))]
    place = np.full(len(column.levels) + 1, len(kept), dtype=np.int64)  # the last but one: all others
    place[kept] = np.arange(len(kept))
    place[-1] = -1  # code -1: missing
    pooled = int((counts > 0).sum()) - len(kept)
    note = f"total variation, {pooled} rare levels pooled" if pooled else "total variation"
    spare = None if column.spare is None else place[column.spare]
    return Cells(column.name, place[column.real], place[column.own], spare, len(kept) + 1, False, note)


def as_levels(column: ColumnPair, most: int) -> ColumnPair:
    """Return numbers of at most ``most`` different real values as a category of them, others as they are."""
    known = np.unique(column.real[~np.isnan(column.real)]) if not column.is_category else np.empty(0)
    if column.is_category or len(known) > most:
        return column

    def coded(side: Float1D) -> Int1D:
        place = np.minimum(np.searchsorted(known, side), max(len(known) - 1, 0))
        found = np.where(known[place] == side, place, len(known)) if len(known) else np.zeros(len(side))
        return np.where(np.isnan(side), -1, found).astype(np.int32)

    levels = (*(f"{value:.6g}" for value in known), "other values")
    spare = None if column.spare is None else coded(column.spare)
    return ColumnPair(column.name, CATEGORY, coded(column.real), coded(column.own), spare, levels)


def level_names(column: ColumnPair, cells: Cells) -> list[str]:
    """Return the name of each cell of ``level_cells``."""
    names = ["other levels"] * cells.size
    for code, cell in zip(column.real.tolist(), cells.real.tolist(), strict=True):
        if 0 <= cell < cells.size - 1:
            names[cell] = column.levels[code]
    return names


def _has_whole_days(days: Float1D) -> bool:
    return len(np.unique(days)) >= MANY


def _weekdays(column: ColumnPair) -> Cells:
    def placed(side: Array) -> Int1D:
        gone = np.isnan(side)
        return np.where(gone, -1, (np.floor(np.where(gone, 0.0, side)).astype(np.int64) + 3) % 7)

    spare = None if column.spare is None else placed(column.spare)
    name = f"{column.name}, weekday"
    return Cells(name, placed(column.real), placed(column.own), spare, 7, False, "total variation")


def _varies(present: Float1D) -> bool:
    """Whether not all values are equally round."""
    return len(np.unique(grains(present))) > 1


def _round_values(column: ColumnPair) -> Cells:
    spare = None if column.spare is None else grains(column.spare)
    name = f"{column.name}, round values"
    note = "KS of the largest power of ten that divides a value"
    return Cells(name, grains(column.real), grains(column.own), spare, len(GRAINS) + 1, True, note)


def grains(values: Float1D) -> Int1D:
    """Return int64[n]: the number of leading ``GRAINS`` that divide a value, -1 where missing."""
    gone = np.isnan(values)
    filled = np.where(gone, 0.5, values)
    found = np.zeros(len(values), dtype=np.int64)
    still: Bool1D = np.ones(len(values), dtype=np.bool_)
    for grain in GRAINS:
        parts = filled / grain
        still = still & (np.abs(parts - np.rint(parts)) <= 1e-6 * np.maximum(1.0, 1e-6 * np.abs(parts)))
        found += still
    return np.where(gone, -1, found)
