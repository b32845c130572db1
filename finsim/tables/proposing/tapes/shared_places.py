"""Codes of places that rows share: an area of postcodes is a category, no number of a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from finsim.tables.header_abbreviations import header_words
from finsim.tables.proposing.text_columns import Guess

_PLACES = frozenset((
    "plz", "zip", "zip3", "zipcode", "postcode", "postal", "postleitzahl", "postleitzahlen", "postleitzone",
    "postleitregion", "leitzone", "postnummer", "codepostal", "codigopostal", "cap", "cep", "pincode",
    "plzgebiet", "plzbereich", "plzregion",
))  # fmt: skip
_SHARED, _LEAST = 3, 20
"""Rows a code from which it is shared, and rows that must be seen (assumptions)."""


def with_places(
    headers: Sequence[str], guesses: Sequence[Guess | None], cells: Callable[[int], Sequence[str]]
) -> list[Guess | None]:
    """Return the guesses, codes of places that three rows share on average as categories."""
    return [
        replace(guess, field=replace(guess.field, type="cat"))
        if guess is not None and guess.field.type == "id" and not guess.field.role
        and _PLACES & set(header_words(header)) and _are_shared(cells(at)) else guess
        for at, (header, guess) in enumerate(zip(headers, guesses, strict=True))
    ]  # fmt: skip


def _are_shared(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return len(filled) >= _LEAST and len(filled) >= _SHARED * len(set(filled))
