"""A pack's columns read as a user's schema declares: units, formats, zones, words and headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from finsim.constraints.language.column_declaration import Column
from finsim.constraints.packs.rule import Table
from finsim.errors import Problem, RuleError, did_you_mean
from finsim.tables import Dialect, Field, Schema, bind

_ALIKE = ({"int", "float", "ratio"}, {"cat", "id"}, {"date", "ts"})  # types of which rules may take another


def read_as(table: Table, schema: Schema | None, dialect: Dialect | None) -> Table:
    """Return a table of a pack read by a schema, and by a dialect that stands above both."""
    used = table.dialect if schema is None else schema.dialect.over(table.dialect)
    used = used if dialect is None else dialect.over(used)
    columns = dict(table.columns)
    for name, declared in ({} if schema is None else _shared(table, schema)).items():
        columns[name] = _column(table.columns[name], schema.fields[declared], declared)  # type: ignore[union-attr]
    return replace(table, columns=columns, dialect=used)


def _shared(table: Table, schema: Schema) -> dict[str, str]:
    """Return column of the pack -> column of the schema, for those that both have."""
    plain = {name: Field(column.type.kind, alias=column.alias) for name, column in table.columns.items()}
    return bind(list(schema.fields), plain, schema.path)


def _column(column: Column, field: Field, declared: str) -> Column:
    """Return a column of the pack, found and read as the schema says."""
    return replace(
        column,
        null=column.null or field.null,
        reading=replace(field, source=field.source or declared),
        alias=(*dict.fromkeys((*field.alias, *column.alias)),),
    )


def refuse_unlike(tables: Mapping[str, Table], schema: Schema) -> None:
    """Raise RuleError where no table has any column of a schema, or the types of one do not fit."""
    problems: list[Problem] = []
    shared = {name: _shared(table, schema) for name, table in tables.items()}
    if not any(shared.values()):
        known = [column for table in tables.values() for column in table.columns]
        first = next(iter(schema.fields))
        remedy = did_you_mean(first, known)
        raise RuleError(
            f"the pack has none of its columns, such as {first!r}", place=schema.path, remedy=remedy
        )
    for name, pairs in shared.items():
        for column, declared in pairs.items():
            own, other = tables[name].columns[column].type, schema.fields[declared]
            fits = own.kind == other.type or any({own.kind, other.type} <= alike for alike in _ALIKE)
            if not fits or (own.kind == "money" and not _same_money(own.ccy, own.scale, other)):
                found = f"column {declared!r} is {other.type}{f' {other.ccy}' if other.ccy else ''}"
                remedy = f"declare {declared!r} as the pack does"
                problems.append(Problem(schema.path, found, f"{own}, as in table {name} of the pack", remedy))
    if problems:
        raise RuleError.of(problems)


def _same_money(currency: str, scale: int, other: Field) -> bool:
    return ("XXX" in (currency, other.ccy) or currency == other.ccy) and (
        other.ccy == "XXX" or scale == other.decimals
    )
