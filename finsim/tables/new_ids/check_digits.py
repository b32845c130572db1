"""Check digits inside identifiers: found where all known ones have them, and right in new ones.

IBAN and creditor references (two letters, two check digits, the rest; ISO 13616, ISO 11649: modulus 97-10
of ISO 7064), legal entity identifiers (check digits at the end; ISO 17442), and numbers of cards whose last
digit is that of Luhn (ISO/IEC 7812-1). They may stand in groups of four with blanks or dashes between: the
kind then ends with that sign.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

IBAN, ENTITY, LUHN, NONE = "iban", "lei", "luhn", ""
LEAST = 20
"""Different identifiers from which on check digits are found (assumption: by chance one in 97 is right)."""
GROUP, _BETWEEN = 4, (" ", "-")
_FORMS = {
    IBAN: re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{4,30}"),
    ENTITY: re.compile(r"[0-9A-Z]{18}[0-9]{2}"),
    LUHN: re.compile(r"[0-9]{12,19}"),
}


def check_of(known: Sequence[str]) -> str:
    """Return the kind of check digits that all known identifiers have, ``NONE`` for none."""
    words = list(dict.fromkeys(known))
    if len(words) < LEAST:
        return NONE
    apart = next((sign for sign in _BETWEEN if sign in words[0]), "")
    for kind, form in _FORMS.items():
        grouped = kind + apart
        if all(
            form.fullmatch(plain := word.replace(apart, "") if apart else word)
            and checked(bare(plain, kind), grouped) == word
            for word in words
        ):
            return grouped
    return NONE


def bare(word: str, kind: str) -> str:
    """Return an identifier without its check digits, and without what stands between groups."""
    kind, apart = _parted(kind)
    word = word.replace(apart, "") if apart else word
    if kind == IBAN:
        return word[:2] + word[4:]
    return word[:-2] if kind == ENTITY else word[:-1] if kind == LUHN else word


def checked(word: str, kind: str) -> str:
    """Return an identifier with its check digits, from one without them."""
    kind, apart = _parted(kind)
    if apart:
        whole = checked(word, kind)
        return apart.join(whole[at : at + GROUP] for at in range(0, len(whole), GROUP))
    if kind == IBAN:
        return f"{word[:2]}{98 - _rest(f'{word[2:]}{word[:2]}00'):02d}{word[2:]}"
    if kind == ENTITY:
        return f"{word}{98 - _rest(f'{word}00'):02d}"
    return f"{word}{luhn(word)}" if kind == LUHN else word


def _parted(kind: str) -> tuple[str, str]:
    """Return the kind of check digits, and the sign between groups."""
    return (kind[:-1], kind[-1]) if kind and kind[-1] in _BETWEEN else (kind, "")


def luhn(digits: str) -> int:
    """Return the digit that makes the sum of Luhn a multiple of ten; every second digit counts twice."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 * (value > 9)
    return -total % 10


def _rest(word: str) -> int:
    """Return the rest modulo 97 of a text whose letters stand for 10 to 35."""
    return int("".join(str(int(sign, 36)) for sign in word)) % 97
