"""What a generator keeps of each column of a table: kind, words, range; given cells are checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from finsim.errors import FitError, Problem, did_you_mean
from finsim.generators.tables.table_generator import Cell
from finsim.records.mixed_table import (
    MISSING_TIME,
    MISSING_WORD,
    NUMBER,
    TIME,
    WORD,
    MixedColumn,
    MixedTable,
)


@dataclass(frozen=True)
class ColumnFacts:
    """Kind, words, grid, the lowest and highest present cell, and whether cells are missing.

    ``low`` and ``high`` are numbers, nanoseconds UTC, or places in ``words``; 0 when every cell is missing.
    """

    kind: str
    words: tuple[str, ...]
    step: float
    low: float
    high: float
    lacks: bool
    is_empty: bool

    @classmethod
    def of(cls, column: MixedColumn) -> Self:
        """Return the facts of a column."""
        missing = column.missing()
        present = column.values[~missing]
        low, high = (present.min().item(), present.max().item()) if len(present) else (0, 0)
        return cls(column.kind, column.words, column.step, low, high, bool(missing.any()), not len(present))

    def column(self, cell: Cell, count: int) -> MixedColumn:
        """Return a column of ``count`` equal cells; the cell was accepted by ``problem``."""
        if self.kind == WORD:
            code = MISSING_WORD if cell is None else self.words.index(str(cell))
            return MixedColumn(WORD, np.full(count, code, np.int32), self.words, self.step)
        if self.kind == NUMBER:
            value = np.nan if cell is None else float(cell)
            return MixedColumn(NUMBER, np.full(count, value), (), self.step)
        moment = MISSING_TIME if cell is None else round(float(cell))
        return MixedColumn(TIME, np.full(count, moment, np.int64), (), self.step)

    def problem(self, name: str, cell: Cell) -> Problem | None:
        """Return what is wrong with a given cell of this column, None when nothing is."""
        place = f"given {name}"
        if cell is None:
            wanted = "a value: this column is never missing"
            return (
                None
                if self.lacks
                else Problem(place, "a missing cell", wanted, "write a value or none of it")
            )
        if self.is_empty:
            return Problem(place, f"found {cell!r}", "a missing cell: the column has no other")
        if self.kind == WORD:
            if str(cell) in self.words:
                return None
            return Problem(
                place, f"the word {cell!r} was never seen", "", did_you_mean(str(cell), self.words)
            )
        if isinstance(cell, str) or not np.isfinite(cell):
            return Problem(place, f"found {cell!r}", "a number")
        if not self.low <= cell <= self.high:
            said, low, high = (self._said(one) for one in (cell, self.low, self.high))
            return Problem(place, f"{said} was never seen", f"{low} to {high}")
        return None

    def _said(self, number: float) -> str:
        """Return a number as it is written; times as such."""
        return str(np.datetime64(round(number), "ns"))[:19] if self.kind == TIME else str(number)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "kind": self.kind, "words": list(self.words), "step": self.step, "low": self.low,
            "high": self.high, "lacks": self.lacks, "is_empty": self.is_empty,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the facts that ``to_dict`` wrote."""
        return cls(
            str(data["kind"]), tuple(data["words"]), float(data["step"]), data["low"], data["high"],
            bool(data["lacks"]), bool(data["is_empty"]),
        )  # fmt: skip


def facts_of(table: MixedTable) -> dict[str, ColumnFacts]:
    """Return the facts of every column."""
    return {name: ColumnFacts.of(column) for name, column in table.columns.items()}


def check_table(table: MixedTable, least: int = 2) -> None:
    """Raise FitError for a table without columns or with fewer than ``least`` rows."""
    if not table.columns or table.rows < least:
        raise FitError(
            f"the table has {_count(table.rows, 'row')} and {_count(len(table.columns), 'column')} to learn",
            place="table",
            expected=f"at least {least} rows and 1 column",
            remedy="give more rows" if table.columns else "declare a column that is no identifier",
        )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def check_given(given: Mapping[str, Cell] | None, columns: Mapping[str, ColumnFacts]) -> dict[str, Cell]:
    """Return the given cells. Raises FitError with every unknown column and unseen cell."""
    problems = []
    for name, cell in (given or {}).items():
        if name not in columns:
            remedy = did_you_mean(name, list(columns))
            problems.append(Problem("given", f"there is no column {name!r}", "", remedy))
        elif (found := columns[name].problem(name, cell)) is not None:
            problems.append(found)
    if problems:
        raise FitError.of(problems)
    return dict(given or {})


def check_columns(table: MixedTable, columns: Mapping[str, ColumnFacts]) -> None:
    """Raise FitError when a table lacks columns of the training table or has them in another kind."""
    wrong = [
        Problem("table", f"the column {name!r} is {'of another kind' if name in table else 'missing'}")
        for name, facts in columns.items()
        if name not in table or table[name].kind != facts.kind
    ]
    if wrong:
        raise FitError.of(wrong)


def codes_in(column: MixedColumn, words: tuple[str, ...]) -> Any:
    """Return the cells of a word column as places in other ``words``; len(words) for words not among them."""
    if column.words == words:
        return column.values
    place = {word: index for index, word in enumerate(words)}
    turned = np.array([place.get(word, len(words)) for word in column.words] + [MISSING_WORD], np.int32)
    return turned[column.values]
