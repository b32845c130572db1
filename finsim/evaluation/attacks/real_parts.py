"""Members and non-members: the training rows and a hold-out, or two halves of the real side by entity."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D, Int1D


@dataclass(frozen=True)
class RealParts:
    """Columns whose ``real`` is one part and whose ``spare`` is a disjoint one, with the entities of both."""

    columns: tuple[ColumnPair, ...]
    who_train: Int1D
    who_spare: Int1D

    @property
    def rows(self) -> tuple[int, int]:
        """Number of rows of the two parts."""
        return len(self.who_train), len(self.who_spare)


def comparable(case: TableCase) -> TableCase:
    """Return the case with the columns that all sides have: a hold-out may lack some."""
    if case.rows_spare == 0:
        return case
    return replace(case, columns=tuple(column for column in case.columns if column.spare is not None))


def given_parts(case: TableCase) -> RealParts | None:
    """Return training and hold-out, or None without a hold-out."""
    if case.rows_spare == 0:
        return None
    who = row_or_entity(case.entity_real, case.rows_real), row_or_entity(case.entity_spare, case.rows_spare)
    return RealParts(comparable(case).columns, *who)


def parts_in_turn(case: TableCase) -> tuple[RealParts, ...]:
    """Return training and hold-out; without one, two halves of the real side that take turns."""
    given = given_parts(case)
    if given is not None:
        return (given,)
    first = half_of_real(case)
    return halves(case, first), halves(case, ~first)


def halves(case: TableCase, first: Bool1D) -> RealParts:
    """Return the real rows where ``first`` as training and the others as hold-out."""
    columns = tuple(
        replace(column, real=column.real[first], spare=column.real[~first]) for column in case.columns
    )
    who = row_or_entity(case.entity_real, case.rows_real)
    return RealParts(columns, who[first], who[~first])


def half_of_real(case: TableCase, number: int = 0) -> Bool1D:
    """Tell which real rows are in a random half; the rows of an entity stay together."""
    who = row_or_entity(case.entity_real, case.rows_real)
    names, codes = np.unique(who, return_inverse=True)
    side = case.streams.at("attacks", "halves", number).permutation(len(names)) < (len(names) + 1) // 2
    return np.asarray(side[codes])


def row_or_entity(entity: Int1D | None, rows: int) -> Int1D:
    """Return the entity of each row; without entities each row is its own."""
    return np.arange(rows, dtype=np.int64) if entity is None else entity


def some(rng: np.random.Generator, rows: int, most: int) -> Int1D:
    """Return at most ``most`` row numbers in order, drawn without replacement."""
    if rows <= most:
        return np.arange(rows, dtype=np.int64)
    return np.sort(rng.choice(rows, most, replace=False))


def whole_entities(rng: np.random.Generator, who: Int1D, most: int) -> Array:
    """Return the row numbers of randomly drawn whole entities, about ``most`` rows in all."""
    names, counts = np.unique(who, return_counts=True)
    order = rng.permutation(len(names))
    kept = order[: max(1, int(np.searchsorted(np.cumsum(counts[order]), most, side="right")))]
    return np.flatnonzero(np.isin(who, names[kept]))
