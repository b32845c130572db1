"""Headers of a tape that its cells tell apart: a rate of interest or an instalment, a number or words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

INSTALMENT, WORDS = "instalment", "words"
"""What a column is by its cells, where its header alone would give it another role."""
NUMBERS = ("amount", "balance", "rate", "term", "pd", "lgd", "ead", "income", "age", "months_on_book")
"""Roles of numbers: a column of words has none of them, whatever its header (Tipo: a kind of loan)."""
_LEAST_PAID, _MOST_PAID, _SPREAD = 0.95, 4.0, 2.5
"""All instalments together are 1 to 4 times the amount lent in nine rows of ten, and alike (assumption)."""
_LEAST_ROWS, _MOST_YEARS = 10, 40.0
"""Rows that must be seen; a tape whose terms are all at most 40 may state years (assumptions)."""
_NO_RATE, _NO_POINTS = 60.0, 2_000.0
"""A median above this is neither a percentage, nor basis points where a header says so (assumptions)."""
_POINTS = re.compile(r"(?<![a-z])(bp|bps|basis|basispunkte?)(?![a-z])", re.I)


def told_types(named: Mapping[str, str], cells: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return header -> what its cells are, of columns that cannot play the role that their header means.

    ``named`` : header -> role. The German Rate is an instalment: with a term of months and an amount in the
    same rows, all instalments together are a little more than the amount; without them the median tells.
    """
    found: dict[str, str] = {}
    by_role = {role: header for header, role in named.items()}
    for header, role in named.items():
        if role in NUMBERS and _are_words(cells[header]):
            found[header] = WORDS
        elif role == "rate" and _is_instalment(header, cells, by_role):
            found[header] = INSTALMENT
    return found


def _are_words(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and sum(any(sign.isdigit() for sign in cell) for cell in filled) < 0.5 * len(filled)


def _is_instalment(header: str, cells: Mapping[str, Sequence[str]], by_role: Mapping[str, str]) -> bool:
    if any("%" in cell for cell in cells[header]):
        return False
    rates = [number_of(cell) for cell in cells[header]]
    if {"amount", "term"} <= by_role.keys():
        others = ([number_of(cell) for cell in cells[by_role[role]]] for role in ("amount", "term"))
        rows = [row for row in zip(rates, *others, strict=False) if not math.isnan(sum(row)) and min(row) > 0]
        if len(rows) >= _LEAST_ROWS and _repays(rows):
            return True
    known = sorted(rate for rate in rates if not math.isnan(rate))
    most = _NO_POINTS if _POINTS.search(header) else _NO_RATE
    return bool(known) and known[len(known) // 2] > most


def _repays(rows: Sequence[tuple[float, float, float]]) -> bool:
    """Tell whether sums, amounts and terms of loans are instalments: all together much the same multiple."""
    years = 12.0 if max(term for _, _, term in rows) <= _MOST_YEARS else 1.0
    for months in {1.0, years}:
        paid = sorted(one * term * months / amount for one, amount, term in rows)
        low, high = paid[int(0.05 * len(paid))], paid[int(0.95 * len(paid))]
        if low >= _LEAST_PAID and high <= min(_MOST_PAID, _SPREAD * low):
            return True
    return False


def number_of(cell: str) -> float:
    """Return a cell as a number whatever its signs; NaN for words.

    The last of two signs, or one that is not before three digits, is the decimal sign.

    Example:
        >>> number_of("1.234,50"), number_of("6,72 %"), number_of("12,000"), number_of("0.125")
        (1234.5, 6.72, 12000.0, 0.125)

    """
    bare = re.sub(r"[^\d.,+-]", "", cell)
    last = max(bare.rfind("."), bare.rfind(","))
    if last >= 0:
        two = {"." in bare[:last], "," in bare[:last]} == {True, False} and bare[last] not in bare[:last]
        alone = not set(".,") & set(bare[:last])
        decimal = two or (alone and (len(bare) - last != 4 or bare[:last].strip("+-0") == ""))
        head = re.sub(r"[.,]", "", bare[:last])
        bare = f"{head}.{bare[last + 1 :]}" if decimal else head + bare[last + 1 :]
    try:
        return float(bare)
    except ValueError:
        return math.nan
