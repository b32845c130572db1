"""Roles of a ledger whose headers alone do not tell it: its one time, its one amount, its entities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from finsim.tables.proposing.lone_roles import TIME_SAID, TIMES, direction_column, fraud_column, time_column
from finsim.tables.proposing.other_sides import OTHER_SAID, other_sides
from finsim.tables.proposing.roles import is_id, names_entity, roles
from finsim.tables.proposing.statements.side_headers import SIDE_ROLES
from finsim.tables.proposing.statements.statement_roles import sided_headers, statement_roles
from finsim.tables.proposing.text_columns import Guess
from finsim.tables.schema import Field

_AMOUNTS, _WORDS = ("money", "float"), ("id", "cat", "int")
_ROWS_AN_ENTITY = 2.0
"""Rows that a payer has on average, from which on a table may be a ledger; as of events (assumption)."""
_FOUND = {
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
    plays = {"date": TIMES, "amount": (*_AMOUNTS, "int"), "from_account": _WORDS}
    found = {
        role: header for header, role in roles(headers, "payments", types).items()
        if header in types and (role not in plays or types[header] in plays[role])
    }  # fmt: skip
    said = []

    def by_header(header: str) -> Sequence[str]:
        return cells(headers.index(header))

    numbers = [header for header in types if types[header] in plays["amount"]]
    if "amount" not in found and (sides := sided_headers(numbers, by_header)):
        found |= dict(zip(SIDE_ROLES, sides, strict=True))
    if "date" not in found:
        named = {header: role for role, header in found.items()}
        several = "from_account" in found and not {"amount", "debit"}.isdisjoint(
            found
        )  # else two times may be those of anything
        header, why = time_column(headers, guesses, named, cells, several)
        if header:
            found["date"] = header
            said.append(TIME_SAID.format(header, "payments", why))
    free = [header for header in types if header not in found.values()]
    alone = {
        "amount": [header for header in free if types[header] in _AMOUNTS],
        "from_account": [
            header for header in free
            if types[header] in _WORDS and is_id(header) and names_entity(header)
            and repeats(cells(headers.index(header)))
        ],
    }  # fmt: skip
    for role, others in alone.items():
        if role not in found and len(others) == 1 and not (role == "amount" and "debit" in found):
            found[role] = others[0]
            said.append(_FOUND[role].format(others[0]))
    lacks = {*plays} - {*found} - ({"amount"} if "debit" in found else set())
    if lacks or not repeats(by_header(found["from_account"])):
        return {}, ()
    named = {header: role for role, header in found.items()}
    able = [header for header in types if types[header] in _WORDS]
    if both := other_sides(named, able, by_header):
        named = {header: role for header, role in named.items() if role != "to_account"}
        named |= {both[0]: "to_account", both[1]: "merchant"}
        said.append(OTHER_SAID.format(*both))
    named |= statement_roles(named, able, by_header)
    if header := direction_column(headers, guesses, named, cells):
        named[header] = "direction"
    if "fraud" not in found and (header := fraud_column(headers, guesses, named, cells)):
        named[header] = "fraud"
    return named, tuple(said)


def repeats(cells: Sequence[str]) -> bool:
    """Tell whether values of a column come twice on average."""
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and len(filled) >= _ROWS_AN_ENTITY * len(set(filled))


def without_payer(fields: Mapping[str, Field]) -> list[str]:
    """Return a doubt about a ledger where no column says who pays, with one that may; else nothing."""
    if any(field.role == "from_account" for field in fields.values()):
        return []
    free = [name for name, field in fields.items() if field.type in _WORDS and not field.role]
    may = next((name for name in free if names_entity(name)), "")
    remedy = f"is it `{may}`?" if may else "give the column of cards, accounts or customers that role"
    return [f"no column is named as who pays (role: from_account), which learning payments needs: {remedy}"]
