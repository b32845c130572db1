"""What two sides are compared as: bars, a table, or events of entities over time."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from finsim.evaluation.tables.column_pairs import Roles
from finsim.tables import Field
from finsim.tables.proposing.roles import kind_of, roles

BARS, TABLE, EVENTS = "bars", "table", "events"
KINDS = (BARS, TABLE, EVENTS)
ROWS_AN_ENTITY = 2.0
MOST_LACKING = 0.1
"""Share of rows without a day up to which a table of prices is one; assumption."""
_NUMBERS = ("int", "float", "ratio", "money")


def says_bars(fields: Mapping[str, Field], kind: str, headers: list[str]) -> bool:
    """Whether a schema, or the headers without doubt, say that a table holds prices."""
    if kind == "prices" and kind_of(headers) == "prices":
        return True
    declared = {each.role for each in fields.values() if each.role}
    priced = any(each.as_ for each in fields.values()) or "close" in declared
    return priced or (kind == TABLE and kind_of(headers) == "prices")


def is_bars(fields: Mapping[str, Field], headers: list[str]) -> bool:
    """Whether columns may be a panel of prices: a date, and numbers that do not speak of loans or payments.

    A date and numbers called balance, income or age are a table.
    """
    columns = list(fields.values())
    dates = [each for each in columns if each.type in ("date", "ts")]
    numbers = [each for each in columns if each.type in _NUMBERS]
    if len(dates) != 1 or len(columns) != len(numbers) + 1 or not numbers:
        return False
    floats = {each.source or name for name, each in fields.items() if each.type == "float"}
    known = {
        role
        for kind in ("loans", "payments")
        for header, role in roles(headers, kind).items()
        if not (role == "outcome" and header in floats)  # a series called Y: no outcome has decimals
    }
    return not known - {"date", "opened"}


def is_series(real: pa.Table, time: str | None) -> bool:
    """Whether each row has a day of its own, in order, as rows of prices have; a few may lack theirs.

    Prices refuse such rows, each by its place.
    """
    if time is None or real.num_rows < 2 or real[time].null_count > MOST_LACKING * real.num_rows:
        return False
    days = real[time].drop_null().combine_chunks()
    steps = pc.pairwise_diff(pc.cast(pc.cast(days, pa.timestamp("us"), safe=False), pa.int64()))
    signs = set(pc.unique(pc.sign(steps.slice(1))).to_pylist())
    return signs in ({1}, {-1})


def is_events(real: pa.Table, chosen: Roles) -> bool:
    """Whether entities have several rows over time."""
    if chosen.id is None or chosen.time is None:
        return False
    known = len(pc.unique(real[chosen.id].drop_null()))
    return known > 0 and real.num_rows / known >= ROWS_AN_ENTITY
