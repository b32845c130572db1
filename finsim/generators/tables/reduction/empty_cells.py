"""Cells that are missing by a law of their own: rows are made whole, then these cells are emptied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.notation import Bool1D
from finsim.records.mixed_table import MISSING_TIME, MISSING_WORD, NUMBER, TIME, WORD, MixedColumn

THERE, LACKS = "there", "missing"


@dataclass(frozen=True)
class EmptyCells:
    """``columns`` are missing in the same rows, those in which the column of words ``flag`` says so."""

    flag: str
    columns: tuple[str, ...]

    def emptied(self, found: Mapping[str, MixedColumn]) -> dict[str, MixedColumn]:
        """Return the columns without the cells that are missing."""
        flag = found[self.flag]
        lacks = np.array([word == LACKS for word in flag.words] + [False])[flag.values]
        return {name: without_cells(found[name], lacks) for name in self.columns}


def flag_of(lacks: Bool1D) -> MixedColumn:
    """Return the column of words that says which cells are missing."""
    return MixedColumn(WORD, lacks.astype(np.int32), (THERE, LACKS))


def without_cells(column: MixedColumn, lacks: Bool1D) -> MixedColumn:
    """Return a column without some of its cells."""
    gone = {NUMBER: np.nan, TIME: MISSING_TIME, WORD: MISSING_WORD}[column.kind]
    return replace(column, values=np.where(lacks, gone, column.values).astype(column.values.dtype))
