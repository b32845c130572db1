"""What was known on a day: labels that banks had by then, alerts and claims as they stood."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.records.columns import DAY

NEEDED = ("known_on", "known_by", "from_account", "to_account")
"""Columns of a payment that its labels of a day are told from."""
_STORY = {"narrative": None, "instance": -1, "phase": None, "role": None, "taint": 0.0, "purpose": None}
"""What stands in a row that nobody held for illicit; investigators find the story of the others."""
_LATER = {
    "case_opened": ("case_opened",), "closed": ("closed", "outcome"), "ended": ("ended", "end_reason"),
    "valid_to": ("valid_to",), "dormant": ("dormant",),
}  # fmt: skip
_BEGUN = ("raised", "reported", "issued", "opened", "since", "valid_from", "date")


def known_labels(table: pa.Table, day: date) -> pa.Table:
    """Return payments with the labels of the end of a day: fraud by claims and alerts, laundering by reports.

    Taint and purpose are unknown in any case.
    """
    known = _by(table["known_on"], day)
    by_report = pc.fill_null(pc.equal(table["known_by"], "sar"), False)
    told = {
        "is_fraud": pc.and_(known, pc.invert(by_report)),
        "is_laundering": pc.and_(known, by_report),
        "known_on": pc.if_else(known, table["known_on"], pa.scalar(None, DAY)),
        "known_by": pc.if_else(known, table["known_by"].cast(pa.string()), None),
    }
    for name in set(_STORY) & set(table.column_names):
        kind = table.schema.field(name).type
        plain = kind.value_type if pa.types.is_dictionary(kind) else kind
        unknown = pa.scalar(_STORY[name], plain)
        if name in ("taint", "purpose"):
            told[name] = pa.repeat(unknown, table.num_rows)
        else:
            told[name] = pc.if_else(known, table[name].cast(plain), unknown)
    for name, column in told.items():
        if name in table.column_names:
            field = pa.field(name, table.schema.field(name).type)
            if pa.types.is_dictionary(field.type):
                column = column.cast(pa.string()).dictionary_encode()
            table = table.set_column(table.column_names.index(name), field, column.cast(field.type))
    return table


def hidden_from(table: pa.Table, bank: int, named: pa.Array) -> pa.Table:
    """Return payments without what only other banks found: ``named`` are the accounts of its own reports.

    A claim reaches both banks; a confirmed alert is known to the payer's, a report to the one that filed it.
    """
    by_report, by_alert = (pc.fill_null(pc.equal(table["known_by"], way), False) for way in ("sar", "alert"))
    sides = [pc.is_in(table[name], named) for name in ("from_account", "to_account")]
    hidden = pc.or_(
        pc.and_(by_report, pc.invert(pc.or_(*sides))),
        pc.and_(by_alert, pc.not_equal(table["from_bank"], bank)),
    )
    place, field = table.column_names.index("known_on"), table.schema.field("known_on")
    seen = pc.if_else(hidden, pa.scalar(None, field.type), table["known_on"])
    return table.set_column(place, field, seen)


def as_stood(table: pa.Table, day: date) -> pa.Table:
    """Return what has days of its own as it stood at the end of a day: what came later is empty."""
    begun = next(name for name in _BEGUN if name in table.column_names)
    table = table.filter(_by(table[begun], day))
    for date_column, columns in _LATER.items():
        if date_column not in table.column_names:
            continue
        known = _by(table[date_column], day)
        for name in columns:
            place, kind = table.column_names.index(name), table.schema.field(name).type
            plain = kind.value_type if pa.types.is_dictionary(kind) else kind
            kept = pc.if_else(known, table[name].cast(plain), pa.scalar(None, plain))
            table = table.set_column(place, pa.field(name, plain), kept)
    return table


def named_by(table: pa.Table, day: date) -> pa.Table:
    """Return the accounts that a bank held for a part of a scheme, or blocked, by the end of a day."""
    known = {name: _by(table[name], day) for name in ("known_on", "blocked_on")}
    for name, by_then in known.items():
        place, field = table.column_names.index(name), table.schema.field(name)
        kept = pc.if_else(by_then, table[name], pa.scalar(None, field.type))
        table = table.set_column(place, field, kept)
    return table.filter(pc.or_(*known.values()))


def _by(column: pa.ChunkedArray, day: date) -> pa.ChunkedArray:
    end = pa.scalar(np.datetime64(day, "D").astype("datetime64[us]").astype(object), DAY)
    return pc.fill_null(pc.less_equal(column.cast(DAY), end), False)
