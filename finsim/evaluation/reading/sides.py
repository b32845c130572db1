"""Both sides as Arrow tables of the real side's types; a column that does not fit is kept as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import DataError, Problem, did_you_mean
from finsim.evaluation.reading.declared import Declared, opened, refuse_lacking, stored_roles
from finsim.evaluation.tables.column_pairs import UNFIT
from finsim.records.columns import FEATURE
from finsim.tables import Field, open_table, propose
from finsim.tables.proposing.look import is_text_file
from finsim.tables.sources.source import TableSource

_NUMBERS = ("int", "float", "ratio", "money")
_NAMED = 6
_DATES = ("date", "ts")
_FLAG_NUMBERS = {"int": pa.int64(), "float": pa.float64()}
_WORDS = {
    "int": "numbers", "float": "numbers", "ratio": "numbers", "money": "amounts", "date": "dates",
    "ts": "times", "dur": "durations", "bool": "yes or no",
}  # fmt: skip


@dataclass(frozen=True)
class Sides:
    """The real side, the synthetic one and the hold-out, columns under their declared names."""

    real: pa.Table
    own: pa.Table
    spare: pa.Table | None


def sides_of(real: Any, own: Any, spare: Any, declared: Declared) -> Sides:
    """Read all sides by the types of the real one.

    Raises DataError for a real side or hold-out whose cells are not of their types, for what is no table,
    and for sides without a common column.
    """
    place = "the real side" if not _is_path(real) else str(real)
    refuse_lacking(real, declared, place)
    base = opened(real, declared, place)
    table = _with_unread(_with_roles(base.table(), declared), base, declared)
    read = base.bound.values()
    made = _lenient(own, declared, [one for one in base.headers if declared.is_schema or one in read])
    _refuse_unrelated(table, made, (place, str(own) if _is_path(own) else "the synthetic side"))
    held = (
        None
        if spare is None
        else _strict(spare, declared, [one for one in table.column_names if one in base.bound])
    )
    return Sides(table, made, held)


def _refuse_unrelated(real: pa.Table, own: pa.Table, places: tuple[str, str]) -> None:
    """Raise DataError where the sides have no column of one name: nothing could be compared."""
    if not real.num_columns or not own.num_columns or {*real.column_names} & {*own.column_names}:
        return
    here, there = (f"{place} has {', '.join(side.column_names[:_NAMED])}" + ("" if
                   side.num_columns <= _NAMED else f" and {side.num_columns - _NAMED} more")
                   for place, side in zip(places, (real, own), strict=True))  # fmt: skip
    raise DataError(
        "the two sides have no column in common", place="evaluate", expected="two tables of the same columns",
        remedy=f"give a table made like the real one: {here}; {there}",
    )  # fmt: skip


def _with_unread(table: pa.Table, source: TableSource, declared: Declared) -> pa.Table:
    """Add columns that no type reads, without cells: they are named among the scores."""
    known = {*source.bound.values(), *table.column_names}
    unread = [] if declared.is_schema else [one for one in source.headers if one not in known]
    if not table.num_columns:
        return table
    for header in dict.fromkeys(unread):
        twice = source.headers.count(header) > 1
        reason = "the header stands twice" if twice else "not compared: no type can hold its cells"
        reason = reason if header else "not compared: its header is empty; give it a name"
        field = pa.field(header, pa.string(), metadata={UNFIT: reason.encode()})
        table = table.append_column(field, pa.nulls(table.num_rows, pa.string()))
    return table


def _is_path(data: Any) -> bool:
    return isinstance(data, str | Path)


def _with_roles(table: pa.Table, declared: Declared) -> pa.Table:
    """Give the columns of finsim's own files the roles that they are stored with."""
    kept = []
    for field in table.schema:
        source = declared.fields[field.name].source or field.name
        told = declared.facts.get(source, {})
        role = told.get("role", "")
        kept.append(field.with_metadata({"role": role}) if role and role != FEATURE else field)
    return table.cast(pa.schema(kept))


def _opened(data: Any, declared: Declared, place: str) -> tuple[TableSource, Declared]:
    """Open a side; text is read as a schema says, or as it is written where none of its columns stand so."""
    where = str(data) if _is_path(data) else place
    if not (_is_path(data) and is_text_file(Path(data))):
        return opened(data, declared, where), declared
    if declared.is_schema:
        source = opened(data, declared, where)
        if source.bound:
            return source, declared
    used = replace(declared, dialect=propose(data).dialect)
    return opened(data, used, where), used


def _strict(data: Any, declared: Declared, names: Sequence[str]) -> pa.Table:
    """Read the hold-out, which is real too: its columns and cells have to fit."""
    source, _ = _opened(data, declared, "the hold-out")
    lacking = [name for name in names if not _is_bound(source, name, declared.fields[name])]
    if lacking:
        raise DataError.of(
            Problem(source.place, f"no column {name!r}", "the columns of the real side",
                    did_you_mean(name, source.headers))
            for name in lacking
        )  # fmt: skip
    return source.table(names)


def _lenient(data: Any, declared: Declared, headers: Sequence[str]) -> pa.Table:
    """Read the synthetic side, column by column where it cannot be read at once.

    A column that is not of ``headers``, those read of the real side, stands there without cells.
    """
    source, used = _opened(data, declared, "the synthetic side")
    there = [name for name in declared.fields if _is_bound(source, name, declared.fields[name])]
    try:
        columns = _whole(source, there)
    except DataError:
        columns = dict(_each(data, source, used, there))
    fields = [columns[name].schema.field(0).with_name(name) for name in there]
    arrays = [columns[name].column(0) for name in there]
    known = {*(source.bound[name] for name in there), *headers}
    roles = stored_roles(data)
    for header in dict.fromkeys(one for one in source.headers if one not in known):
        told = roles.get(header, "")
        fields.append(pa.field(header, pa.string(), metadata={"role": told} if told else None))
        arrays.append(pa.chunked_array([pa.nulls(_rows(source, columns), pa.string())]))
    return pa.table(arrays, schema=pa.schema(fields)) if arrays else pa.table({})


def _is_bound(source: TableSource, name: str, field: Field) -> bool:
    """Whether a side has a column by its very name: another spelling is another column."""
    return source.bound.get(name, None) in {name, field.source or name, *field.alias}


def _rows(source: TableSource, columns: dict[str, pa.Table]) -> int:
    if source.rows is not None:
        return source.rows
    known = [table.num_rows for table in columns.values()]
    return known[0] if known else sum(batch.num_rows for batch in source.batches(rename=False))


def _whole(source: TableSource, names: list[str]) -> dict[str, pa.Table]:
    table = source.table(names)
    return {name: table.select([name]) for name in names}


def _each(
    data: Any, source: TableSource, declared: Declared, names: list[str]
) -> Iterator[tuple[str, pa.Table]]:
    """Yield every column as its declared type, else as its nearest one, else as text that says why not."""
    own: dict[str, Field] | None = None
    for name in names:
        field = declared.fields[name]
        header = source.bound[name]
        try:
            yield name, source.table([name])
            continue
        except DataError as refused:
            why = refused.problems
        if own is None:
            own = {each.source or key: each for key, each in propose(data).fields.items()}
        found = None
        for other in _nearest(field, own.get(header)):
            found = _as(data, header, other, declared)
            if found is not None:
                if field.type in _FLAG_NUMBERS and other.type == "bool":
                    number = found.column(0).cast(pa.int8()).cast(_FLAG_NUMBERS[field.type])
                    found = pa.table({"column": number})
                break
        if found is None:
            found = _text(source, name, field, len(why), why[0].found)
        yield name, found


def _nearest(field: Field, own: Field | None) -> Iterator[Field]:
    """Yield other types of the same kind under which a column may be read."""
    if field.type in _NUMBERS:
        yield replace(
            field, type="float", unit=field.unit if field.type != "money" else "", ccy="", scale=None
        )
        yield Field("float", null=True)
    if field.type == "bool":  # a flag is one however each side writes it
        yield replace(field, true=(), false=())
        yield replace(field, true=("1.0", "1"), false=("0.0", "0"))
    if own is not None and own.type == "bool" and field.type in ("bool", *_FLAG_NUMBERS):
        yield replace(own, null=True)
    if own is not None and field.type in _DATES and own.type in _DATES:
        yield replace(own, nulls=field.nulls)


def _as(data: Any, header: str, field: Field, declared: Declared) -> pa.Table | None:
    try:
        return open_table(data, {"column": replace(field, source=header)}, declared.dialect).table(["column"])
    except DataError:
        return None


def _text(source: TableSource, name: str, field: Field, refused: int, found: str) -> pa.Table:
    plain = open_cells(source, name)
    wanted = _WORDS.get(field.type, field.type)
    cells = "a cell" if refused == 1 else f"{refused} cells" if refused < 20 else "20 cells or more"
    reason = f"text on the synthetic side where the real side has {wanted}: {cells} cannot be read ({found})"
    kind = pa.field(name, plain.type, metadata={UNFIT: reason.encode()})
    return pa.table([plain], schema=pa.schema([kind]))


def open_cells(source: TableSource, name: str) -> pa.ChunkedArray:
    """Return the cells of a column as they are stored."""
    parts = [pa.Table.from_batches([batch]) for batch in source.batches([name], rename=False)]
    return pa.concat_tables(parts, promote_options="permissive").column(0)
