"""Roles that cells tell where headers do not: the only time of a table, and which way money goes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from finsim.tables.direction_words import are_directions
from finsim.tables.proposing.ledger_headers import FRAUD_PARTS
from finsim.tables.proposing.other_sides import OTHER_SAID, other_sides
from finsim.tables.proposing.roles import folded, is_id, names_entity
from finsim.tables.proposing.statements.statement_roles import statement_roles
from finsim.tables.proposing.text_columns import Guess

TIMES = ("date", "ts")
_TIMED = ("payments", "prices")  # kinds that need a time; the day of a loan is found by ``loan_roles``
_UNITS = (1.0, 1e3, 1e6, 1e9)  # of seconds since 1970
_FROM, _TO = 1.1e9, 2.2e9  # 2004 to 2039: earlier numbers of ten digits are counters as often (assumption)
_NO = {"n", "no", "non", "nein"}
_WEEK, _LEAST = 604_800.0, 10
TIME_SAID = "`{}`: taken for the time of the {} (role: date), as {}"
_ONLY, _FIRST, _COUNTED = (
    "it is the only one", "it is the first of several", "its numbers look like a time since 1970",
)  # fmt: skip


def lone_roles(
    headers: Sequence[str], guesses: Sequence[Guess | None], named: Mapping[str, str], kind: str,
    cells: Callable[[int], Sequence[str]],
) -> tuple[dict[str, str], tuple[str, ...]]:  # fmt: skip
    """Return header -> role of columns that the headers of a known kind leave out, and doubts.

    ``named`` is what headers mean; ``cells`` those that were looked at, of a column by its number. A word
    such as Type may mean a channel: one of credit and debit alone is the direction.
    """
    found: dict[str, str] = {}
    said: tuple[str, ...] = ()
    if kind in _TIMED and "date" not in named.values():
        header, why = time_column(headers, guesses, named, cells, several=True)
        if header:
            found[header], said = "date", (TIME_SAID.format(header, kind, why),)
    if kind == "payments":
        able = [
            header for header, guess in zip(headers, guesses, strict=True)
            if guess is not None and guess.field.type in ("id", "cat", "int")
        ]  # fmt: skip
        both = other_sides(named, able, lambda header: cells(headers.index(header)))
        if both:
            found |= {both[0]: "to_account", both[1]: "merchant"}
            said = (*said, OTHER_SAID.format(*both))
        found |= statement_roles({**named, **found}, able, lambda header: cells(headers.index(header)))
    if kind == "payments" and "direction" not in named.values():
        header = direction_column(headers, guesses, {**named, **found}, cells)
        if header:
            found[header] = "direction"
    if kind == "payments" and "fraud" not in named.values():
        header = fraud_column(headers, guesses, {**named, **found}, cells)
        if header:
            found[header] = "fraud"
    return found, said


def fraud_column(
    headers: Sequence[str], guesses: Sequence[Guess | None], named: Mapping[str, str],
    cells: Callable[[int], Sequence[str]],
) -> str:  # fmt: skip
    """Return the one flag whose header speaks of fraud, such as Betrugsverdacht; "" where none or several."""
    found = [
        header for at, (header, guess) in enumerate(zip(headers, guesses, strict=True))
        if guess is not None and header not in named and headers.count(header) == 1
        and any(part in folded(header) for part in FRAUD_PARTS)
        and (guess.field.type == "bool" or _is_flag(cells(at)))
    ]  # fmt: skip
    return found[0] if len(found) == 1 else ""


def _is_flag(cells: Sequence[str]) -> bool:
    """Tell whether cells are 0 and 1, or one word of a flag whose other word is further down."""
    seen = {cell.strip().casefold() for cell in cells if cell.strip()}
    return bool(seen) and (seen <= {"0", "1"} or (len(seen) == 1 and seen <= _NO))


def time_column(
    headers: Sequence[str], guesses: Sequence[Guess | None], named: Mapping[str, str],
    cells: Callable[[int], Sequence[str]], several: bool = False,
) -> tuple[str, str]:  # fmt: skip
    """Return the only column of times without a role, and why; two empty texts where there is none.

    Of ``several`` the first. Where no column has times, numbers that count from 1970 are looked for.
    """
    free = [
        (at, header, guess) for at, (header, guess) in enumerate(zip(headers, guesses, strict=True))
        if guess is not None and header not in named and headers.count(header) == 1
    ]  # fmt: skip
    times = [header for _, header, guess in free if guess.field.type in TIMES]
    if len(times) == 1 or (times and several):
        return times[0], _ONLY if len(times) == 1 else _FIRST
    if times:
        return "", ""
    counted = [
        header for at, header, guess in free
        if guess.field.type in ("int", "float") and not is_id(header) and _counts_from_1970(cells(at))
    ]  # fmt: skip
    return (counted[0], _COUNTED) if len(counted) == 1 else ("", "")


def direction_column(
    headers: Sequence[str], guesses: Sequence[Guess | None], named: Mapping[str, str],
    cells: Callable[[int], Sequence[str]],
) -> str:  # fmt: skip
    """Return the one column of words for in and out; "" where there is none, or several.

    Debit and credit beside a merchant are kinds of cards.
    """
    at_shops = "merchant" in named.values()
    found = [
        header for at, (header, guess) in enumerate(zip(headers, guesses, strict=True))
        if guess is not None and guess.field.type in ("cat", "id", "bool")
        and named.get(header, "channel") == "channel" and not names_entity(header)
        and are_directions(cells(at)) and not (at_shops and _kinds_of_cards(cells(at)))
    ]  # fmt: skip
    return found[0] if len(found) == 1 else ""


def _kinds_of_cards(cells: Sequence[str]) -> bool:
    return {cell.strip().casefold() for cell in cells if cell.strip()} == {"credit", "debit"}


def _counts_from_1970(cells: Sequence[str]) -> bool:
    """Tell whether numbers are times since 1970 in some unit: over a week or more, not counted on."""
    try:
        values = [float(cell) for cell in cells if cell.strip()]
    except ValueError:
        return False
    if len(values) < _LEAST or not all(map(math.isfinite, values)):
        return False
    low, high = min(values), max(values)
    for unit in _UNITS:
        if low >= _FROM * unit and high <= _TO * unit:
            return high - low >= _WEEK * unit and high - low > 2 * len(values)
    return False
