"""Amounts of a ledger in two columns, learned as one with a sign, and written as two again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import NUMBER, MixedTable
from finsim.tables import Field
from finsim.tables.statements.two_sides import TwoSides, refuse_no_sides, side_headers, two_sides


def one_amount(
    table: MixedTable, parts: EventRoles, fields: Mapping[str, Field]
) -> tuple[MixedTable, EventRoles, TwoSides | None]:
    """Return rows with one amount where debits and credits stand in two columns, and which these are.

    The column of what goes out holds it then, the other is left out. Where a third column is declared to be
    the amount, rows stay as they are. Raises DataError for declared sides of which rows have both, or none.
    """
    headers = side_headers(fields)
    numbers = {
        name: (headers.get(name, name), one.values)
        for name, one in table.columns.items() if one.kind == NUMBER
    }  # fmt: skip
    is_declared = any(each.role == "amount" for each in fields.values())
    sides = two_sides(numbers)
    if sides is None and not is_declared:
        refuse_no_sides(fields, "fit: amount")
    if sides is None or (is_declared and parts.amount not in (sides.out, sides.into)):
        return table, parts, None
    out, into = table[sides.out], table[sides.into]
    steps = [one.step for one in (out, into) if one.step > 0]
    amount = replace(out.with_values(sides.together(out.values, into.values)), step=min(steps, default=0.0))
    table = table.without(sides.into).with_columns({sides.out: amount})
    return table, replace(parts, amount=sides.out), sides


def two_amounts(log: EventLog, sides: TwoSides) -> EventLog:
    """Return sampled events with the amount in the two columns of the ledger."""
    column = log.events[sides.out]
    out, into = sides.apart(column.values)
    cells = {sides.out: column.with_values(out), sides.into: column.with_values(into)}
    return replace(log, events=log.events.with_columns(cells))
