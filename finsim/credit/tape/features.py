"""Undeclared columns of a tape: numbers, words, dates or identifiers, as all their cells say."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.credit.tape.cells import Reader, series_of
from finsim.credit.tape.roles import ROLES
from finsim.errors import Problem
from finsim.notation import Bool1D, Float1D
from finsim.tables import Field
from finsim.tables.proposing.roles import is_code, is_id, names_entity

MOST_WORDS = 50
"""A column of words keeps so many, the most frequent; a resampled book calls the rest ``other``."""

IN_TAPE = {"percent": 100.0, "bp": 10_000.0}
"""Units of shares -> how many of them are 1."""
_DIGITS = 10

LARGEST = 1e15
"""Larger numbers are no amounts, counts or ratios: sums of their squares would lose all else."""

_COUNTS = ("no", "nr", "num", "number")
_KEY_TOKENS = ("id", "no", "nr", "number", "key", "uuid", "iban")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_CODE = re.compile(r"0\d+")


@dataclass(frozen=True)
class Feature:
    """A column as it was taken: its values (None: not used), in words, and whether it is a key."""

    values: pd.Series | None
    taken: str
    is_key: bool = False
    seen: pd.Series | None = None


def detected(reader: Reader, column: pa.ChunkedArray, header: str) -> Feature:
    """Return an undeclared column as what all its cells say it is.

    Stored numbers are numbers and stored dates dates. Text is numbers when every present cell is one and
    none is a code like 007; words when most cells are no numbers. A column of numbers with some other
    cells is refused with these cells, since a single cell shall not decide what a column is.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        return Feature(None, "empty, not used")
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        if pa.types.is_nested(kind) or pa.types.is_binary(kind):
            return Feature(None, f"{kind}, not used")
        values = series_of(column)
        return _key(values, header) or _codes(values, header) or _numbers(values, "stored")
    text = pd.Series(column.cast(pa.string()).to_pylist(), dtype=object).str.strip()
    text = text.mask(text.isin([*reader.dialect.null]), None)
    present = text.notna().to_numpy()
    if not present.any():
        return Feature(None, "empty, not used")
    numbers = _parsed(text, reader)
    is_number = present & ~np.isnan(numbers)
    coded = text[present].str.fullmatch(_CODE).any()
    if is_number[present].all() and not coded:
        whole = bool(np.array_equal(numbers[present], np.floor(numbers[present])))
        values = pd.Series(numbers.astype(np.int64) if whole and present.all() else numbers)
        found = _key(values, header) or _codes(values, header)
        return found or _numbers(values, "every cell is a number")
    if is_number[present].mean() >= 0.5 and not coded:
        _refuse_mixed(reader, text, present & ~is_number, header, int(is_number.sum()))
        return Feature(None, "numbers and other text")
    return _key(text, header) or _words(text)


def declared(reader: Reader, column: pa.ChunkedArray, spec: Field, header: str) -> Feature:
    """Return a declared feature: what its type says, whatever its cells are."""
    cells = reader.typed(column, spec, header)
    if cells is None:
        return Feature(None, spec.type)
    values = series_of(cells)
    if spec.type == "id":
        return Feature(values, "identifier, as declared", is_key=True)
    if values.dtype.kind in "if":
        strange = np.flatnonzero(~(np.abs(values.fillna(0).to_numpy(dtype=np.float64)) < LARGEST))
        reader.complain(header, strange, values, "a number below 10^15", "correct it, or declare type: id")
    if values.dtype.kind in "if" and spec.unit in IN_TAPE:
        # No formula reads a feature, so it stays in the unit in which the bank knows it.
        own = (values * IN_TAPE[spec.unit]).round(_DIGITS)
        return Feature(own, f"{spec.type}, as declared; in {spec.unit}, as the tape has it")
    if values.dtype.kind in "ifM":
        unit = "; in months" if spec.unit == "years" else ""
        return Feature(values, f"{spec.type}, as declared{unit}")
    return Feature(_filled(values), f"{spec.type}, as declared", seen=values)


def _parsed(text: pd.Series, reader: Reader) -> Float1D:
    """Return cells as numbers, NaN where they are none; thousands and decimal signs as declared."""
    plain = text
    if reader.dialect.thousands:
        plain = plain.str.replace(reader.dialect.thousands, "", regex=False)
    if reader.dialect.decimal not in ("", "."):
        plain = plain.str.replace(reader.dialect.decimal, ".", regex=False)
    known = plain.str.fullmatch(_NUMBER, na=False).astype(bool)
    return pd.to_numeric(plain.where(known), errors="coerce").to_numpy(dtype=np.float64)


def _key(values: pd.Series, header: str) -> Feature | None:
    """Return the column as a key, which is never a feature: by its name, or because it counts the rows."""
    present = values.dropna()
    distinct = present.nunique()
    named = _named_as_key(header) and distinct > 0.5 * len(present)
    if named or _plain(header) in _key_names():
        return Feature(values, "identifier by its name: kept as a key", is_key=True)
    if values.dtype.kind == "i" and len(values) > 2:
        steps = np.diff(values.to_numpy())
        if int(values.iloc[0]) in (0, 1) and bool((steps == 1).all()):
            return Feature(values, "counts the rows: kept as a key", is_key=True)
    return None


def _codes(values: pd.Series, header: str) -> Feature | None:
    """Return whole numbers under a header that names an identifier as words: 1,007 is not more than 1,006.

    A header that ends in number or no. may count something, so it has to speak of a customer or account too.
    """
    if values.dtype.kind not in "if" or not (is_code(header) or names_entity(header) or is_id(header)):
        return None
    if not is_code(header) and not names_entity(header) and _last_word(header) in _COUNTS:
        return None
    present = values.dropna()
    if (present % 1 != 0).any() or not (present.abs() < LARGEST).all():
        return None
    text = pd.Series([None if pd.isna(one) else str(int(one)) for one in values], dtype=object)
    found = _words(text)
    return Feature(found.values, f"{found.taken} (codes, by its name)", seen=found.seen)


def _last_word(header: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    return re.split(r"[^0-9a-zA-Z]+", spaced.strip().lower())[-1]


def _named_as_key(header: str) -> bool:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    tokens = re.split(r"[^0-9a-zA-Z]+", spaced.strip().lower())
    return len(tokens) > 1 and tokens[-1] in _KEY_TOKENS


def _key_names() -> set[str]:
    return {_plain(word) for name in ("loan_id", "obligor_id") for word in (name, *ROLES[name].field.alias)}


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _numbers(values: pd.Series, why: str) -> Feature:
    if values.dtype.kind == "M":
        return Feature(values, f"date: {why}")
    if values.dtype.kind not in "if":
        return _words(values)
    if not (np.abs(values.dropna().to_numpy(dtype=np.float64)) < LARGEST).all():
        return Feature(None, "holds numbers beyond 10^15, not used")
    if values.isna().all():
        return Feature(None, "empty, not used")
    gaps = ", missing cells flagged" if values.isna().any() else ""
    return Feature(values, f"number: {why}{gaps}")


def _words(text: pd.Series) -> Feature:
    present = text.dropna()
    counts = present.value_counts()
    if len(counts) > MOST_WORDS and len(counts) > 0.5 * len(present):
        return Feature(None, "free text or an identifier, not used", seen=text)
    if len(counts) <= MOST_WORDS:
        return Feature(_filled(text), f"words: {len(counts)} different", seen=text)
    often = set(counts.index[:MOST_WORDS])
    shown = text.where(text.isna() | text.isin(often), "other")
    return Feature(_filled(shown), f"words: the {MOST_WORDS} commonest of {len(counts)}", seen=text)


def _filled(text: pd.Series) -> pd.Series:
    return text.where(text.notna(), "missing")


def _refuse_mixed(reader: Reader, text: pd.Series, strange: Bool1D, header: str, numbers: int) -> None:
    rows = np.flatnonzero(strange)
    word = text.iloc[rows[0]]
    reader.complain(
        header,
        rows,
        text,
        f"a number, as {numbers:,} of the {int(text.notna().sum()):,} filled cells are",
        f"say what it is: `{_name(header)}: {{from: {header}, type: float, null: [{word}]}}` where {word!r} "
        "means missing, `type: cat` for words, or `ignore: [...]`",
    )


def _name(header: str) -> str:
    return re.sub(r"[^0-9a-zA-Z]+", "_", header).strip("_").lower() or "column"


def clash(place: str, header: str) -> Problem:
    """Return the problem of a header that only the model may use."""
    return Problem(
        f"{place}: header",
        f"column {header!r} has the name of a column that the model computes",
        "a name of its own",
        f"rename it in the study (`columns: {{own_{_name(header)}: {header}}}`) or leave it out "
        f"(`ignore: [{header}]`)",
    )
