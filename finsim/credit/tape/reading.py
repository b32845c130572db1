"""``read_tape``: a loan table in any layout -> typed columns under the model's names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.credit.reference_parameters import CLASSES, PURPOSES, UNKNOWN_PURPOSE
from finsim.credit.tape.cells import UNSAID, Reader, outcome_of, role_column
from finsim.credit.tape.facts import ColumnFact, Tape, fact_of, odd_loans
from finsim.credit.tape.features import Feature, clash, declared, detected
from finsim.credit.tape.mapping import Declared, Mapping, bound_columns, fields_of, reserved
from finsim.credit.tape.roles import FEATURES, MARKS_LAYOUT, ROLES
from finsim.credit.tape.time_on_book import ObservedRate, observed_rate
from finsim.errors import DataError, Problem, did_you_mean
from finsim.tables import Field, open_table

_KEPT_ONLY = ("balance", "ead", "opened")


@dataclass
class _Reading:
    """What has been read of a tape so far."""

    reader: Reader
    mapping: Mapping
    rows: int
    columns: dict[str, pd.Series] = field(default_factory=dict)
    facts: list[ColumnFact] = field(default_factory=list)
    observed: ObservedRate | None = None


def read_tape(data: Any, mapping: Mapping | None = None, *, keep: bool = False) -> Tape:
    """Read a loan tape: CSV (also gz, zst), Parquet, an Arrow table or a pandas frame; one loan a row.

    Columns are found by the mapping, else by known names; what plays no role is a feature, typed as
    declared or as all its cells are. A resampled book (``keep`` False) learns from amount, term and an
    outcome or PD; with ``keep`` the very loans are followed, and an amount or a balance will do.
    Raises DataError that lists by column and line what is wrong, with the value, what was expected and
    the remedy.
    """
    chosen = mapping or Mapping()
    place = str(data) if isinstance(data, str | Path) else "the tape"
    source = open_table(data, {}, chosen.dialect, place=place)
    fields = fields_of(chosen)
    seen = [header for header in source.headers if header not in chosen.ignore]
    bound = bound_columns(seen, fields, place)
    _refuse_twice(source.headers, place)
    table = source.table(rename=False)
    if table.num_rows == 0:
        raise DataError("the file has a header but no rows", place=place, remedy="check the export")
    is_text = hasattr(source, "lines")  # only a text table has lines
    reading = _Reading(Reader(place, source.dialect, is_text), chosen, table.num_rows)
    _check_bound(reading, fields, bound, table.column_names, keep)
    for name, header in bound.items():
        _read_declared(reading, name, fields[name], header, table[header], keep)
    for header in table.column_names:
        if header not in bound.values():
            _read_detected(reading, header, table[header], keep)
    _read_stated(reading, fields, bound)
    frame = _finished(reading, table.column_names, keep)
    if reading.reader.problems:
        raise DataError.of(dict.fromkeys(reading.reader.problems))
    if keep:
        reading.reader.notes += odd_loans(frame)
    return Tape(frame, tuple(reading.facts), tuple(reading.reader.notes), place, observed=reading.observed)


def _refuse_twice(headers: Sequence[str], place: str) -> None:
    twice = sorted({header for header in headers if headers.count(header) > 1})
    if twice:
        raise DataError.of(
            Problem(f"{place}: header", f"the header {header!r} stands twice", "", "drop or rename one")
            for header in twice
        )


def _check_bound(
    reading: _Reading, fields: dict[str, Field], bound: dict[str, str], headers: list[str], keep: bool
) -> None:
    """Note what is declared or needed and is not in the file."""
    reader = reading.reader
    for name, said in reading.mapping.columns.items():
        if said.field.source in reading.mapping.ignore:
            continue
        if said.field.source and name not in bound:
            found = f"no column {said.field.source!r}, which is declared for {name!r}"
            if said.field.default is None:
                near = did_you_mean(said.field.source, headers)
                reader.problems.append(Problem(f"{reader.place}: header", found, "", near))
    for header in reading.mapping.ignore:
        if header not in headers:
            found = f"no column {header!r}, which is ignored"
            reader.problems.append(
                Problem(f"{reader.place}: header", found, "", did_you_mean(header, headers))
            )
    known = {*bound, *(name for name, one in fields.items() if one.default is not None)}
    for group in _needed(keep):
        if not known & set(group):
            reader.problems.append(_missing(reading, group, headers))


def _needed(keep: bool) -> tuple[tuple[str, ...], ...]:
    """Return what a tape must have: one of each group."""
    size = ("amount", "balance", "ead") if keep else ("amount",)
    return size, ("term_months",), ("bad", "pd")


def _missing(reading: _Reading, group: tuple[str, ...], headers: list[str]) -> Problem:
    spellings = [word for name in group for word in (name, *ROLES[name].field.alias)]
    free = [header for header in headers if header not in reading.mapping.ignore]
    hints = [did_you_mean(word, free) for word in spellings]
    guess = next((hint for hint in hints if hint.startswith("did you mean")), "")
    names = " or ".join(repr(name) for name in group)
    remedy = (
        f"{guess} map it (`columns: {{{group[0]}: HEADER}}`), or state one value for all loans "
        f"(`{group[0]}: {{default: VALUE}}`); accepted names: {', '.join(sorted(set(spellings)))}"
    )
    return Problem(f"{reading.reader.place}: header", f"no column {names}", "", remedy.strip())


def _read_declared(
    reading: _Reading, name: str, spec: Field, header: str, column: pa.ChunkedArray, keep: bool
) -> None:
    said = reading.mapping.columns.get(name, Declared(spec))
    said = Declared(spec, said.bad, said.good, said.per)
    reader = reading.reader
    if name == "bad":
        values = outcome_of(reader, column, said, header)
        taken = f"outcome ({', '.join(said.bad)} is default)" if said.bad else "outcome"
    elif name in ROLES:
        values = role_column(reader, column, name, said, header)
        unit = f", {spec.unit}" if spec.unit else ""
        time = f", per {said.per}" if said.per not in ("", ROLES[name].per) else ""
        taken = f"{ROLES[name].field.role}: {spec.type}{unit}{time}"
    else:
        feature = declared(reader, column, spec, header) if spec.type else detected(reader, column, header)
        _take(reading, name, header, feature, keep)
        return
    if values is None:
        return
    if name in ROLES and (ROLES[name].gaps or said.field.null) and values.isna().all():
        reading.facts.append(fact_of(header, name, "empty, not used", values))
        return
    reading.columns[name] = values
    if name in _KEPT_ONLY and not keep:
        taken += ", used with keep"
    reading.facts.append(fact_of(header, name, taken, values))


def _read_detected(reading: _Reading, header: str, column: pa.ChunkedArray, keep: bool) -> None:
    if header in reading.mapping.ignore:
        reading.facts.append(ColumnFact(header, "", "ignored, as declared"))
        return
    name = FEATURES.get(header, header)
    feature = detected(reading.reader, column, header)
    used = keep or (feature.values is not None and not feature.is_key)
    if used and (reserved(name) or name.casefold() in ROLES):
        reading.reader.problems.append(clash(reading.reader.place, header))
        return
    _take(reading, name, header, feature, keep)


def _take(reading: _Reading, name: str, header: str, feature: Feature, keep: bool) -> None:
    """Keep a feature; a key, or free text, only where the very loans are followed."""
    values = feature.values
    if keep and values is None and feature.seen is not None:
        values = feature.seen.where(feature.seen.notna(), "missing")
    used = values is not None and (keep or not feature.is_key)
    shown = feature.seen if feature.seen is not None else feature.values
    if used and values is not None:
        reading.columns[name] = values
    if shown is None:
        reading.facts.append(ColumnFact(header, "", feature.taken))
    else:
        reading.facts.append(fact_of(header, name if used else "", feature.taken, shown))


def _read_stated(reading: _Reading, fields: dict[str, Field], bound: dict[str, str]) -> None:
    """Give columns that the tape lacks the one value that the study states for all loans."""
    for name, spec in fields.items():
        if name in bound or spec.default is None:
            continue
        text = pa.chunked_array([pa.array([str(spec.default)] * reading.rows, pa.string())])
        said = Declared(spec, per=reading.mapping.columns[name].per)
        at = f"{name} (stated)"
        values = role_column(reading.reader, text, name, said, at) if name in ROLES else None
        if values is not None:
            reading.columns[name] = values
            reading.facts.append(fact_of("(stated)", name, f"{spec.default} for all loans", values))


def _finished(reading: _Reading, headers: list[str], keep: bool) -> pd.DataFrame:
    """Return the frame: placed by purpose, in the model's order, without rows that cannot be learned from."""
    columns, reader = reading.columns, reading.reader
    marks = set(headers) >= MARKS_LAYOUT
    placed = _placement(reading, marks)
    order = [name for name in ROLES if name in columns and name not in placed]
    features = [name for name in columns if name not in ROLES]
    frame = pd.DataFrame(
        {
            **{name: columns[name] for name in order},
            **placed,
            **{name: columns[name] for name in features},
        },
        index=pd.RangeIndex(reading.rows),
    )
    _check_currency(reading, frame)
    if keep:
        _check_keys(reading, frame)
    if reader.problems:
        return frame
    reading.observed = observed_rate(frame)  # of all loans: repaid ones and those that still run were at risk
    if keep or not _needs_outcome(frame):  # nothing is left out for its outcome
        notes = reading.reader.notes
        notes[:] = [note for note in notes if not note.startswith(UNSAID)]
    return _running(reading, frame) if keep else _learnable(reading, frame)


def _needs_outcome(frame: pd.DataFrame) -> bool:
    return "bad" in frame and ("pd" not in frame or bool(frame["pd"].isna().any()))


def _running(reading: _Reading, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out loans that owe nothing: repaid ones stay in a tape, and have no month to follow."""
    if "balance" not in frame:
        return frame
    closed = frame["balance"].eq(0)
    if not closed.any():
        return frame
    gone, header = int(closed.sum()), next(_header_of(reading, "balance"))
    said = f"{gone:,} of {len(frame):,} loans owe nothing ({header!r} is 0)"
    if closed.all():
        reading.reader.problems.append(
            Problem(reading.reader.place, said, "a loan with a balance", "name the column of the balance")
        )
        return frame
    reading.reader.notes.append(f"{said}: repaid, left out")
    return frame[~closed].reset_index(drop=True)


def _learnable(reading: _Reading, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows with a declared gap in amount, term or outcome, and columns that only keep uses."""
    needed = [name for name in ("amount", "term_months") if name in frame]
    outcome = _needs_outcome(frame)
    usable = frame[needed].notna().all(axis=1)
    if outcome:
        usable &= frame["bad"].notna()
    gone = int((~usable).sum())
    if gone:
        reading.reader.notes.append(
            f"{gone} of {len(frame)} rows lack an amount, a term or an outcome: left out"
        )
        frame = frame[usable].reset_index(drop=True)
    for name in needed:
        if frame[name].dtype.kind == "f" and name == "term_months":
            frame[name] = frame[name].astype(np.int64)
    if "bad" in frame and not frame["bad"].isna().any():
        frame["bad"] = frame["bad"].astype(bool)
    return frame


def _placement(reading: _Reading, marks: bool) -> dict[str, pd.Series]:
    """Return purpose, sector, class and currency; what the tape does not say follows the purpose."""
    columns, index = reading.columns, pd.RangeIndex(reading.rows)

    def given(name: str, otherwise: pd.Series) -> pd.Series:
        if name not in columns:
            return otherwise
        return columns[name].where(columns[name].notna(), otherwise).str.strip()

    purpose = given("purpose", pd.Series("unspecified", index=index, dtype=object))
    by_purpose = purpose.map(lambda word: PURPOSES.get(word, UNKNOWN_PURPOSE))
    loan_class = given("loan_class", by_purpose.str[0])
    for name in sorted(set(loan_class) - set(CLASSES)):
        reading.reader.problems.append(
            Problem(
                f"{reading.reader.place}: column 'loan_class'",
                f"no loan class {name!r}",
                "",
                did_you_mean(name, list(CLASSES)),
            )
        )
    stated = reading.mapping.columns.get("amount")
    otherwise = "DEM" if marks else (stated.field.ccy if stated else "")
    currency = given("currency", pd.Series(otherwise, index=index, dtype=object))
    return {
        "purpose": purpose,
        "sector": given("sector", by_purpose.str[1]),
        "loan_class": loan_class,
        "currency": currency,
    }


def _check_currency(reading: _Reading, frame: pd.DataFrame) -> None:
    currencies = sorted(set(frame["currency"]))
    if len(currencies) > 1:
        found = f"several currencies: {', '.join(name or '(none)' for name in currencies[:5])}"
        place = f"{reading.reader.place}: column 'currency'"
        reading.reader.problems.append(Problem(place, found, "one", "convert the amounts"))


def _check_keys(reading: _Reading, frame: pd.DataFrame) -> None:
    """Note loan ids that stand twice: a kept loan is told apart by its id alone."""
    if "loan_id" not in frame:
        return
    twice = np.flatnonzero(frame["loan_id"].duplicated().to_numpy())
    header = next(_header_of(reading, "loan_id"))
    reading.reader.complain(header, twice, frame["loan_id"], "each loan id once", "drop or correct one row")


def _header_of(reading: _Reading, name: str) -> Iterator[str]:
    yield from (fact.header for fact in reading.facts if fact.name == name)
