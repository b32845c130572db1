"""A user's data as a generator learns from them: kind, typed columns, roles, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.learned.numbered_times import AS_NUMBER, CENTS, IN_CENTS
from finsim.engine.learned.role_checks import refuse_doubtful_roles, refuse_odd_entity
from finsim.engine.learned.text_form import AS_TEXT, TextForm, text_form_of
from finsim.errors import DataError, Problem, StudyError
from finsim.evaluation.reading.declared import Declared, declared_of, opened, refuse_lacking
from finsim.evaluation.reading.guessed_roles import Named, checked, guessed, with_keys
from finsim.evaluation.reading.kinds import (
    BARS,
    EVENTS,
    KINDS,
    ROWS_AN_ENTITY,
    TABLE,
    is_bars,
    is_events,
    is_series,
    says_bars,
)
from finsim.evaluation.tables.column_pairs import Roles, distinct
from finsim.evaluation.utility.label_rows import CLASSES
from finsim.records.columns import DAY, DECIMALS, KEY, UNIT, facts_of
from finsim.records.storage import digest_file
from finsim.tables import Dialect, Field, Schema, open_table
from finsim.tables.cells.stored import is_text
from finsim.tables.cells.units_and_zones import zone_of
from finsim.tables.cells.zones import local_times
from finsim.tables.direction_words import refuse_no_directions
from finsim.tables.far_times import far_words
from finsim.tables.learning.absent_columns import absent_words
from finsim.tables.learning.held_cells import refuse_unheld
from finsim.tables.proposing.roles import roles as spoken_roles
from finsim.tables.sources.opening import stored_schema
from finsim.tables.sources.plain_texts import plain_schema
from finsim.tables.sources.source import TableSource

PLACE = "fit"
LEAST_DISTINCT = 0.5
"""A guessed identifier of a table has a value for each 2 rows at least (assumption)."""


@dataclass(frozen=True)
class LearnedInput:
    """The typed table, what its columns are, and how it comes out again.

    ``keys`` tell rows apart and are made anew; ``order`` and ``target`` are the columns in the order, under
    the headers and in the types of the input, ``text`` how text of it is written; ``facts`` describe the
    data for the model's card. ``zones`` says on whose clock the times of a column are learned: habits follow
    the day of the place, not of UTC. ``row_remarks`` are those that rows were read for: a private model has
    none.
    """

    kind: str
    table: pa.Table
    roles: Roles
    fields: Mapping[str, Field]
    keys: tuple[str, ...]
    order: tuple[str, ...]
    target: pa.Schema
    facts: Mapping[str, Any]
    remarks: tuple[str, ...]
    zones: Mapping[str, str]
    text: TextForm = field(default_factory=TextForm)
    row_remarks: tuple[str, ...] = ()


def kind_of_data(data: Any, named: Named, schema: Schema | None, dialect: Dialect | None) -> str:
    """Return the kind of a user's data: bars, events or table; declared, or told by headers and cells."""
    declared = declared_of(data, schema, dialect, PLACE)
    headers = list(open_table(data, {}, declared.dialect).headers)
    if named == Named() and says_bars(declared.fields, declared.kind, headers):
        return BARS
    table = opened(data, declared, PLACE).table()
    roles = guessed(table, declared, checked(named, declared, headers, PLACE))
    if named == Named() and is_bars(declared.fields, headers) and is_series(table, roles.time):
        return BARS
    if declared.is_schema and declared.kind == "loans":
        return TABLE
    return EVENTS if is_events(table, roles) else TABLE


def read_to_learn(
    data: Any, kind: str, named: Named, schema: Schema | None, dialect: Dialect | None
) -> LearnedInput:
    """Read data of a kind, events or table, with typed columns.

    Raises StudyError for a column or kind that is not known, DataError for what cannot be read.
    """
    if kind not in KINDS or kind == BARS:
        raise StudyError(f"kind {kind!r}", place=f"{PLACE}: kind", expected=f"{EVENTS} or {TABLE}")
    place = str(data) if isinstance(data, str | Path) else "the data"
    declared = declared_of(data, schema, dialect, place)
    refuse_lacking(data, declared, place)
    source = opened(data, declared, place)
    if declared.is_schema:
        refuse_doubtful_roles(source, declared, is_ledger=kind == EVENTS)
    spoken = checked(named, declared, list(source.headers), PLACE)
    table = _with_words(source.table([name for name in declared.fields if name in source.bound]), declared)
    if not table.num_columns or not table.num_rows:
        raise DataError("nothing to learn from", place=place, expected="rows of readable columns")
    roles = guessed(table, declared, spoken)
    _refuse_without_order(kind, roles, table, declared)
    refuse_unheld(source, table, _times_of(table, str(roles.time)) if kind == EVENTS else ())
    if kind == EVENTS:
        if declared.is_schema:
            _refuse_other_directions(source, table, declared)
        refuse_odd_entity(table, str(roles.id), source.bound)
    keys = _keys(table, declared, roles, kind)
    order = sorted(table.column_names, key=lambda name: source.headers.index(source.bound[name]))
    new = {*keys, roles.id} if kind == EVENTS else {*keys}
    cents = {name for name in order if declared.fields[name].unit in CENTS}
    target = _target(data, table, source.bound, order, (new, cents))
    zones = _zones(table, declared, dict(zip(order, target, strict=True)))
    return LearnedInput(
        kind, _on_the_clock(table, zones), roles, declared.fields, keys, tuple(order), target,
        _facts(data, table),
        (_said(kind, roles, keys), *_come_out(kind, table, roles, keys), *_unread(declared, source.headers),
         *absent_words(source)),
        zones, text_form_of(source, declared.fields),
        (*_far_off(source, table, roles.time), *_repeated(kind, table, roles, keys)),
    )  # fmt: skip


def _zones(table: pa.Table, declared: Declared, target: Mapping[str, pa.Field]) -> dict[str, str]:
    """Return column -> zone of its clock: declared, or that of the stored type; UTC needs none."""
    found = {}
    for one in table.schema:
        if pa.types.is_timestamp(one.type) and one.type.tz:
            stored = getattr(target[one.name].type, "tz", None)
            found[one.name] = zone_of(declared.fields[one.name], declared.dialect) or stored
    return {name: zone for name, zone in found.items() if zone and zone != "UTC"}


def _on_the_clock(table: pa.Table, zones: Mapping[str, str]) -> pa.Table:
    """Return the table with the times of a zone as its clocks show them."""
    for name, zone in zones.items():
        chunks = [local_times(chunk, zone) for chunk in table[name].chunks]
        local = pa.chunked_array(chunks, pa.timestamp(table[name].type.unit))
        table = table.set_column(table.schema.get_field_index(name), name, local)
    return table


def _with_words(table: pa.Table, declared: Declared) -> pa.Table:
    """Return the table with yes and no as the words of the input, where it has words of its own."""
    for at, one in enumerate(table.schema):
        said = declared.fields[one.name]
        yes, no = said.true or declared.dialect.true, said.false or declared.dialect.false
        if pa.types.is_boolean(one.type) and yes and no:
            words = pc.if_else(table[one.name], yes[0], no[0])
            table = table.set_column(at, one.name, words.cast(pa.string()))
    return table


def _keys(table: pa.Table, declared: Declared, roles: Roles, kind: str) -> tuple[str, ...]:
    """Return the columns that tell rows apart: every identifier of a table, those of rows in a ledger.

    In a ledger these may repeat, as where both sides of a transfer have a row.
    """
    marked = with_keys(table, declared, roles)
    found = [field.name for field in marked.schema if facts_of(field)["role"] == KEY]
    if kind == TABLE:
        ids = [name for name in table.column_names if declared.fields[name].type == "id"]
        every = dict.fromkeys([*found, *ids, *([roles.id] if roles.id else [])])
        return tuple(name for name in every if declared.is_schema or _tells_apart(table[name]))
    fields = {name: declared.fields[name] for name in table.column_names if declared.is_schema}
    headers = spoken_roles([each.source or name for name, each in fields.items()], "payments")
    parts = {header for header, role in headers.items() if role != "id"}  # such as who is paid
    of_rows = [
        name for name, each in fields.items()
        if each.role == "id" or (
            each.type == "id" and not each.role and (each.source or name) not in parts
            and _tells_apart(table[name])
        )
    ]  # fmt: skip
    taken = (roles.id, roles.time, roles.label, roles.counterparty)
    return tuple(name for name in dict.fromkeys([*found, *of_rows]) if name not in taken)


def _tells_apart(cells: pa.ChunkedArray) -> bool:
    """Whether a guessed identifier is one: half of its cells at least differ."""
    return bool(distinct(cells) >= LEAST_DISTINCT * max(len(cells) - cells.null_count, 1))


def _refuse_without_order(kind: str, roles: Roles, table: pa.Table, declared: Declared) -> None:
    lacking = [name for name in ("id", "time") if getattr(roles, name) is None]
    if kind == EVENTS and lacking:
        raise StudyError.of(
            _one_entity(only) if name == "id" and (only := _only_payer(table, declared))
            else _few_entities(table, declared) if name == "id" and table.num_rows <= CLASSES
            else Problem(f"{PLACE}: {name}", "events need it, and none was found", "a column of the data",
                         f"write --{name} COLUMN, or say its role in a schema")
            for name in lacking
        )  # fmt: skip


def _only_payer(table: pa.Table, declared: Declared) -> str:
    """Return the column that a ledger's rows are of, where all rows are of one account; else nothing."""
    held = [name for name in table.column_names if declared.fields[name].role == "from_account"]
    one = next((name for name in held if distinct(table[name]) == 1), "")
    return (declared.fields[one].source or one) if one else ""


def _one_entity(header: str) -> Problem:
    """Return what is wrong with a ledger of one account: there are no lives to tell apart."""
    return Problem(
        f"{PLACE}: id", f"`{header}` holds one account alone", "events of several entities",
        "learn its rows as a table (--kind table), or name a column of which there are several, such as"
        " who is paid: --id COLUMN",
    )  # fmt: skip


def _few_entities(table: pa.Table, declared: Declared) -> Problem:
    """Return what is wrong with a table of so few rows that no column can be told to name entities."""
    said = next((each for each in declared.fields.items() if each[1].role in ("from_account", "id")), None)
    named = f" (`{said[1].source or said[0]}` has the role {said[1].role})" if said else ""
    rows = f"{table.num_rows:,} row{'s' * (table.num_rows != 1)}"
    return Problem(
        f"{PLACE}: id", f"{rows}: too few to tell which column is the entity{named}",
        f"a ledger of more than {CLASSES} rows, and of several rows for each entity", "give more rows",
    )  # fmt: skip


def _target(
    data: Any, table: pa.Table, bound: Mapping[str, str], order: list[str],
    told: tuple[Set[str | None], Set[str]],
) -> pa.Schema:  # fmt: skip
    """Return the fields that come out: headers and order of the input, stored types where it has some.

    ``told``: columns that are made anew, any number of whole numbers, so these are 64 bits wide; and those
    that are stored in cents, which are money with decimals until they are in a file again.
    """
    new, cents = told
    stored = stored_schema(Path(data)) if isinstance(data, str | Path) else None
    if stored is None and isinstance(data, pa.Table | pa.RecordBatch):
        stored = plain_schema(data.schema)
    found = []
    for name in order:
        kind, header = table.schema.field(name).type, bound[name]
        facts: dict[bytes, bytes] = {}
        if stored is None and pa.types.is_date(kind):  # pandas makes Python objects of dates and decimals
            kind, facts = DAY, {UNIT: b"day"}
        elif stored is None and pa.types.is_decimal(kind):  # cents in floats are whole
            decimals = str(kind.scale).encode()
            kind = _plain_money(table[name])
            facts = {DECIMALS: decimals} if pa.types.is_floating(kind) else {}
        own = stored.field(header) if stored is not None and header in stored.names else None
        if own is not None and name in cents and pa.types.is_integer(own.type) and pa.types.is_decimal(kind):
            kind, facts = pa.float64(), {DECIMALS: str(kind.scale).encode(), IN_CENTS: b"yes"}
        elif own is not None and is_text(own.type) and pa.types.is_temporal(kind):
            facts = {AS_TEXT: b"yes"}
            if pa.types.is_date(kind):
                kind, facts = DAY, {UNIT: b"day", **facts}
        elif own is not None and pa.types.is_duration(kind) and _is_number(own.type):
            facts = {AS_NUMBER: str(own.type).encode()}
        elif own is not None and _holds(own.type, kind):
            kind = own.type
            kind = pa.int64() if name in new and pa.types.is_integer(kind) else kind
        elif own is not None and name in new:
            _refuse_wide_ids(own)
        found.append(pa.field(header, kind, metadata=facts or None))
    return pa.schema(found)


def _refuse_other_directions(source: TableSource, table: pa.Table, declared: Declared) -> None:
    for name in table.column_names:
        if declared.fields[name].role == "direction":
            refuse_no_directions(table[name], source.place, source.bound[name])


def _times_of(table: pa.Table, time: str) -> list[str]:
    """Return the columns of days and times, first the one that says when a row happened."""
    others = [
        one.name for one in table.schema if pa.types.is_date(one.type) or pa.types.is_timestamp(one.type)
    ]
    return [time, *(name for name in others if name != time)] if time in others else []


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _refuse_wide_ids(stored: pa.Field) -> None:
    """Raise DataError for identifiers that are stored as numbers and can only be read as text."""
    if pa.types.is_integer(stored.type):
        raise DataError(
            f"identifiers of {stored.type} beyond 64 bits with a sign", place=f"column {stored.name!r}",
            expected=f"whole numbers up to {2**63 - 1}, or text", remedy="store the column as text",
        )  # fmt: skip


def _plain_money(cells: pa.ChunkedArray) -> pa.DataType:
    """Return the type of money that text wrote: whole numbers where no cell has cents."""
    plain = pc.cast(cells, pa.float64(), safe=False)
    return pa.float64() if pc.any(pc.not_equal(plain, pc.floor(plain))).as_py() else pa.int64()


def _holds(stored: pa.DataType, kind: pa.DataType) -> bool:
    """Whether the stored type says the same as the declared one, so that cells may come out in it."""
    plain = [one.value_type if pa.types.is_dictionary(one) else one for one in (stored, kind)]
    tests = (
        (pa.types.is_string, pa.types.is_large_string), (pa.types.is_boolean,),
        (pa.types.is_date, pa.types.is_timestamp), (pa.types.is_duration,),
        (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    )  # fmt: skip
    return any(all(any(test(one) for test in group) for one in plain) for group in tests)


def _facts(data: Any, table: pa.Table) -> dict[str, Any]:
    facts: dict[str, Any] = {"rows": table.num_rows, "columns": list(table.column_names)}
    if isinstance(data, str | Path):
        facts |= {"file": Path(data).name, "sha256": digest_file(Path(data))}
    return facts


def _said(kind: str, roles: Roles, keys: tuple[str, ...]) -> str:
    parts = {"id": roles.id, "time": roles.time, "label": roles.label, "made anew": ", ".join(keys)}
    return f"read as: {kind}; " + ", ".join(f"{name} {value or 'none'}" for name, value in parts.items())


def _far_off(source: TableSource, table: pa.Table, time: str | None) -> list[str]:
    """Return each row whose time lies far from all others: the period of the data would reach to it."""
    if time is None:
        return []
    found = far_words(source, source.bound[time], table[time])
    return [f"{place}: {said}: correct the cell, or drop the row" for place, said in found]


def _come_out(kind: str, table: pa.Table, roles: Roles, keys: tuple[str, ...]) -> list[str]:
    """Return a warning for a table whose identifier repeats: its words are learned, and come out again."""
    if kind != TABLE or roles.id is None or roles.id in keys or roles.id not in table.column_names:
        return []
    return [
        f"{roles.id} repeats, so it is learned as words: identifiers of the data come out; "
        "--kind events makes new entities, a schema with type: id makes it anew"
    ]


def _repeated(kind: str, table: pa.Table, roles: Roles, keys: tuple[str, ...]) -> list[str]:
    """Return a warning for identifiers of rows that repeat, which new ones do not.

    A table with times may be one of entities.
    """
    found = [name for name in keys if distinct(table[name]) * ROWS_AN_ENTITY <= table.num_rows]
    if kind == TABLE and found and roles.time is not None:
        return [
            f"{', '.join(found)}: values repeat, but a table takes each row alone and gives it a new one; "
            "--kind events (such as --generator habits) learns who acts over time"
        ]
    again = [name for name in keys if distinct(table[name]) < table.num_rows - table[name].null_count]
    if not again:
        return []
    return [f"{', '.join(again)}: values repeat in the data, and each new row has one of its own"]


def _unread(declared: Declared, headers: tuple[str, ...]) -> list[str]:
    known = {name for key, each in declared.fields.items() for name in (key, each.source, *each.alias)}
    left = [one for one in headers if one not in known]
    return [f"not read, so not learned: {', '.join(left)}"] if left else []
