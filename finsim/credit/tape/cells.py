"""Declared columns of a tape: typed by declaration, checked against the limits of their role."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finsim.credit.tape.mapping import Declared
from finsim.credit.tape.roles import ROLES, Role
from finsim.errors import DataError, Problem, did_you_mean
from finsim.notation import Array
from finsim.tables import Dialect, Field, typed

SHOWN_PER_COLUMN = 5
_BAD = ("bad", "1", "yes", "true", "default", "1.0")
_GOOD = ("good", "0", "no", "false", "paid", "0.0")


@dataclass
class Reader:
    """The table being read: where it is, how its text is written, and what was found wrong so far."""

    place: str
    dialect: Dialect
    is_text: bool
    problems: list[Problem] = field(default_factory=list)

    def at(self, row: int) -> str:
        """Return the place of a row: its number, and its line in a text file."""
        line = row + 1 + self.dialect.skip_rows + self.dialect.header_rows
        return f"{self.place}, row {row}" + (f" (line {line})" if self.is_text else "")

    def complain(self, header: str, rows: Array, cells: pd.Series, expected: str, remedy: str) -> None:
        """Note the first few of some wrong cells, and how many more there are."""
        for row in rows[:SHOWN_PER_COLUMN].tolist():
            found = f"column {header!r} holds {_shown(cells.iloc[row])}"
            self.problems.append(Problem(self.at(row), found, expected, remedy))
        if len(rows) > SHOWN_PER_COLUMN:
            more = f"column {header!r}: {len(rows) - SHOWN_PER_COLUMN} more cells like these"
            self.problems.append(Problem(self.place, more))

    def typed(self, column: pa.ChunkedArray, spec: Field, header: str) -> pa.ChunkedArray | None:
        """Return a column in its declared type; None, with the problems noted, when a cell refuses."""
        try:
            return typed(column, replace(spec, null=True), self.dialect, place=self.place, header=header)
        except DataError as error:
            listed = [self._with_line(problem) for problem in error.problems]
            self.problems += listed[:SHOWN_PER_COLUMN]
            if len(listed) > SHOWN_PER_COLUMN:
                more = f"column {header!r}: {len(listed) - SHOWN_PER_COLUMN} more cells like these"
                self.problems.append(Problem(self.place, more))
            return None

    def _with_line(self, problem: Problem) -> Problem:
        row = re.search(r", row (\d+)$", problem.place)
        return replace(problem, place=self.at(int(row[1]))) if row else problem


def _shown(cell: object) -> str:
    if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        return "an empty cell"
    if isinstance(cell, float | np.floating):
        return f"{float(cell):.10g}"
    return repr(cell) if isinstance(cell, str) else str(cell)


def series_of(column: pa.ChunkedArray) -> pd.Series:
    """Return a typed column as pandas holds it in a tape.

    Numbers are float64 with NaN, or int64 when all are whole and present; dates datetime64; words text.
    """
    kind = column.type
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.Series(column.cast(pa.string()).to_numpy(zero_copy_only=False), dtype=object)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        days = column.cast(pa.date32()) if pa.types.is_date(kind) else column.cast(pa.timestamp("ns"))
        return pd.Series(days.to_pandas()).astype("datetime64[ns]").dt.normalize()
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    if pa.types.is_duration(kind):
        column = column.cast(pa.int64())
    numbers = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    whole = pa.types.is_integer(column.type) and column.null_count == 0
    return pd.Series(column.to_numpy(zero_copy_only=False).astype(np.int64) if whole else numbers)


def role_column(
    reader: Reader, column: pa.ChunkedArray, name: str, said: Declared, header: str
) -> pd.Series | None:
    """Return the cells of a role column, checked; None, with the problems noted, when they cannot be used."""
    role = ROLES[name]
    cells = reader.typed(column, said.field, header)
    if cells is None:
        return None
    values = series_of(cells)
    if name in ("loan_id", "obligor_id") or role.field.type in ("cat", "date"):
        return _without_gaps(reader, values, role, said, header) if name == "loan_id" else values
    if values.dtype.kind not in "if":
        found = f"column {header!r} is declared {said.field.type}"
        reader.problems.append(Problem(reader.place, found, f"numbers for {name}", "declare float or int"))
        return None
    if name == "income" and said.per == "year":
        values = values / 12.0
    return _within(reader, values, role, said, header)


def _without_gaps(
    reader: Reader, values: pd.Series, role: Role, said: Declared, header: str
) -> pd.Series:
    if not (role.gaps or said.field.null):
        rows = np.flatnonzero(values.isna().to_numpy())
        remedy = f"fill it, or declare that gaps are allowed: `{said.field.role}: {{from: {header}, null: true}}`"
        reader.complain(header, rows, values, "a value in every row", remedy)
    return values


def _within(
    reader: Reader, values: pd.Series, role: Role, said: Declared, header: str
) -> pd.Series:
    _without_gaps(reader, values, role, said, header)
    numbers = values.to_numpy(dtype=np.float64)
    # A rate above 100 % is possible, but more often it is one in percent: it needs a declared unit.
    most = 10.0 if role.field.role == "rate" and said.field.unit else role.high
    wrong = ~np.isnan(numbers) & ~((numbers >= role.low) & (numbers <= most))
    if role.whole:
        wrong |= ~np.isnan(numbers) & (numbers != np.floor(numbers))
    kind = "a whole number" if role.whole else "a number"
    rows = np.flatnonzero(wrong)
    reader.complain(header, rows, values, f"{kind} {role.words}", _remedy(role, said, header, numbers, rows))
    return values


def _remedy(role: Role, said: Declared, header: str, numbers: Array, rows: Array) -> str:
    if not len(rows) or not role.share or said.field.unit == "percent" or numbers[rows[0]] < 0:
        return "correct or drop this row"
    cell = numbers[rows[0]]
    declared = f"{role.field.role}: {{from: {header}, unit: percent}}"
    return f"percent? write {cell / 100:.6g} for {cell:.6g} %, or declare `{declared}`"


def outcome_of(reader: Reader, column: pa.ChunkedArray, said: Declared, header: str) -> pd.Series | None:
    """Return the outcome of each loan: bool, or float64 with NaN where it is unknown.

    The words of default and of good loans are declared, or good/bad, 0/1, yes/no, true/false.
    """
    spec = said.field
    if spec.type != "cat":
        cells = reader.typed(column, spec, header)
        if cells is None:
            return None
        column = cells
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    words = [_plain(word) for word in column.cast(pa.string()).to_pylist()]
    text = pd.Series(words, dtype=object)
    nulls = {_plain(word) for word in (*reader.dialect.null, *spec.nulls)}
    text = text.mask(text.isin(nulls) | text.isna(), None)
    bad = {_plain(word) for word in said.bad or spec.true or _BAD}
    good = {_plain(word) for word in said.good or spec.false or ()}
    if not (said.bad or spec.true):
        good = good or set(_GOOD)
    found = _judged(reader, text, bad, good, header)
    shown = [*said.bad, *said.good]
    unseen = [word for word in shown if _plain(word) not in set(text.dropna())]
    for word in unseen:
        known = sorted({str(w) for w in pc.unique(column.cast(pa.string())).to_pylist() if w is not None})
        reader.problems.append(
            Problem(reader.place, f"no cell of column {header!r} says {word!r}", "", did_you_mean(word, known))
        )
    return found


def _judged(
    reader: Reader, text: pd.Series, bad: set[str | None], good: set[str | None], header: str
) -> pd.Series:
    """Return the outcome by word; words that are neither are refused, or good where no good ones are listed."""
    found = pd.Series(np.nan, index=text.index)
    found[text.isin(bad)] = 1.0
    others = text.notna() & ~text.isin(bad)
    found[others & text.isin(good) if good else others] = 0.0
    strange = np.flatnonzero((others & ~text.isin(good)).to_numpy()) if good == set(_GOOD) else np.zeros(0, int)
    reader.complain(
        header,
        strange,
        text,
        "good/bad, 0/1, yes/no or true/false (1 means default)",
        f"declare the words of default: `bad: {{from: {header}, is: WORD}}`, or correct the row",
    )
    if len(strange) == 0 and found.nunique() == 1:
        reader.problems.append(
            Problem(
                f"{reader.place}: column {header!r}", "all rows have one outcome", "both outcomes", "add defaults"
            )
        )
    return found if found.isna().any() else found.astype(bool)


def _plain(word: object) -> str | None:
    return None if word is None else unicodedata.normalize("NFKC", str(word)).strip().casefold()
