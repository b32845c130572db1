"""Key columns: every cell differs, so they are left out of the model and made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from finsim.errors import FitError, Problem, did_you_mean
from finsim.notation import Array
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable
from finsim.tables.new_ids.id_form import IdForm, is_counted

LEAST_ROWS = 50


@dataclass(frozen=True)
class NewKey:
    """Keys that go on after the highest number seen, in the ``form`` of the table's.

    Row i of a sample has the number ``form.last`` + 1 + i: keys do not repeat and none is one of the table.
    """

    kind: str
    form: IdForm
    step: float

    @classmethod
    def of(cls, column: MixedColumn) -> Self:
        """Return the keys that follow those of a column of words or whole numbers."""
        if column.kind == NUMBER:
            present = column.values[~column.missing()]
            return cls(NUMBER, IdForm(last=int(present.max()) if len(present) else 0), column.step)
        texts = [column.words[code] for code in np.unique(column.values) if code >= 0]
        return cls(WORD, IdForm.of(texts), column.step)

    def column(self, first: int, count: int) -> MixedColumn:
        """Return the keys of rows ``first`` to ``first + count`` of a sample."""
        if self.kind == NUMBER:
            numbers = self.form.last + 1 + first + np.arange(count)
            return MixedColumn(NUMBER, numbers.astype(np.float64), (), self.step)
        words = tuple(self.form.new(first, count))
        return MixedColumn(WORD, np.arange(count, dtype=np.int32), words, self.step)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the keys that ``to_dict`` wrote."""
        return cls(str(data["kind"]), IdForm(**data["form"]), float(data["step"]))


def key_columns(table: MixedTable, named: tuple[str, ...]) -> list[str]:
    """Return the columns that are keys: those named, and those found by their cells.

    Found: words that all differ; whole numbers that all differ and leave few gaps. Raises FitError for
    named columns that are not there or hold times.
    """
    problems = [
        Problem("keys", f"there is no column {name!r}", "", did_you_mean(name, list(table.columns)))
        if name not in table
        else Problem(f"keys {name}", "a column of times", "words or whole numbers")
        for name in named
        if name not in table or table[name].kind == TIME
    ]
    if problems:
        raise FitError.of(problems)
    return [name for name, column in table.columns.items() if name in named or _is_key(column, table.rows)]


def _is_key(column: MixedColumn, rows: int) -> bool:
    if rows < LEAST_ROWS or column.kind == TIME or column.missing().any():
        return False
    values: Array = column.values
    if column.kind == NUMBER:
        whole = bool(column.step >= 1 and (values == np.round(values)).all())
        if not whole or not is_counted(float(values.min()), float(values.max()), rows):
            return False
    return len(np.unique(values)) == rows
