"""Collects everything that is wrong with a price file, so that one error tells all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from finsim.errors import DataError, Problem
from finsim.notation import Array, Bool1D, Float1D

MOST = 20


class Faults:
    """The faults of one file, by row; ``first_line`` is the line of data row 1 (None for Parquet)."""

    def __init__(self, path: str, first_line: int | None) -> None:
        self.path = path
        self.first_line = first_line
        self.count = 0
        self._found: list[tuple[int, Problem]] = []

    def place(self, row: int, column: str) -> str:
        """Return ``file:line, row N, column X``; ``row`` counts from 0, N from 1."""
        line = "" if self.first_line is None else f":{self.first_line + row}"
        return f"{self.path}{line}, row {row + 1}, column {column}"

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


def numbers(frame: pd.DataFrame, column: str, faults: Faults) -> Float1D:
    """Return a column as float64, NaN where missing; text and infinity are noted as faults."""
    values = frame[column]
    parsed = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    text = np.isnan(parsed) & values.notna().to_numpy()
    rows = frame.index.to_numpy()

    def shown(i: int) -> str:
        value: Any = values.iloc[i]
        return f"{value!r} is not a number"

    advice = ("a plain number such as 1234.5", "remove units, currency signs and thousands separators")
    if text.all() and len(text) > 1:
        place = faults.path if faults.first_line is None else f"{faults.path}:{faults.first_line - 1}"
        remedy = "delete the column, or write plain numbers with a decimal point"
        faults.add(
            Problem(f"{place}, column {column}", f"no cell is a number; {shown(0)}", "numbers", remedy)
        )
    else:
        faults.mark(rows, text, column, shown, advice)
    faults.mark(rows, np.isinf(parsed), column, shown, ("a finite number", "correct or delete the row"))
    return np.where(np.isinf(parsed), np.nan, parsed)


def missing(frame: pd.DataFrame, column: str, values: Float1D, faults: Faults) -> None:
    """Note the empty cells of a column whose numbers were already parsed."""
    empty = frame[column].isna().to_numpy()
    advice = ("a number in every row", "fill the cell or delete the row")
    faults.mark(
        frame.index.to_numpy(), empty & np.isnan(values), column, lambda _: "the cell is empty", advice
    )


def positive(frame: pd.DataFrame, column: str, values: Float1D, faults: Faults) -> None:
    """Note prices at or below zero."""
    advice = ("a price above zero", "correct or delete the row; spreads and rates are not prices")
    faults.mark(frame.index.to_numpy(), values <= 0, column, lambda i: f"price {values[i]:.10g}", advice)
