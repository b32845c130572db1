"""Cells of released quasi-identifiers: how many real people share what a synthetic row says of a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.attacks.row_keys import banded, row_keys
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Int1D

BINS = 10


@dataclass(frozen=True)
class QuasiCells:
    """uint64 keys of the cells of the real, the synthetic and the hold-out rows, and their columns."""

    real: Array
    own: Array
    spare: Array | None
    names: tuple[str, ...]

    def matches(self, keys: Array, who: Int1D | None) -> Int1D:
        """Return how many real people (rows without entities) share each cell: int64[n]."""
        names, cell = np.unique(self.real, return_inverse=True)
        person = np.arange(len(cell)) if who is None else np.unique(who, return_inverse=True)[1]
        pairs = np.unique(cell.astype(np.int64) * (int(person.max()) + 1) + person)
        people = np.bincount(pairs // (int(person.max()) + 1), minlength=len(names))
        place = np.minimum(np.searchsorted(names, keys), len(names) - 1)
        return np.where(names[place] == keys, people[place], 0)


def quasi_cells(case: TableCase) -> QuasiCells | None:
    """Return the cells of the columns that the roles call groups, or None where there is none.

    Numbers and dates are cut at their real deciles: an attacker knows an age, not a fraction of a year.
    """
    columns = [case.column(name) for name in case.roles.groups]
    found = [column for column in columns if column is not None]
    if not found:
        return None
    real, own, spare = row_keys([banded(column, BINS) for column in found])
    return QuasiCells(real, own, spare, tuple(column.name for column in found))
