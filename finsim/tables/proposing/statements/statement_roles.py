"""Roles of a bank statement that its cells tell: two columns of the amount, the other side, kinds of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from finsim.tables.proposing.ledger_headers import BOTH_PARTIES
from finsim.tables.proposing.roles import folded, names_payee
from finsim.tables.proposing.statements.side_headers import LEAST_FILLED, ONE_FILLED, SIDE_ROLES, side_of
from finsim.tables.proposing.text_columns import Guess

_KIND_WORDS = frozenset(("buchungstext", "bookingtext", "vorgang", "umsatztext"))
"""Headers of how money moved in some banks, and of a remark in others."""
_MOST_KINDS, _ROWS_A_KIND = 60, 20.0  # assumptions: kinds of bookings, and rows that each has on average
_OWN_ACCOUNTS, _DIGITS = 0.05, 4  # assumptions: share of values that are own accounts; digits of an account
SIDES_SAID = "`{0}`, `{1}`: the amount in two columns, what goes out and what comes in (roles: debit, credit)"


def sided_headers(headers: Sequence[str], cells: Callable[[str], Sequence[str]]) -> tuple[str, str] | None:
    """Return the headers of what goes out and of what comes in, None for none; cells as they are written.

    Rows have one side, not both; a side of 0 is none (as ``two_sides`` has it of numbers).
    """
    sides = {header: side_of(header) for header in headers}
    for out in (header for header, side in sides.items() if side < 0):
        for into in (header for header, side in sides.items() if side > 0):
            pairs = [
                (_is_sum(one), _is_sum(other)) for one, other in zip(cells(out), cells(into), strict=False)
            ]
            if (
                pairs
                and sum(one != other for one, other in pairs) >= ONE_FILLED * len(pairs)
                and min(sum(side) for side in zip(*pairs, strict=True)) >= LEAST_FILLED * len(pairs)
            ):
                return out, into
    return None


def _is_sum(cell: str) -> bool:
    """Tell whether a cell is a number but 0: text is none, such as the words of a direction."""
    return any(sign in "123456789" for sign in cell)


def statement_roles(
    named: Mapping[str, str], able: Sequence[str], cells: Callable[[str], Sequence[str]]
) -> dict[str, str]:
    """Return header -> role where cells tell more than headers, of the columns of words ``able``.

    Who is on the other side of a statement is a merchant where it is named, to_account where it has a number;
    of a name and a number in every row the number is who is paid, and the name plays no part.
    A column of few words that may be a remark is the channel.
    """
    found: dict[str, str] = {}
    by_role = {role: header for header, role in named.items()}
    party, own = by_role.get("to_account"), by_role.get("from_account")
    is_statement = "debit" in by_role or (party is not None and folded(party) in BOTH_PARTIES)
    if party in able and "merchant" not in by_role:
        accounts = _values(cells(own)) if own is not None else set()
        if are_names(_values(cells(str(party))), accounts):
            numbers = [
                header for header in able
                if not named.get(header) and header != own and names_payee(header)
                and (seen := _values(cells(header))) and not are_names(seen, accounts)
            ]  # fmt: skip
            if numbers:  # every account has its holder's name beside it
                found |= {numbers[0]: "to_account", str(party): ""}
            elif is_statement:
                found[str(party)] = "merchant"
    if "channel" not in by_role:
        few = [
            header for header in able
            if named.get(header, "purpose") == "purpose" and folded(header) in _KIND_WORDS
            and _are_kinds(cells(header))
        ]  # fmt: skip
        found |= dict.fromkeys(few[:1], "channel")
    return found


def told_sides(headers: Sequence[str], guesses: Sequence[Guess | None]) -> list[Guess | None]:
    """Return the guesses, those of two sides with one doubt for both: what they are, and their currency."""
    at = {
        each.field.role: place for place, each in enumerate(guesses) if each and each.field.role in SIDE_ROLES
    }
    told = list(guesses)
    if len(at) < len(SIDE_ROLES):
        return told
    out, into = (told[at[side]] for side in SIDE_ROLES)
    assert out is not None
    assert into is not None
    said = {doubt.replace(headers[at["debit"]], headers[at["credit"]]) for doubt in out.doubts}
    told[at["credit"]] = replace(into, doubts=tuple(one for one in into.doubts if one not in said))
    both = SIDES_SAID.format(*(headers[at[side]] for side in SIDE_ROLES))
    told[at["debit"]] = replace(out, doubts=(both, *out.doubts))
    return told


def _values(cells: Sequence[str]) -> set[str]:
    return {cell.strip() for cell in cells if cell.strip()}


def are_names(seen: set[str], accounts: set[str]) -> bool:
    """Tell whether most values are words, and few of them accounts of the statement itself."""
    if not seen or len(seen & accounts) >= _OWN_ACCOUNTS * len(seen):
        return False
    numbers = 0
    for one in seen:
        letters = [sign for sign in one if sign.isalnum()]
        digits = sum(sign.isdigit() for sign in letters)
        numbers += digits >= _DIGITS and 2 * digits >= len(letters)
    return 2 * numbers < len(seen)


def _are_kinds(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    kinds = len(set(filled))
    return 0 < kinds <= min(_MOST_KINDS, len(filled) / _ROWS_A_KIND)
