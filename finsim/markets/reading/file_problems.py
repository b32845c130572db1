"""Collects everything that is wrong with a price file, so that one error tells all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from finsim.errors import DataError, Problem
from finsim.notation import Array, Bool1D, Float1D
from finsim.tables import TableSource, schema_remedy

MOST = 20
_FEW = 5
_GREATEST, _LEAST = 1e130, 1e-130  # what the bar decoder can give back: exp(+-LEVEL_LIMIT), in round numbers


def refuse_unnamed_assets(source: TableSource, date: str, others: Sequence[str], place: str) -> None:
    """Raise DataError where rows of one date are told apart by a column that nothing has declared.

    ``others`` are the headers that may be that column; nothing is raised where none of them is.
    """
    from finsim.tables import name_columns  # only where a file is refused

    found = name_columns(source, date, others)
    if not found:
        return
    listed = " or ".join(map(repr, found))
    raise DataError(
        f"the dates repeat, and {listed} tells the rows of a date apart but has no role",
        place=f"{place}, column {date}",
        expected="one row for each date of an asset, and a column that names the asset",
        remedy=f"say so in a schema: `{found[0]}: {{type: cat, role: ticker}}`; {schema_remedy(place)}",
    )


class Faults:
    """The faults of one table, by row; lines are those of the text file that ``source`` reads, if it does."""

    def __init__(self, path: str, source: TableSource) -> None:
        self.path = path
        self.source = source
        self.count = 0
        self._lines: dict[int, int] | None = None
        self._found: list[tuple[int, Problem]] = []

    def place(self, row: int, column: str) -> str:
        """Return ``file:line, row N, column X``; ``row`` counts from 0, N from 1."""
        line = self._line(row)
        return f"{self.path}{f':{line}' if line else ''}, row {row + 1}, column {column}"

    def _line(self, row: int) -> int | None:
        if self._lines is None:
            written = getattr(self.source, "lines", None)  # only text tables have lines
            self._lines = {} if written is None else {number: line for number, line, _ in written()}
        return self._lines.get(row)

    def mark(
        self, rows: Array, bad: Bool1D, column: str, found: Callable[[int], str], advice: tuple[str, str]
    ) -> None:
        """Note the rows where ``bad`` holds; ``found(i)`` describes place i; advice is (expected, remedy)."""
        places = np.flatnonzero(bad)
        self.count += len(places)
        for i in places[:MOST]:
            row = int(rows[i])
            self._found.append((row, Problem(self.place(row, column), found(int(i)), *advice)))

    def add(self, problem: Problem) -> None:
        """Note a fault of the whole file."""
        self.count += 1
        self._found.append((-1, problem))

    def stop(self) -> None:
        """Raise DataError with the first 20 faults, in file order, when there is any."""
        if not self.count:
            return
        listed = [problem for _, problem in sorted(self._found, key=lambda pair: pair[0])][:MOST]
        if self.count > len(listed):
            listed.append(Problem(self.path, f"{self.count - len(listed)} more faults of the same kinds"))
        raise DataError.of(listed)


def finite(frame: pd.DataFrame, column: str, faults: Faults) -> Float1D:
    """Return a column of numbers as float64, NaN where missing; infinity and beyond 1e130 are faults."""
    values = frame[column].to_numpy(dtype=np.float64)
    beyond = np.abs(values) > _GREATEST
    advice = (f"a finite number of at most {_GREATEST:g}", "correct or delete the row")
    faults.mark(frame.index.to_numpy(), beyond, column, lambda i: f"{values[i]:.10g}", advice)
    return np.where(beyond, np.nan, values)


def missing(frame: pd.DataFrame, column: str, values: Float1D, faults: Faults) -> None:
    """Note the empty cells of a column whose numbers were already parsed."""
    empty = frame[column].isna().to_numpy()
    advice = ("a number in every row", "fill the cell or delete the row")
    faults.mark(
        frame.index.to_numpy(), empty & np.isnan(values), column, lambda _: "the cell is empty", advice
    )


def _declared(header: str) -> str:
    """Return the column of a header as a schema has it, of another name where the header is none."""
    keys = "type: float, as: difference"
    if header.isidentifier() and header.isascii():
        return f"{header}: {{{keys}}}"
    return f'any_name: {{from: "{header}", {keys}}}'


def positive(frame: pd.DataFrame, column: str, values: Float1D, faults: Faults) -> None:
    """Note prices at or below zero; so many that the column holds something else are noted once.

    A price below 1e-130 counts as zero.
    """
    advice = (
        "a price above zero",
        f"correct or delete the row; declare a yield, spread or rate in a schema (--schema S) with "
        f"`columns: {{{_declared(column)}}}`, returns with `as: return`",
    )
    below = values < _LEAST
    if below.sum() <= _FEW:
        faults.mark(frame.index.to_numpy(), below, column, lambda i: f"price {values[i]:.10g}", advice)
        return
    first = int(np.flatnonzero(below)[0])
    place = faults.place(int(frame.index[first]), column)
    found = f"{int(below.sum()):,} of {len(values):,} values at or below zero, the first {values[first]:.10g}"
    faults.add(Problem(place, found, *advice))
