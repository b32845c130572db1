"""Roles of a ledger whose headers alone do not tell it: its one time, its one amount, its entities."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from finsim.tables.proposing.roles import is_id, names_entity, roles
from finsim.tables.proposing.text_columns import Guess

_TIMES, _AMOUNTS, _WORDS = ("date", "ts"), ("money", "float"), ("id", "cat", "int")
_ROWS_AN_ENTITY = 2.0
"""Rows that a payer has on average, from which on a table may be a ledger; as of events (assumption)."""
_FOUND = {
    "date": "`{}`: taken for the time of the payments (role: date), as it is the only one",
    "amount": "`{}`: taken for the amount (role: amount), as it alone is money",
    "from_account": "`{}`: taken for who pays (role: from_account), by its name and as its values repeat",
}


def ledger_roles(
    headers: Sequence[str], guesses: Sequence[Guess | None], cells: Callable[[int], Sequence[str]]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return header -> role of a table that its cells show to be a ledger, and doubts; else nothing.

    A ledger has a time, an amount and who pays, with two rows each on average among the ``cells`` that were
    looked at (of a column by its number). What a header means is a role where its type can play it; what
    lacks is the only such column.
    """
    types = {
        header: guess.field.type for header, guess in zip(headers, guesses, strict=True) if guess is not None
    }
    plays = {"date": _TIMES, "amount": (*_AMOUNTS, "int"), "from_account": _WORDS}
    found = {
        role: header for header, role in roles(headers, "payments").items()
        if header in types and (role not in plays or types[header] in plays[role])
    }  # fmt: skip
    free = [header for header in types if header not in found.values()]
    alone = {
        "date": [header for header in free if types[header] in _TIMES],
        "amount": [header for header in free if types[header] in _AMOUNTS],
        "from_account": [
            header for header in free
            if types[header] in _WORDS and is_id(header) and names_entity(header)
            and _repeats(cells(headers.index(header)))
        ],
    }  # fmt: skip
    said = []
    for role, others in alone.items():
        if role not in found and len(others) == 1:
            found[role] = others[0]
            said.append(_FOUND[role].format(others[0]))
    if not set(plays) <= set(found) or not _repeats(cells(headers.index(found["from_account"]))):
        return {}, ()
    return {header: role for role, header in found.items()}, tuple(said)


def _repeats(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and len(filled) >= _ROWS_AN_ENTITY * len(set(filled))
