"""Words with which ledgers say whether money goes out or comes in, from the side of the account, folded."""

from __future__ import annotations

from collections.abc import Iterable

OUT_WORDS = frozenset((
    "out", "o", "debit", "d", "dr", "db", "dbit", "withdrawal", "outgoing", "paid", "sent", "soll", "s", "-",
    "payment", "lastschrift", "abgang", "ausgang", "belastung", "debe", "cargo", "débito", "debito", "débit",
    "dare", "addebito", "uscita",
))  # fmt: skip
IN_WORDS = frozenset((
    "in", "i", "credit", "c", "cr", "crdt", "deposit", "incoming", "received", "haben", "h", "+",
    "gutschrift", "zugang", "eingang", "haber", "abono", "crédito", "credito", "crédit", "avere",
    "accredito", "entrata",
))  # fmt: skip
_MOST_WORDS = 4


def are_directions(cells: Iterable[str]) -> bool:
    """Tell whether the cells of a column are all words of a direction, of either way at least one."""
    words = {cell.strip().casefold() for cell in cells if cell.strip()}
    return (
        len(words) <= _MOST_WORDS
        and words <= OUT_WORDS | IN_WORDS
        and bool(words & OUT_WORDS)
        and bool(words & IN_WORDS)
    )
