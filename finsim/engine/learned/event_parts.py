"""Which columns of a ledger play which part, and its rows as entities with their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.engine.learned.counterparties.two_columns import TwoColumns, two_columns
from finsim.engine.learned.reading import LearnedInput
from finsim.engine.learned.statements.sided_amounts import one_amount
from finsim.errors import DataError
from finsim.generators.events.habits.cells.later_times import is_wait
from finsim.notation import NANOS_PER_DAY, Array, Int1D
from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable
from finsim.tables.learning.mixed_columns import mixed_table
from finsim.tables.proposing.roles import is_id, roles
from finsim.tables.role_words import NO_ROLE
from finsim.tables.statements.two_sides import TwoSides

_PARTS = {
    "amount": ("amount",), "partner": ("to_account", "merchant"), "channel": ("channel",),
    "currency": ("currency",), "category": ("category", "purpose"), "direction": ("direction",),
}  # fmt: skip
"""Part of an event -> the roles of columns that may play it, the first one wins."""
NEWEST_FIRST = 0.99
"""Share of the steps of entities that fall in time from which on rows stand newest first (assumption)."""
SHARED_NAMES, SHARED_ACCOUNTS, LEAST_SHARED = 0.5, 0.05, 5
"""Counterparties are entities where half of the rows name one. A column of accounts holds entities already
where 5 in 100 of them, and 5 at least, are met as counterparties (assumptions): numbers of merchants may be
those of cards by chance, account numbers are not."""

_LARGEST = 2.0**53 / 100  # whole cents up to here are exact in a float64


@dataclass(frozen=True)
class Ledger:
    """A log of events, the identifiers of its entities, and what was left out of it.

    ``rows`` int64[n] is the row of the table that each event was; ``newest_first``: rows of an entity stand
    so in the table; ``sides`` are the columns of the amount where it stands in two. ``two``: the columns of
    accounts and names where both say who is on the other side.
    """

    log: EventLog
    entities: tuple[str, ...]
    order_kept: bool
    newest_first: bool
    remarks: tuple[str, ...]
    rows: Int1D
    sides: TwoSides | None = None
    two: TwoColumns | None = None


def ledger_of(data: LearnedInput, both: bool = False) -> Ledger:
    """Return the events of a table by entity and time; rows without either are left out and counted.

    Columns that never change within an entity are its attributes. ``both``: a row without an account has a
    name as its counterparty, where the ledger has a column of each. Raises DataError for no usable row.
    """
    id_, time = str(data.roles.id), str(data.roles.time)
    arrow = data.table.drop_columns(list(data.keys)) if data.keys else data.table
    arrow = _ids_as_words(arrow, id_)
    parts = event_roles(arrow, data)
    for coded in (parts.partner, parts.category):
        arrow = arrow if coded is None else _ids_as_words(arrow, coded)
    two = two_columns(arrow, id_, *two_of(arrow, parts, data)) if both else None
    if two is not None:
        arrow = two[1]
    whole, parts, sides = one_amount(mixed_table(arrow), parts, data.fields)
    _refuse_huge(data, whole, parts.amount)
    entity, times = whole[id_], whole[time].values
    usable = ~entity.missing() & (times != MISSING_TIME)
    if not usable.any():
        raise DataError("no row has an entity and a time", place="fit", expected="at least one")
    remarks = []
    if not usable.all():
        remarks.append(f"{int((~usable).sum()):,} rows without {id_} or {time} left out")
        whole = whole.take(usable)
        entity, times = whole[id_], whole[time].values
    _, codes = np.unique(entity.values, return_inverse=True)
    names = [entity.words[code] for code in np.unique(entity.values)]
    rows = np.lexsort((np.arange(len(times)), times, codes))
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(names)))]).astype(np.int64)
    events = whole.without(id_).take(rows)
    fixed = _attributes(events, starts, times[rows], {time, *parts.named().values()})
    people = MixedTable({name: events[name].take(starts[:-1]) for name in fixed}, len(names))
    events = events.without(*fixed)
    partner_is_entity, events = _partners(events, parts, names, holds_accounts(data, parts.partner))
    if not partner_is_entity:  # accounts are paid too: that is more than one event
        _refuse_single_events(data, np.bincount(codes))
    begin = int(times.min() // NANOS_PER_DAY * NANOS_PER_DAY)
    end = int((times.max() // NANOS_PER_DAY + 1) * NANOS_PER_DAY)
    log = EventLog(events, starts, people, parts, begin, end, partner_is_entity)
    in_order = bool((np.diff(times) >= 0).all())
    if two is not None:
        remarks.append(_two_said(two[0]))
    found = None if two is None else two[0]
    used = np.flatnonzero(usable)[rows]
    newest = _newest_first(codes, times)
    return Ledger(log, tuple(names), in_order, newest, (*remarks, _said(log, sides)), used, sides, found)


def _refuse_huge(data: LearnedInput, whole: MixedTable, amount: str | None) -> None:
    """Raise DataError for an amount whose hundredths a float does not count, with its row from 1 on."""
    if amount is None or whole[amount].kind != NUMBER:
        return
    sizes = np.abs(whole[amount].values)
    bad = np.flatnonzero(sizes > _LARGEST)
    if not len(bad):
        return
    field = data.fields.get(amount)
    header = (field.source if field else "") or amount
    place = f"{data.facts['file']}: column {header!r}" if "file" in data.facts else f"column {header!r}"
    raise DataError(
        f"{sizes[bad[0]]:g}", place=f"{place}, row {bad[0] + 1}", expected=f"amounts up to {_LARGEST:g}",
        remedy="correct or drop this row",
    )  # fmt: skip


def _refuse_single_events(data: LearnedInput, counts: Int1D) -> None:
    """Raise DataError where no entity has a second event: its column tells rows apart, nobody acts."""
    if counts.max() > 1:
        return
    field = data.fields.get(str(data.roles.id))
    header = (field.source if field else "") or str(data.roles.id)
    raise DataError(
        f"{len(counts):,} {'entities' if len(counts) > 1 else 'entity'} of one event each: "
        f"`{header}` tells rows apart, it is nobody who acts over time", place="fit: id",
        expected="entities of several events",
        remedy="write --id COLUMN for who acts; or --kind table for rows that stand alone",
    )  # fmt: skip


def event_roles(table: pa.Table, data: LearnedInput) -> EventRoles:
    """Return which columns play the parts of an event: declared, then told by headers, then by cells."""
    taken = {data.roles.id, data.roles.time, data.roles.label, *data.keys}
    taken |= {name for name, each in data.fields.items() if each.role == NO_ROLE}
    free = [name for name in table.column_names if name not in taken]
    declared = {each.role: name for name, each in data.fields.items() if each.role and name in free}
    headers = {(data.fields[name].source or name) if name in data.fields else name: name for name in free}
    types = {header: data.fields[name].type for header, name in headers.items() if name in data.fields}
    guessed = {role: headers[header] for header, role in roles(list(headers), "payments", types).items()}
    found: dict[str, str | None] = {}
    for part, names in _PARTS.items():
        wanted = [source[name] for source in (declared, guessed) for name in names if name in source]
        found[part] = next((name for name in wanted if _fits(part, table.schema.field(name).type)), None)
    if found["category"] == found["channel"]:  # declared as how money moves, called a remark
        found["category"] = None
    used = {name for name in found.values() if name}
    if found["amount"] is None:
        balance = {guessed.get("balance"), declared.get("balance")}  # it stands beside the amount
        left = [n for n in free if n not in used and n not in balance]
        found["amount"] = _most_distinct(table, left, numbers=True)
    if found["partner"] is None:
        ids = [n for n in free if n not in used and is_id(headers_of(headers, n))]
        found["partner"] = _most_distinct(table, ids, numbers=False)
    return EventRoles(data.roles.time or "", **found)


def two_of(table: pa.Table, parts: EventRoles, data: LearnedInput) -> tuple[str | None, str | None]:
    """Return the columns of accounts and of names of the other side, where the ledger has both."""
    if parts.partner is None or not holds_accounts(data, parts.partner):
        return None, None
    taken = {data.roles.id, data.roles.time, data.roles.label, *data.keys, *parts.named().values()}
    free = [name for name in table.column_names if name not in taken]
    said = {each.role: name for name, each in data.fields.items() if each.role and name in free}
    headers = {
        (data.fields[name].source or name) if name in data.fields else name: name
        for name in free if name not in data.fields or not data.fields[name].role
    }  # fmt: skip
    types = {header: data.fields[name].type for header, name in headers.items() if name in data.fields}
    guessed = {role: headers[header] for header, role in roles(list(headers), "payments", types).items()}
    name = said.get("merchant") or guessed.get("merchant")
    return parts.partner, name if name is not None and _fits(
        "partner", table.schema.field(name).type
    ) else None


def _two_said(two: TwoColumns) -> str:
    """Return how two columns are read, in words."""
    how = "is the account's name" if two.names is not None else "is a remark of the row"
    return f"who is paid: {two.account} where it is filled (there {two.name} {how}), else {two.name}"


def headers_of(headers: Mapping[str, str], name: str) -> str:
    """Return the header of a column."""
    return next((header for header, known in headers.items() if known == name), name)


def _fits(part: str, kind: pa.DataType) -> bool:
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    words = pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_boolean(kind)
    if part in ("partner", "category"):
        return bool(words or pa.types.is_integer(kind))
    return bool(number if part == "amount" else words)


def _most_distinct(table: pa.Table, names: Sequence[str], *, numbers: bool) -> str | None:
    """Return the column with the most distinct cells that are met again, None where there is none."""
    counts = {}
    for name in names:
        if _fits("amount" if numbers else "partner", table.schema.field(name).type):
            distinct = len(table[name].unique())
            if distinct >= 10 and (numbers or distinct <= table.num_rows / 2):
                counts[name] = distinct
    return max(counts, key=lambda name: counts[name], default=None)


def _ids_as_words(table: pa.Table, name: str) -> pa.Table:
    """Return the table with a column of identifiers as words, whole numbers too."""
    field = table.schema.field(name)
    if not pa.types.is_integer(field.type):
        return table
    at = table.schema.get_field_index(name)
    return table.set_column(at, name, table[name].cast(pa.string()))


def _attributes(events: MixedTable, starts: Int1D, times: Int1D, kept: set[str]) -> list[str]:
    """Return the columns whose cells never change within an entity, where entities have several rows.

    A date that goes with the times of the events is none: of one day's rows, all are booked on that day.
    """
    inside = np.ones(max(events.rows - 1, 0), dtype=np.bool_)
    edges = starts[1:-1]
    inside[edges[(edges > 0) & (edges < events.rows)] - 1] = False
    if inside.sum() < len(starts) - 1:
        return []
    found = []
    for name, column in events.columns.items():
        if name in kept or (column.kind == TIME and is_wait(column, times)):
            continue
        if not _changes(column)[inside].any():
            found.append(name)
    return found


def _newest_first(entity: Int1D, times: Int1D) -> bool:
    """Tell whether times fall from row to row of an entity as they stand, in nearly all steps that move."""
    order = np.argsort(entity, kind="stable")
    step = np.diff(times[order])[np.diff(entity[order]) == 0]
    return bool((step < 0).sum() > NEWEST_FIRST * (step != 0).sum())


def _changes(column: MixedColumn) -> Array:
    """Return bool[n - 1]: whether a cell differs from the one before."""
    values, lacks = column.values, column.missing()
    differs = (values[1:] != values[:-1]) & ~(lacks[1:] & lacks[:-1])
    return np.asarray(differs)


def holds_accounts(data: LearnedInput, partner: str | None) -> bool:
    """Whether the counterparties are accounts, as declared or by their header."""
    if partner is None:
        return False
    said = data.fields.get(partner)
    if said is not None and said.role:
        return said.role == "to_account"
    header = (said.source if said else "") or partner
    return roles([header], "payments").get(header) == "to_account"


def _partners(
    events: MixedTable, parts: EventRoles, names: Sequence[str], is_account: bool
) -> tuple[bool, MixedTable]:
    """Return whether counterparties are entities, and the events with these in front of their words."""
    if parts.partner is None or events[parts.partner].kind != WORD:
        return False, events
    column = events[parts.partner]
    place = {name: at for at, name in enumerate(names)}
    known = np.array([word in place for word in column.words])
    used = column.values[column.values >= 0]
    if not len(used):
        return False, events
    met = int(known.sum())
    accounts = is_account and met >= max(LEAST_SHARED, SHARED_ACCOUNTS * len(names))
    if not accounts and known[used].mean() < SHARED_NAMES:
        return False, events
    outside = [word for word in column.words if word not in place]
    at = {**place, **{word: len(names) + k for k, word in enumerate(outside)}}
    codes = np.array([at[word] for word in column.words] + [-1], dtype=np.int32)
    return True, events.with_columns(
        {parts.partner: MixedColumn(WORD, codes[column.values], (*names, *outside))}
    )


def _said(log: EventLog, sides: TwoSides | None) -> str:
    two = "" if sides is None else f"; amount {sides.into} less {sides.out}, written as two columns again"
    return f"{log.count:,} entities, {log.events.rows:,} events; {ledger_remark(log)}{two}"


def ledger_remark(log: EventLog) -> str:
    """Return which columns play which part, in words; no count of rows."""
    told = ", ".join(f"{part} {name}" for part, name in log.roles.named().items())
    fixed = ", ".join(log.entities.columns) or "none"
    partners = "; counterparties are entities" if log.partner_is_entity else ""
    return f"{told}; attributes {fixed}{partners}"
