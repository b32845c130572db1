"""Cells that are there in every row of a word: a margin of each tracker, though most loans have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.tables.reduction.by_word.word_rows import Columns, own_places, rows_of
from finsim.generators.tables.reduction.column_cells import on_grid
from finsim.records.mixed_table import WORD, MixedColumn


@dataclass(frozen=True)
class WordFill:
    """``target`` is never missing in rows of ``word``; ``cells`` are quantiles of its cells there.

    Of a column of words they are words of five rows at least, as often as they are met.
    """

    source: str
    word: str
    target: str
    cells: tuple[float | str, ...]

    def kept(self, columns: Columns) -> dict[str, MixedColumn]:
        """Return the target with cells drawn where the model left one out; nothing where all are there."""
        column = columns[self.target]
        rows = np.flatnonzero(rows_of(columns, self.source, self.word) & column.missing())
        if not len(rows):
            return {}
        at = own_places(columns, columns, rows)
        changed = column.values.copy()
        if column.kind == WORD:
            known = [column.words.index(one) for one in self.cells if one in column.words]
            if not known:
                return {}
            changed[rows] = np.array(known)[np.floor(at * len(known)).astype(np.int64)]
        else:
            cells = np.array(self.cells, np.float64)
            changed[rows] = on_grid(np.interp(at, np.linspace(0.0, 1.0, len(cells)), cells), column.step)
        return {self.target: replace(column, values=changed)}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> WordFill:
        """Return the fact that ``asdict`` wrote."""
        cells = data["cells"]
        assert isinstance(cells, list | tuple)
        return cls(str(data["source"]), str(data["word"]), str(data["target"]), tuple(cells))
