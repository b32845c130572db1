"""A user's price file through the one reader: typed columns, the layout, and what the schema declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.errors import DataError, Problem, RecordError, did_you_mean
from finsim.markets.reading.file_problems import refuse_unnamed_assets
from finsim.markets.reading.price_layouts import MEANINGS, SYNONYMS, Columns, recognise
from finsim.markets.reading.vendor_headers import Level, levels_of
from finsim.records.paths import KINDS, PRICE, facts_of
from finsim.records.trading_calendar import NYSE, TradingCalendar
from finsim.tables import (
    Dialect,
    Field,
    Schema,
    TableSource,
    bind,
    is_readable,
    load_schema,
    naming_a_schema,
    open_table,
)  # fmt: skip
from finsim.tables.endings import ending_of
from finsim.tables.role_words import NO_ROLE
from finsim.tables.sources.opening import stored_schema

NULLS = ("NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "<NA>", "#N/A")
"""Words that mean empty in a column of prices or volumes."""

SchemaSource = str | Path | Schema | None
_MANY = 10
_NUMBER = Field("float", null=True, nulls=NULLS)
_LABELS = ("cat", "id", "bool", "dur")  # no numbers: such a column holds no prices
_LABEL = Field("cat", null=True)


def as_schema(source: SchemaSource, csv: str | None = None) -> Schema | None:
    """Return a schema from a file or as it is, with the dialect of ``--csv KEY=VALUE,...`` over its own.

    Raises StudyError for what cannot be read.
    """
    schema = load_schema(source) if isinstance(source, str | Path) else source
    if csv is None:
        return schema
    plain = schema or Schema({}, Dialect(), "prices")
    return replace(plain, dialect=Dialect.parse(csv).over(plain.dialect))


@dataclass(frozen=True)
class PriceTable:
    """Rows of a price file by header, numbers as float64 with NaN where empty; the index is the row from 0.

    ``date`` is how the date column is declared, ``kinds`` what the columns of prices are (records.paths),
    ``names`` what an asset's column is called when declared, ``levels`` the bar and the asset of columns
    under two header rows.
    """

    frame: pd.DataFrame
    columns: Columns
    place: str
    source: TableSource
    dialect: Dialect
    date: Field | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)

    def kind(self, column: str) -> str:
        """Return what the series of a column is."""
        return self.kinds.get(column, PRICE)


def read_price_table(source: Any, place: str, layout: str | None, schema: Schema | None) -> PriceTable:
    """Read a table of prices in any layout; raises DataError for what cannot be read or recognized."""
    if isinstance(source, str | Path):
        _check_file(Path(source))
    dialect = schema.dialect if schema else Dialect()
    found = levels_of(source, dialect, place)
    dialect = replace(dialect, header_rows=2 if found else dialect.header_rows)
    opened = open_table(source, {}, dialect, place=place)
    headers = opened.headers
    declared = _declared(headers, schema, place)
    levels = {header: level for header, level in zip(headers, found, strict=False) if level is not None}
    if levels:
        columns = Columns("vendor", headers[0])
    else:
        _once(headers, place)
        roles = {header: role_of(name, spec) for header, (name, spec) in declared.items()}
        labels = {header for header, (_, spec) in declared.items() if spec.type in _LABELS}
        worded = [header for header in headers if roles.get(header) or header not in labels]
        worded = [header for header in worded if roles.get(header) != NO_ROLE]
        columns = recognise(worded, place, layout, roles)
    numeric = _numeric(columns, levels)
    fields = {header: _field(declared.get(header), _NUMBER, header) for header in numeric}
    if columns.ticker is not None:
        fields[columns.ticker] = _field(declared.get(columns.ticker), _LABEL, columns.ticker)
    raw = {} if columns.date is None else {columns.date: Field("cat", source=columns.date)}
    opened = open_table(source, {**fields, **raw}, dialect, place=place)
    for name in {"", *opened.headers} & {*fields, *raw}:  # an index that pandas wrote has no name to match
        opened.bound.setdefault(name, name)
    with naming_a_schema("" if schema and schema.fields else place), _said_once():
        try:
            frame = opened.table(list(fields)).to_pandas()
        except DataError:
            if columns.layout == "wide" and columns.date is not None:
                refuse_unnamed_assets(opened, columns.date, columns.assets, place)
            raise
    for header in numeric:
        frame[header] = frame[header].astype(np.float64)
    if columns.date is not None:
        days = opened.table([columns.date], rename=False).column(0)
        if not is_readable(days.type):
            raise DataError(
                f"column {columns.date!r} holds {days.type}", place=place, expected="dates",
                remedy="write the dates as text or as dates",
            )  # fmt: skip
        # Columns that were read one by one become one block again: panels have hundreds.
        frame = frame.copy()
        try:
            frame[columns.date] = days.to_pandas()
        except ValueError as bad:  # a day that Python's calendar does not have
            raise DataError(
                f"column {columns.date!r}: {bad}", place=place, expected="days between 1678 and 2261",
                remedy="correct or delete the row",
            ) from None  # fmt: skip
    frame = _without_blank_rows(frame, columns, bool(levels))
    if frame.empty:
        raise DataError("the file has no rows", place=place, remedy="give a table with a header and rows")
    return PriceTable(
        frame,
        columns,
        place,
        opened,
        opened.dialect,
        declared.get(columns.date or "", ("", None))[1],
        {header: _kind(name, spec, place) for header, (name, spec) in declared.items() if header in numeric},
        {header: name for header, (name, _) in declared.items()},
        levels,
    )


def _check_file(path: Path) -> None:
    """Raise DataError for a file that is not there or is no text and no Parquet."""
    if path.is_dir():
        return
    if not path.is_file():
        folder = path.parent
        near = [one.name for one in folder.iterdir() if ending_of(one)] if folder.is_dir() else []
        remedy = did_you_mean(path.name, near) or "check the path"
        raise DataError("no such file", place=str(path), remedy=remedy)
    if not ending_of(path):
        raise DataError(
            f"a file that ends in {path.suffix!r}",
            place=str(path),
            expected="CSV (plain, gz, zst), Parquet, Arrow or DuckDB",
            remedy="save the table as CSV and name it so",
        )


def stored_facts(source: Any) -> tuple[TradingCalendar, tuple[str, ...]]:
    """Return the calendar and the kinds of series that finsim's own bars carry; the usual ones otherwise."""
    schema = getattr(source, "schema", None)
    try:
        if isinstance(source, str | Path):
            path = Path(source)
            schema = stored_schema(path) if path.is_file() and ending_of(path) else None
        return facts_of(schema) if isinstance(schema, pa.Schema) else (NYSE, ())
    except (DataError, OSError, ValueError, TypeError, KeyError, RecordError):
        return NYSE, ()  # reading the table says what is wrong with it


@contextmanager
def _said_once() -> Iterator[None]:
    """Say once what one declaration would mend, instead of once a cell."""
    try:
        yield
    except DataError as error:
        alike: dict[str, list[Problem]] = {}
        for number, problem in enumerate(error.problems):
            option = re.search(r"--csv \w+=", problem.remedy)
            column = re.match(r"column '.*?'", problem.found)
            same = option or (column if len(error.problems) >= _MANY else None)
            alike.setdefault(same[0] if same else str(number), []).append(problem)
        raise DataError.of(_first(problems) for problems in alike.values()) from None


def _first(problems: list[Problem]) -> Problem:
    """Return the first of problems that have one cause, saying that there are more."""
    more = f", and so do {len(problems) - 1} or more cells" if len(problems) > 1 else ""
    return replace(problems[0], found=f"{problems[0].found}{more}")


def role_of(name: str, spec: Field) -> str:
    """Return what a declared column is: its role, else its name where that is a meaning."""
    plain = spec.role or (name.lower() if name.lower() in MEANINGS else "")
    return {word: meaning for meaning, words in SYNONYMS.items() for word in words}.get(plain, plain)


def _declared(headers: tuple[str, ...], schema: Schema | None, place: str) -> dict[str, tuple[str, Field]]:
    """Return header -> declared name and field; raises DataError for a declared column that is not there."""
    if schema is None or not schema.fields:
        return {}
    bound = bind(headers, schema.fields, place)
    absent = [name for name, spec in schema.fields.items() if name not in bound and not spec.optional]
    if absent:
        raise DataError(
            f"no column for {', '.join(absent)}",
            place=f"{place}:1",
            expected=f"the columns of {schema.path or 'the schema'}",
            remedy=did_you_mean(schema.fields[absent[0]].source or absent[0], list(headers)),
        )
    return {header: (name, schema.fields[name]) for name, header in bound.items()}


def _kind(name: str, spec: Field, place: str) -> str:
    kind = spec.as_ or PRICE
    if kind not in KINDS:
        raise DataError(
            f"column {name!r} is declared as {kind!r}",
            place=place,
            expected=f"as: one of {', '.join(KINDS)}",
            remedy=did_you_mean(kind, list(KINDS)),
        )
    return kind


def _once(headers: tuple[str, ...], place: str) -> None:
    twice = sorted({name for name in headers if headers.count(name) > 1})
    if twice:
        raise DataError(
            f"column {twice[0]!r} appears twice",
            place=f"{place}:1",
            remedy="rename or delete one; a file with two header rows is read with --csv header_rows=2",
        )


def _numeric(columns: Columns, levels: Mapping[str, Level]) -> list[str]:
    """Return the columns that hold numbers."""
    found = [*columns.fields.values(), *columns.assets, *levels]
    found += [name for side in columns.sides.values() for name in side.values()]
    found += [name for name in (columns.adjusted, columns.path) if name is not None]
    return list(dict.fromkeys(found))


def _field(declared: tuple[str, Field] | None, usual: Field, header: str) -> Field:
    """Return how a column is read: as declared, or as such columns usually are."""
    if declared is None:
        return replace(usual, source=header)
    spec = declared[1]
    kind = spec.type if spec.type in ("float", "ratio", "int", "cat", "id") else usual.type
    nulls = spec.nulls or usual.nulls
    return replace(spec, type=kind, source=header, null=True, nulls=nulls, optional=False, default=None)


def _without_blank_rows(frame: pd.DataFrame, columns: Columns, vendor: bool) -> pd.DataFrame:
    """Drop rows without any value, and the row of index names that vendors write under two headers."""
    empty = frame.isna() | (frame == "")
    kept = ~empty.all(axis=1)
    if vendor and columns.date is not None and len(frame):
        first = str(frame[columns.date].iloc[0]).strip().casefold()
        if empty.drop(columns=columns.date).iloc[0].all() and first in SYNONYMS["date"]:
            kept.iloc[0] = False
    return frame[kept]
