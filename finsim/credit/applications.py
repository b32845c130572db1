"""Loan applications from a CSV file into typed columns."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from finsim.credit.reference_parameters import CLASSES, PURPOSES, UNKNOWN_PURPOSE
from finsim.errors import DataError, Problem, did_you_mean

REQUIRED = ("age", "amount", "term_months", "bad")
OPTIONAL = ("purpose", "loan_class", "sector", "income", "rate", "currency")

# Names of the Statlog German credit layout and other common spellings -> canonical names.
ALIASES: Mapping[str, str] = {
    "age_in_years": "age",
    "credit_amount": "amount",
    "loan_amount": "amount",
    "duration_in_month": "term_months",
    "duration": "term_months",
    "term": "term_months",
    "creditability": "bad",
    "default": "bad",
    "status_of_existing_checking_account": "checking",
    "savings_account_and_bonds": "savings",
    "present_employment_since": "employed_since",
    "installment_rate_in_percentage_of_disposable_income": "instalment_band",
    "personal_status_and_sex": "personal_status",
    "other_debtors_or_guarantors": "guarantor",
    "present_residence_since": "resident_since",
    "other_installment_plans": "other_plans",
    "number_of_existing_credits_at_this_bank": "existing_credits",
    "number_of_people_being_liable_to_provide_maintenance_for": "dependants",
}
_LABELS: Mapping[str, bool] = {
    "bad": True, "1": True, "yes": True, "true": True, "default": True, "1.0": True,
    "good": False, "0": False, "no": False, "false": False, "paid": False, "0.0": False,
}  # fmt: skip
_RANGES: Mapping[str, tuple[float, float]] = {
    "age": (18, 100),
    "amount": (0.01, 1e12),
    "term_months": (1, 600),
    "income": (0.01, 1e12),
    "rate": (0.0, 1.0),
}
_WHOLE = ("age", "term_months")
_SHOWN_PER_COLUMN = 5


def read_applications(path: str | Path) -> pd.DataFrame:
    """Read loan applications, one row each, from a CSV or CSV.gz file.

    Two layouts. The Statlog German credit table as shipped (``german_credit.csv.gz``), or any table
    with columns ``age`` (years), ``amount`` (currency units), ``term_months`` or ``duration`` and
    ``default`` or ``creditability`` (good/bad, 0/1, yes/no). Optional: ``purpose``, ``loan_class``,
    ``sector``, ``income`` (per month), ``rate`` (decimal per year), ``currency``. Every further column is
    a feature: numeric when all its cells are numbers, else categorical (an empty cell is "missing").

    Returns age int64, amount float64, term_months int64, bad bool, purpose, sector, loan_class and
    currency (text), then the features. Raises DataError listing what is wrong by column and line.
    """
    place = str(path)
    raw = _read_text(path)
    marks = {"credit_amount", "duration_in_month", "creditability"} <= set(raw.columns)
    raw = raw.rename(columns=dict(ALIASES))
    _check_header(raw, place)
    problems: list[Problem] = []
    columns: dict[str, pd.Series] = {}
    for name in ("age", "amount", "term_months"):
        columns[name] = _numbers(raw[name], name, place, problems)
    columns["bad"] = _labels(raw["bad"], place, problems)
    for name in ("income", "rate"):
        if name in raw:
            columns[name] = _numbers(raw[name], name, place, problems)
    _check_placement(raw, place, problems)
    if problems:
        raise DataError.of(problems)
    columns.update(_placement(raw, marks))
    known = {*REQUIRED, *OPTIONAL}
    columns.update({str(name): _feature(raw[name]) for name in raw if name not in known})
    return pd.DataFrame(columns)


def _read_text(path: str | Path) -> pd.DataFrame:
    place = str(path)
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except FileNotFoundError:
        raise DataError("no such file", place=place, remedy="check the path") from None
    except pd.errors.EmptyDataError:
        raise DataError(
            "the file is empty", place=place, expected="a header line and rows", remedy="check the export"
        ) from None
    except (pd.errors.ParserError, UnicodeDecodeError, gzip.BadGzipFile, OSError, EOFError) as bad:
        raise DataError(f"cannot be read: {bad}", place=place, remedy="save it as UTF-8 CSV") from None
    if raw.empty:
        raise DataError("the file has a header but no rows", place=place, remedy="check the export")
    raw.columns = pd.Index([str(name).strip() for name in raw.columns])
    return raw


def _check_header(raw: pd.DataFrame, place: str) -> None:
    names = list(raw.columns)
    twice = sorted({name for name in names if names.count(name) > 1})
    problems = [
        Problem(f"{place}: header", f"two columns mean {name!r}", "one column each", "drop or rename one")
        for name in twice
    ]
    missing = [name for name in REQUIRED if name not in names]
    spellings = {**{name: name for name in REQUIRED}, **ALIASES}
    for name in missing:
        near = [spelling for spelling in spellings if spellings[spelling] == name]
        hints = [did_you_mean(spelling, names) for spelling in near]
        guess = next((hint for hint in hints if hint.startswith("did you mean")), "")
        remedy = f"add it (accepted names: {', '.join(near)})"
        problems.append(Problem(f"{place}: header", f"no column {name!r}", "", f"{guess} {remedy}".strip()))
    if problems:
        raise DataError.of(problems)


def _numbers(cells: pd.Series, name: str, place: str, problems: list[Problem]) -> pd.Series:
    """Return the column as numbers; adds a problem for each of the first cells that are not usable."""
    values = pd.to_numeric(cells.str.strip(), errors="coerce").astype(np.float64)
    low, high = _RANGES[name]
    usable = values.between(low, high)
    if name in _WHOLE:
        usable &= values == np.floor(values)
    wrong = np.flatnonzero(~usable.to_numpy())
    kind = "a whole number" if name in _WHOLE else "a number"
    problems.extend(
        Problem(
            f"{place}: column {cells.name!r}, line {row + 2}",
            f"{cells.iloc[row]!r}",
            f"{kind} from {low:g} to {high:g}",
            "correct or drop this row",
        )
        for row in wrong[:_SHOWN_PER_COLUMN]
    )
    if len(wrong) > _SHOWN_PER_COLUMN:
        more = len(wrong) - _SHOWN_PER_COLUMN
        problems.append(Problem(f"{place}: column {cells.name!r}", f"{more} more cells like these"))
    return values if name not in _WHOLE or len(wrong) else values.astype(np.int64)


def _labels(cells: pd.Series, place: str, problems: list[Problem]) -> pd.Series:
    found = cells.str.strip().str.lower().map(_LABELS)
    wrong = np.flatnonzero(found.isna().to_numpy())
    problems.extend(
        Problem(
            f"{place}: column {cells.name!r}, line {row + 2}",
            f"{cells.iloc[row]!r}",
            "good/bad, 0/1, yes/no or true/false (1 means default)",
            "correct or drop this row",
        )
        for row in wrong[:_SHOWN_PER_COLUMN]
    )
    if len(wrong) == 0 and found.nunique() < 2:
        problems.append(
            Problem(f"{place}: column 'bad'", "all rows have one outcome", "both outcomes", "add defaults")
        )
    return found if len(wrong) else found.astype(bool)


def _check_placement(raw: pd.DataFrame, place: str, problems: list[Problem]) -> None:
    for name in sorted(set(raw.get("loan_class", pd.Series(dtype=str)).str.strip()) - set(CLASSES)):
        remedy = did_you_mean(name, list(CLASSES))
        problems.append(Problem(f"{place}: column 'loan_class'", f"no loan class {name!r}", "", remedy))
    currencies = sorted(set(raw.get("currency", pd.Series(dtype=str)).str.strip()))
    if len(currencies) > 1:
        found = f"several currencies: {', '.join(currencies[:5])}"
        problems.append(Problem(f"{place}: column 'currency'", found, "one", "convert the amounts"))


def _placement(raw: pd.DataFrame, marks: bool) -> dict[str, pd.Series]:
    """Return purpose, loan_class, sector and currency; what the file does not say follows the purpose."""

    def given(name: str, otherwise: pd.Series) -> pd.Series:
        return raw[name].str.strip() if name in raw else otherwise

    purpose = given("purpose", pd.Series("unspecified", index=raw.index))
    by_purpose = purpose.map(lambda word: PURPOSES.get(word, UNKNOWN_PURPOSE))
    return {
        "purpose": purpose,
        "sector": given("sector", by_purpose.str[1]),
        "loan_class": given("loan_class", by_purpose.str[0]),
        "currency": given("currency", pd.Series("DEM" if marks else "", index=raw.index)),
    }


def _feature(cells: pd.Series) -> pd.Series:
    values = pd.to_numeric(cells.str.strip(), errors="coerce")
    if values.notna().all() and np.isfinite(values.to_numpy(dtype=np.float64)).all():
        return values
    return cells.str.strip().replace("", "missing")
