"""Numbers that count the rows of a ledger, whatever their header: identifiers, one for each row."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from finsim.tables.proposing.roles import is_time
from finsim.tables.proposing.text_columns import Guess

_SAID = "`{}` counts the rows: taken for their number (type: id); a quantity is type: int"
_OWN = "`{}` counts the rows: taken for their number (role: id)"
_LEAST = 30
"""Rows from which on numbers that follow each other are no chance (assumption)."""


def numbered(
    headers: Sequence[str], guesses: Sequence[Guess | None], cells: Callable[[int], Sequence[str]]
) -> list[Guess | None]:
    """Return the guesses of a ledger, in which numbers that count its rows, or are called ids, are ids."""
    found: list[Guess | None] = []
    for at, (header, guess) in enumerate(zip(headers, guesses, strict=True)):
        if guess is not None and guess.field.type in ("int", "float") and not is_time(header):
            values = _own_numbers(cells(at))
            named = guess.field.role == "id"
            if values and (named or (not guess.field.role and _follow(values))):
                said = () if named else (_SAID.format(header),)
                guess = Guess(replace(guess.field, type="id", unit=""), said)
        found.append(guess)
    return _with_id(headers, found, cells)


def _with_id(
    headers: Sequence[str], guesses: list[Guess | None], cells: Callable[[int], Sequence[str]]
) -> list[Guess | None]:
    """Return the guesses, the first identifier that counts the rows as theirs where no column is."""
    if any(guess is not None and guess.field.role == "id" for guess in guesses):
        return guesses
    for at, (header, guess) in enumerate(zip(headers, guesses, strict=True)):
        if guess is not None and guess.field.type == "id" and not guess.field.role:
            values = _own_numbers([re.sub(r"^\D+", "", cell) for cell in cells(at)])
            if values and _follow(values):
                said = () if guess.doubts else (_OWN.format(header),)
                guesses[at] = replace(guess, field=replace(guess.field, role="id")).said(*said)
                break
    return guesses


def _own_numbers(cells: Sequence[str]) -> list[float]:
    """Return whole numbers, of which each row has its own; nothing where they are not."""
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        return []
    return values if len(set(values)) == len(values) and all(one.is_integer() for one in values) else []


def _follow(values: Sequence[float]) -> bool:
    """Tell whether numbers follow each other by one from the first row on; behind those may be any."""
    return len(values) >= _LEAST and all(values[at] == values[0] + at for at in range(_LEAST))
