"""The declared columns of the real side: of its schema, of finsim's own file, or proposed from the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import DataError
from finsim.records.columns import facts_of
from finsim.tables import Dialect, Field, Schema, open_table, propose
from finsim.tables.sources.opening import stored_schema
from finsim.tables.sources.source import TableSource


@dataclass(frozen=True)
class Declared:
    """Columns by name, how text is written, the kind of table, and whether a schema said so.

    ``facts`` are those that finsim's own files carry with their columns (role, unit), by name.
    """

    fields: Mapping[str, Field]
    dialect: Dialect
    kind: str
    is_schema: bool
    facts: Mapping[str, Mapping[str, str]]


def declared_of(real: Any, schema: Schema | None, dialect: Dialect | None, place: str) -> Declared:
    """Return the columns of the real side. Raises DataError for what is no table."""
    if isinstance(real, str | Path) and not Path(real).exists():
        open_table(real, {})  # refuses, and tells the names beside it
    stored = _stored(real)
    facts = _facts(stored)
    if schema is not None:
        return Declared(schema.fields, schema.dialect, schema.kind, bool(schema.fields), facts)
    _refuse_no_rows(real, place)
    found = propose(real, dialect=dialect)
    fields = dict(found.fields)
    if stored is not None:
        fields = {name: _as_stored(each, stored) for name, each in fields.items()}
    return Declared(
        fields, dialect.over(found.dialect) if dialect else found.dialect, found.kind, False, facts
    )


def _facts(stored: pa.Schema | None) -> dict[str, dict[str, str]]:
    told = {} if stored is None else {field.name: facts_of(field) for field in stored}
    return {name: facts for name, facts in told.items() if facts["role"]}


def stored_roles(data: Any) -> dict[str, str]:
    """Return header -> role of the columns that finsim's own files store with one."""
    return {name: facts["role"] for name, facts in _facts(_stored(data)).items()}


def _stored(real: Any) -> pa.Schema | None:
    """Return the Arrow schema of what is stored with types; None for text and pandas."""
    if isinstance(real, str | Path):
        return stored_schema(Path(real))
    if isinstance(real, pa.Table | pa.RecordBatch):
        return real.schema
    opened = open_table(real, {})
    schema = getattr(opened, "schema", None)
    return schema if isinstance(schema, pa.Schema) else None


def _as_stored(field: Field, stored: pa.Schema) -> Field:
    """Return a proposed column as the type it is stored with: what a number means is then not guessed."""
    name = field.source
    if name and name not in stored.names:
        return field
    if field.type == "money" or field.unit in ("percent", "bp", "years"):
        kind = stored.field(name).type if name else None
        whole = kind is not None and pa.types.is_integer(kind)
        return replace(field, type="int" if whole else "float", unit="", ccy="", scale=None)
    return field


def _refuse_no_rows(real: Any, place: str) -> None:
    count = len(real) if hasattr(real, "__len__") and not isinstance(real, str | Path) else 1
    if count == 0:
        raise DataError(
            "the table has no rows", place=place, expected="at least one row",
            remedy="give a table with a header and rows",
        )  # fmt: skip


def opened(data: Any, declared: Declared, place: str) -> TableSource:
    """Open a side under the declared columns; those that are absent are left out."""
    fields = {name: replace(field, optional=True) for name, field in declared.fields.items()}
    return open_table(data, fields, declared.dialect, place=place)


def refuse_lacking(data: Any, declared: Declared, place: str) -> None:
    """Raise DataError, all at once, for columns of a schema that have to be there and are not."""
    if declared.is_schema:
        lacking = open_table(data, declared.fields, declared.dialect, place=place).lacking()
        if lacking:
            raise DataError.of(lacking)
