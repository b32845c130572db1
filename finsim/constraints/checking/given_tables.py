"""The tables that a caller hands in, of whatever kind, under the names of a pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from finsim.constraints.packs.rule import Table
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.arrow_views import without_views
from finsim.constraints.tables.typed_columns import PLACE, headers_of, missing
from finsim.errors import DataError, Problem, RuleError, did_you_mean
from finsim.tables import TableSource, open_table

AnyTable: TypeAlias = Any  # Arrow, pandas, polars, a DuckDB relation, a path, an opened table


def opened(data: AnyTable, table: Table, place: str = "") -> TableSource:
    """Open a table under the columns that a pack declares."""
    fields = {name: column.declared for name, column in table.columns.items()}
    is_file = isinstance(data, str | Path)
    return open_table(data, fields, table.dialect, place=place or ("" if is_file else f"table {table.name}"))


def is_table(data: object) -> bool:
    """Whether something is a table or a path, not the batches of one, nor a reader that is read once."""
    if isinstance(data, str | Path | TableSource | pa.Table | pa.RecordBatch):
        return True
    is_frame = type(data).__module__.split(".")[0] == "pandas"
    return is_frame or (hasattr(data, "__arrow_c_stream__") and not isinstance(data, pa.RecordBatchReader))


def as_arrow(data: AnyTable, table: Table, names: Iterable[str] | None = None) -> pa.Table:
    """Return a table as rules are judged on it; of a file only the declared columns are read.

    ``names`` are those of them that are needed (None: all). A table in memory keeps all its columns.
    """
    if isinstance(data, pa.Table):
        return data
    source = opened(data, table)
    if not isinstance(data, str | Path | TableSource):
        return source.table(rename=False)
    return read(source, names)


def read(source: TableSource, names: Iterable[str] | None = None) -> pa.Table:
    """Return the declared columns of an opened file that are there, all or some."""
    wanted = [name for name in (source.fields if names is None else names) if name in source.bound]
    parts = [pa.Table.from_batches([batch]) for batch in source.as_stored(wanted)]
    whole = pa.concat_tables(parts, promote_options="permissive") if parts else pa.table({})
    place = {PLACE: source.place.encode(errors="replace")}
    return whole.unify_dictionaries().replace_schema_metadata(place)


def named(tables: AnyTable | Mapping[str, AnyTable], rules: RuleSet) -> dict[str, pa.Table]:
    """Return the tables by the names of the pack; a single table gets the name whose columns it has.

    Raises RuleError for a name or a table that the pack does not know.
    """
    if isinstance(tables, pa.RecordBatchReader):  # can be read once only
        tables = open_table(tables, {}).table(rename=False)
    if not isinstance(tables, Mapping):
        tables = {table_of(tables, rules): tables}
    for name in tables:
        if name not in rules.tables:
            remedy = did_you_mean(name, list(rules.tables))
            raise RuleError(f"pack {rules.id} has no table {name!r}", place=f"table {name}", remedy=remedy)
    return {
        name: without_views(as_arrow(table, rules.tables[name], needed(rules, name)))
        for name, table in tables.items()
    }


def needed(rules: RuleSet, name: str) -> list[str]:
    """Return the declared columns of a table that some rule reads, or that must be there."""
    table = rules.tables[name]
    if any(name in rule.others for rule in rules.rules):
        return list(table.columns)
    own = [rule for rule in rules.rules if rule.table == name]
    orders = [order for order in (table.order, *(rule.order for rule in own)) if order is not None]
    read_ones = {*table.key, "narrative"}.union(
        *(rule.columns for rule in own), *((*order.group, *order.by) for order in orders)
    )
    return [name for name, column in table.columns.items() if name in read_ones or not column.optional]


def table_of(data: AnyTable, rules: RuleSet) -> str:
    """Return the pack's table that has the columns of a table or file; raises RuleError when none has."""
    if isinstance(data, pa.Table):
        return table_name(data.schema, rules)
    if isinstance(data, TableSource):
        return table_name(_schema(data), rules)
    schemas, refused = {}, []
    for name, table in rules.tables.items():
        try:
            schemas[name] = _schema(open_table(data, {}, table.dialect))
        except DataError as bad:  # not in the dialect of this table: then it is another one
            refused.append(bad)
    try:
        if schemas:
            return table_name(schemas, rules)
    except RuleError:
        if not refused:
            raise
    raise refused[0]  # what could not be read is nearer to the cause than columns that lack elsewhere


def _schema(source: TableSource) -> pa.Schema:
    place = {PLACE: source.place.encode(errors="replace")} if source.place != "table" else None
    return pa.schema([pa.field(header, pa.null()) for header in source.headers], place)


def table_name(schema: pa.Schema | Mapping[str, pa.Schema], rules: RuleSet) -> str:
    """Return the pack's table that has these columns; raises RuleError when none has.

    Schemas may differ by table, where tables declare how their text is written.
    """
    seen = schema if isinstance(schema, Mapping) else dict.fromkeys(rules.tables, schema)
    lacking: dict[str, list[Problem]] = {}
    for name, spec in rules.tables.items():
        if name not in seen:
            continue
        try:
            lacking[name] = missing(seen[name], spec.columns, name)
        except DataError as bad:  # two headers are equally close
            if len(rules.tables) == 1:
                raise
            lacking[name] = list(bad.problems)
    fitting = [name for name, problems in lacking.items() if not problems]
    if fitting:
        return max(fitting, key=lambda name: len(headers_of(seen[name], rules.tables[name].columns)))
    nearest = min(lacking, key=lambda name: len(lacking[name]) / len(rules.tables[name].columns))
    raise RuleError.of(lacking[nearest])


def refuse_absent(given: Iterable[str], rules: RuleSet, place: str = "") -> None:
    """Raise RuleError that names every table of the pack that must be given and is not."""
    absent = [name for name, table in rules.tables.items() if name not in set(given) and not table.optional]
    remedy = (
        "give it too (a folder with a file for each table, in Python a mapping of tables), name the tables "
        "to judge (--table), or declare it `optional: true` in the pack"
    )
    if absent:
        raise RuleError.of(
            Problem(place or f"pack {rules.id}", f"table {name!r} is not given", "", remedy)
            for name in absent
        )
