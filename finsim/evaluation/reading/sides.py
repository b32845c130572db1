"""Both sides as Arrow tables of the real side's types; a column that does not fit is kept as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import DataError
from finsim.evaluation.reading.declared import Declared, opened
from finsim.evaluation.tables.column_pairs import UNFIT
from finsim.records.columns import FEATURE
from finsim.tables import Dialect, Field, open_table, propose
from finsim.tables.proposing.look import is_text_file
from finsim.tables.sources.source import TableSource

_NUMBERS = ("int", "float", "ratio", "money")
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

    Raises DataError for a real side or hold-out whose cells are not of their types, and for what is no table.
    """
    base = opened(real, declared, "the real side" if not _is_path(real) else str(real))
    table = _with_roles(base.table(), declared)
    made = _lenient(own, declared, table)
    held = None if spare is None else _lenient(spare, declared, table, strict=True)
    return Sides(table, made, held)


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


def _lenient(data: Any, declared: Declared, real: pa.Table, strict: bool = False) -> pa.Table:
    """Read a side column by column where it cannot be read at once."""
    place = str(data) if _is_path(data) else ("the hold-out" if strict else "the synthetic side")
    used = declared
    if _is_path(data) and is_text_file(Path(data)) and not declared.is_schema:
        used = replace(declared, dialect=_dialect(Path(data), declared))
    source = opened(data, used, place)
    there = [name for name in declared.fields if _is_bound(source, name, declared.fields[name])]
    if strict:
        lacking = [name for name in real.column_names if name not in there]
        if lacking:
            raise DataError(
                f"no column {', '.join(map(repr, lacking))}",
                place=place,
                expected="the columns of the real side",
            )
        return source.table(there)
    try:
        columns = _whole(source, there)
    except DataError:
        columns = dict(_each(data, source, used, there))
    fields, arrays = [], []
    for name in there:
        table = columns[name]
        fields.append(table.schema.field(0).with_name(name))
        arrays.append(table.column(0))
    for header in source.headers:
        if header not in [source.bound[name] for name in there] and header not in real.column_names:
            fields.append(pa.field(header, pa.string()))
            arrays.append(pa.chunked_array([pa.nulls(_rows(source, columns), pa.string())]))
    return pa.table(arrays, schema=pa.schema(fields)) if arrays else pa.table({})


def _dialect(path: Path, declared: Declared) -> Dialect:
    """Return how a text file of the synthetic side is written: as found, not as the real one."""
    return propose(path).dialect


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
    if own is not None and own.type in (("date", "ts") if field.type in ("date", "ts") else ()):
        yield own
    if own is not None and field.type in _NUMBERS and own.type in _NUMBERS:
        yield replace(own, type="float", unit="", ccy="", scale=None)


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
