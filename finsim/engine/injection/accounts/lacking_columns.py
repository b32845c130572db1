"""What to write so that a table can carry a narrative: which column, with which role, it would take."""

from __future__ import annotations

from finsim.engine.injection.ledger_columns import LedgerColumns
from finsim.tables import TableSource
from finsim.tables.role_words import NO_ROLE

_MOST_NAMED = 4
_OF_SHOPS, _OF_ACCOUNTS = "merchants", ("accounts (", "outside accounts")
_KINDS = ("current", "business", "merchant", "person", "supplier")
"""Words of accounts that a column of the other side's accounts tells; no column tells savings or cash."""


def remedy(why: str, columns: LedgerColumns, source: TableSource) -> str:
    """Return what to do where a table lacks ``why``, as ``narrative_needs`` words it.

    A column that would tell it is named with its role; where none would, the narrative must be left out.
    """
    parts, least = columns.parts, "leave the narrative out"
    role, holds, beside = "", "", ""
    if why == _OF_SHOPS and "merchant" not in parts:
        role, holds = "merchant", "names the shops that are paid"
        if "to_account" in parts:
            beside = "; it may be empty, or have the holder's name, in rows with an account"
    elif why.startswith(_OF_ACCOUNTS) and "to_account" not in parts and any(one in why for one in _KINDS):
        role, holds = "to_account", "has the account of the other side"
        if "merchant" in parts:
            beside = "; it may be empty in rows that name a shop"
    if not role:
        doing = (
            "no row of the table shows one" if why.startswith(_OF_SHOPS) else "no account of the table is one"
        )
        return f"{doing}: {least}{columns.unless()}"
    free = _free(columns, source)
    say = f"give a column that {holds}, and say so in the schema"
    if free:
        which = f"which of {', '.join(map(repr, free))}" if len(free) > 1 else f"whether {free[0]!r}"
        say = f"say in the schema {which} {holds}"
    name = free[0] if len(free) == 1 else "COLUMN"
    line = f"`{name}: {{type: id, role: {role}, null: true}}`"
    return f"{say}: {line}{beside}; or {least}{columns.unless()}"


def _free(columns: LedgerColumns, source: TableSource) -> list[str]:
    """Return headers of columns that play no part and may hold names, a few of them."""
    taken = {part.header for part in columns.parts.values()}
    for name, header in source.bound.items():
        field = source.fields[name]
        if field.type not in ("id", "cat") or field.role not in ("", NO_ROLE):
            taken.add(header)
    return [header for header in source.headers if header not in taken][:_MOST_NAMED]
