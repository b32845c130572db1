"""Columns that belong to the entity of a row (a birth year, a home state), and one row of them an entity."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D, Float2D, Int1D

VARIES = 0.05
"""Largest chance that two rows of an entity differ, over that of any two rows, in a column of the entity."""


def entity_columns(case: TableCase) -> tuple[str, ...]:
    """Return the columns whose real values hardly differ between rows of one entity, but between entities.

    A judge of rows that sees one learns the entities of its training folds by it, and knows nothing of
    others: on 150 customers a birth year hid every other fault. A rare flag is none, though it is false in
    most entities throughout: it differs as seldom between entities.
    """
    who = case.entity_real
    if who is None or not np.any(np.bincount(who, minlength=1) > 1):
        return ()
    return tuple(column.name for column in case.columns if _is_of_entity(column, who))


def _is_of_entity(column: ColumnPair, who: Int1D) -> bool:
    codes = np.unique(np.nan_to_num(column.real.astype(np.float64), nan=-np.inf), return_inverse=True)[1]
    levels = int(codes.max(initial=0)) + 1
    sizes = np.bincount(who).astype(np.float64)
    cells, counts = np.unique(who * levels + codes, return_counts=True)
    same = np.bincount(cells // levels, counts * (counts - 1.0), len(sizes))
    several = sizes > 1
    inside = 1.0 - float(np.mean(same[several] / (sizes[several] * (sizes[several] - 1.0))))
    every = np.bincount(codes).astype(np.float64)
    among = 1.0 - float((every * (every - 1.0)).sum() / (len(codes) * (len(codes) - 1.0)))
    return among > 0.0 and inside <= VARIES * among


def by_entity(rows: Float2D, who: Int1D | None) -> Float2D:
    """Return float64[E, 2 C]: of each entity the first row, and 1 in every column that varies within it."""
    if who is None:
        return np.concatenate([rows, np.zeros_like(rows)], axis=1)
    first, codes = np.unique(who, return_index=True, return_inverse=True)[1:]
    begun = rows[first]
    differs: Bool1D | Array = (rows != begun[codes]) & ~(np.isnan(rows) & np.isnan(begun[codes]))
    varies = np.zeros(begun.shape)
    np.maximum.at(varies, codes, differs.astype(np.float64))
    return np.concatenate([begun, varies], axis=1)
