"""Declared columns of a tape: typed by declaration, checked against the limits of their role."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.credit.tape.mapping import Declared
from finsim.credit.tape.roles import ROLES, Role
from finsim.errors import DataError, Problem, did_you_mean
from finsim.notation import Array
from finsim.tables import Dialect, Field, is_readable, typed

SHOWN_PER_COLUMN = 5
_BAD = ("bad", "1", "yes", "true", "default", "1.0")
_MANY_UNSAID, _SHOWN = 0.3, 4  # assumption: share of rows left out for their word that is told; words shown
UNSAID = "outcome: "
"""Begins the note of rows left out because their word is neither default nor good."""
_GOOD = ("good", "0", "no", "false", "paid", "0.0")


@dataclass
class Reader:
    """The table being read: where it is, how its text is written, and what was found wrong so far."""

    place: str
    dialect: Dialect
    is_text: bool
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def at(self, header: str, row: int) -> str:
        """Return the place of a cell: its column, and its line in a text file or its row in a stored one."""
        line = row + 1 + self.dialect.skip_rows + self.dialect.header_rows
        return f"{self.place}: column {header!r}, {f'line {line}' if self.is_text else f'row {row}'}"

    def complain(self, header: str, rows: Array, cells: pd.Series, expected: str, remedy: str) -> None:
        """Note the first few of some wrong cells, and how many more there are."""
        listed = [
            Problem(self.at(header, row), _shown(cells.iloc[row]), expected, remedy)
            for row in rows[:SHOWN_PER_COLUMN].tolist()
        ]
        self._note(header, listed, len(rows))

    def typed(self, column: pa.ChunkedArray, spec: Field, header: str) -> pa.ChunkedArray | None:
        """Return a column in its declared type; None, with the problems noted, when a cell refuses."""
        try:
            return typed(column, replace(spec, null=True), self.dialect, place=self.place, header=header)
        except DataError as error:
            # The reader stops after some: how many there are is not known.
            self._note(header, [self._placed(header, one) for one in error.problems], None)
            return None

    def _note(self, header: str, listed: list[Problem], count: int | None) -> None:
        self.problems += listed[:SHOWN_PER_COLUMN]
        if (count or len(listed)) > SHOWN_PER_COLUMN:
            more = (
                "more cells like these"
                if count is None
                else f"{count - SHOWN_PER_COLUMN} more cells like these"
            )
            self.problems.append(Problem(f"{self.place}: column {header!r}", more))

    def _placed(self, header: str, problem: Problem) -> Problem:
        """Return a problem of the reader at its line, with the remedy for a tape where it names none."""
        row = re.search(r", row (\d+)", problem.place)
        if not row:
            return problem
        remedy = problem.remedy if "declare" in problem.remedy or "--csv" in problem.remedy else ""
        return Problem(
            self.at(header, int(row[1])),
            problem.found.removeprefix(f"column {header!r} holds "),
            problem.expected,
            f"{remedy.replace('--csv ', 'in `read:` ')}; or correct or drop this row".removeprefix("; or "),
        )


def _shown(cell: object) -> str:
    if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        return "an empty cell"
    if isinstance(cell, float | np.floating):
        return f"{float(cell):.10g}"
    return repr(cell) if isinstance(cell, str) else str(cell)


_FAR_DAYS = 106_000  # pandas counts nanoseconds, which end in 2262


def series_of(column: pa.ChunkedArray) -> pd.Series:
    """Return a typed column as pandas holds it in a tape.

    Numbers are float64 with NaN, or int64 when all are whole and present; dates datetime64; words text.
    """
    kind = column.type
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.Series(column.cast(pa.string()).to_numpy(zero_copy_only=False), dtype=object)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        days = column.cast(pa.date32())
        numbers = days.cast(pa.int32()).drop_null().to_numpy()
        if len(numbers) and not -_FAR_DAYS < numbers.min() <= numbers.max() < _FAR_DAYS:
            far = numbers[np.abs(numbers.astype(np.int64)).argmax()]
            raise DataError(
                f"a day {far:,} days from 1970", place="a column of days of the tape",
                expected="days between 1678 and 2261", remedy="correct or empty the cell",
            )  # fmt: skip
        return pd.Series(days.to_pandas()).astype("datetime64[ns]").dt.normalize()
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    if pa.types.is_duration(kind):
        column = column.cast(pa.int64())
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64)
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
    if name in ("loan_id", "obligor_id"):
        keys = pd.Series(cells.to_pylist(), dtype=object)
        return _without_gaps(reader, keys, role, said, header) if name == "loan_id" else keys
    values = series_of(cells)
    if role.field.type in ("cat", "date"):
        return values
    if values.dtype.kind not in "if":
        found = f"column {header!r} is declared {said.field.type}"
        reader.problems.append(Problem(reader.place, found, f"numbers for {name}", "declare float or int"))
        return None
    return _within(reader, values, role, said, header)


def _without_gaps(reader: Reader, values: pd.Series, role: Role, said: Declared, header: str) -> pd.Series:
    if not (role.gaps or said.field.null):
        rows = np.flatnonzero(values.isna().to_numpy())
        remedy = (
            f"fill it, or declare that gaps are allowed: `{said.field.role}: {{from: {header}, null: true}}`"
        )
        reader.complain(header, rows, values, "a value in every row", remedy)
    return values


def _in_time(values: pd.Series, role: Role, said: Declared) -> pd.Series:
    """Return numbers of the time that the model counts in: a monthly rate twelvefold, a yearly income / 12.

    A rate is nominal, as instalments are reckoned: its twelfth is due each month.
    """
    if not said.per or said.per == role.per:
        return values
    return values * 12.0 if role.per == "year" else values / 12.0


def _within(reader: Reader, cells: pd.Series, role: Role, said: Declared, header: str) -> pd.Series:
    _without_gaps(reader, cells, role, said, header)
    values = _in_time(cells, role, said)
    numbers = values.to_numpy(dtype=np.float64)
    # A rate above 100 % is possible, but more often it is one in percent: it needs a declared unit.
    most = 10.0 if role.field.role == "rate" and (said.field.unit or said.per) else role.high
    wrong = ~np.isnan(numbers) & ~((numbers >= role.low) & (numbers <= most))
    if role.whole:
        wrong |= ~np.isnan(numbers) & (numbers != np.floor(numbers))
    kind = "a whole number" if role.whole else "a number"
    rows = np.flatnonzero(wrong)
    expected = f"{kind} {role.words}" + (f" per {role.per}" if said.per not in ("", role.per) else "")
    shown = cells.to_numpy(dtype=np.float64)
    reader.complain(header, rows, cells, expected, _remedy(role, said, header, shown, rows))
    return values


def _remedy(role: Role, said: Declared, header: str, numbers: Array, rows: Array) -> str:
    large = numbers[rows][numbers[rows] > 1.0]
    if not len(large) or not role.share or said.field.unit == "percent":
        return "correct or drop this row"
    cell = large[0]
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
    if not is_readable(column.type):
        place = f"{reader.place}: column {header!r}"
        reader.problems.append(
            Problem(place, f"holds {column.type}", "words, numbers or truths", "name another")
        )
        return None
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    words = [_plain(word) for word in column.cast(pa.string()).to_pylist()]
    text = pd.Series(words, dtype=object)
    nulls = {_plain(word) for word in (*reader.dialect.null, *spec.nulls)}
    text = text.mask(text.isin(nulls) | text.isna(), None)
    listed = bool(said.bad)
    bad = {_plain(word) for word in said.bad or _BAD}
    good = {_plain(word) for word in said.good or (() if listed else _GOOD)}
    found = pd.Series(np.nan, index=text.index)
    found[text.isin(bad)] = 1.0
    others = text.notna() & ~text.isin(bad)
    # Where only the words of default are listed every other word is a good loan; else others are unknown.
    found[others & text.isin(good) if good else others] = 0.0
    _note_unseen(reader, said, set(text.dropna()), header)
    if listed and good:
        _note_unsaid(reader, text, found, header)
    if not listed:
        remedy = f"declare the words of default: `bad: {{from: {header}, is: WORD}}`, or correct the row"
        expected = "good/bad, 0/1, yes/no or true/false (1 means default)"
        reader.complain(header, np.flatnonzero(others & ~text.isin(good)), text, expected, remedy)
    if not reader.problems and found.nunique() < 2:
        place = f"{reader.place}: column {header!r}"
        problem = Problem(place, "all rows have one outcome", "both outcomes", "add defaults")
        reader.problems.append(problem)
    return found if found.isna().any() else found.astype(bool)


def _note_unseen(reader: Reader, said: Declared, seen: set[str], header: str) -> None:
    """Refuse words of which no cell says one; note single words that no cell says."""
    for words in (said.bad, said.good):
        unseen = [word for word in words if _plain(word) not in seen]
        if words and len(unseen) == len(words):
            found = f"no cell of column {header!r} says {' or '.join(map(repr, words))}"
            near = did_you_mean(words[0], sorted(seen))
            reader.problems.append(Problem(reader.place, found, "", near))
        else:
            reader.notes += [f"no cell of column {header!r} says {word!r}" for word in unseen]


def _note_unsaid(reader: Reader, text: pd.Series, found: pd.Series, header: str) -> None:
    """Note words that are neither default nor good where many rows say them: their loans are left out."""
    unsaid = text[text.notna() & found.isna()].value_counts()
    count, total = int(unsaid.sum()), int(text.notna().sum())
    if count < _MANY_UNSAID * max(total, 1):
        return
    words = ", ".join(f"{word!r} {rows:,}" for word, rows in unsaid.head(_SHOWN).items())
    more = f" and {len(unsaid) - _SHOWN} more" if len(unsaid) > _SHOWN else ""
    rate = float(found.mean()) if found.notna().any() else 0.0
    all_good = float((found == 1.0).sum()) / total
    reader.notes.append(
        f"{UNSAID}{count:,} of {total:,} rows ({count / total:.0%}) are left out, as {header!r} says neither "
        f"a word of `is:` nor of `good:` ({words}{more}): {rate:.1%} of the rest default, {all_good:.1%} if "
        "these are good; name their words in `good:`, or leave `good:` out, as then all other words are good"
    )


def _plain(word: object) -> str | None:
    return None if word is None else unicodedata.normalize("NFKC", str(word)).strip().casefold()
