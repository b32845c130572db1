"""Key columns: every cell differs, so they are left out of the model and made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from finsim.errors import FitError, Problem, did_you_mean
from finsim.notation import Array
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

LEAST_ROWS = 50
DENSE = 1.5
"""A whole-number column is a key when its range holds at most 1.5 numbers a row (assumption)."""


@dataclass(frozen=True)
class NewKey:
    """Keys that go on after the highest number seen: ``head``, then a number of ``digits`` digits.

    Row i of a sample has the number ``after`` + 1 + i, so keys do not repeat and none is one of the table.
    """

    kind: str
    head: str
    digits: int
    after: int
    step: float

    @classmethod
    def of(cls, column: MixedColumn) -> Self:
        """Return the keys that follow those of a column of words or whole numbers."""
        if column.kind == NUMBER:
            present = column.values[~column.missing()]
            return cls(NUMBER, "", 0, int(present.max()) if len(present) else 0, column.step)
        texts = [column.words[code] for code in np.unique(column.values) if code >= 0] or ["0"]
        heads = [text.rstrip("0123456789") for text in texts]
        tails = [text[len(head) :] for text, head in zip(texts, heads, strict=True)]
        if len(set(heads)) == 1 and max(len(tail) for tail in tails) <= 15:
            after = max(int(tail or "0") for tail in tails)
            same = {len(tail) for tail in tails}
            return cls(WORD, heads[0], same.pop() if len(same) == 1 else 0, after, column.step)
        return cls(WORD, "new-", len(str(len(texts))), 0, column.step)

    def column(self, first: int, count: int) -> MixedColumn:
        """Return the keys of rows ``first`` to ``first + count`` of a sample."""
        numbers = self.after + 1 + first + np.arange(count)
        if self.kind == NUMBER:
            return MixedColumn(NUMBER, numbers.astype(np.float64), (), self.step)
        words = tuple(f"{self.head}{number:0{max(self.digits, 1)}d}" for number in numbers)
        return MixedColumn(WORD, np.arange(count, dtype=np.int32), words, self.step)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the keys that ``to_dict`` wrote."""
        return cls(
            str(data["kind"]), str(data["head"]), int(data["digits"]), int(data["after"]), float(data["step"])
        )


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
        if not whole or values.max() - values.min() + 1 > DENSE * rows:
            return False
    return len(np.unique(values)) == rows
