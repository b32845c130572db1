"""Headers of the two columns of an amount: Soll and Haben, Paid out and Paid in."""

from __future__ import annotations

from finsim.tables.direction_words import IN_WORDS, OUT_WORDS
from finsim.tables.proposing.header_units import without_unit
from finsim.tables.proposing.roles import folded

ONE_FILLED, LEAST_FILLED = 0.98, 0.005
"""Share of rows with exactly one of two sides, and of rows that each side has (assumptions)."""
_BESIDE = (
    "amount", "amounts", "amt", "betrag", "importe", "montant", "importo", "valor", "bedrag", "umsatz",
    "value", "eur", "usd", "gbp", "chf", "sek", "nok", "dkk", "pln", "brl", "mxn",
)  # fmt: skip
_OUT = frozenset(folded(word) for word in OUT_WORDS) | frozenset((
    "debits", "debitos", "cargos", "withdrawals", "paidout", "moneyout", "payments", "belastungen",
    "lastschriften", "ausgaben", "ausgange", "auszahlung", "addebiti", "uscite", "depenses", "gastos",
    "uitgaven", "af", "withdrawn", "spent", "debited",
))  # fmt: skip
_IN = frozenset(folded(word) for word in IN_WORDS) | frozenset((
    "credits", "creditos", "abonos", "deposits", "paidin", "moneyin", "receipts", "gutschriften",
    "einnahmen", "eingange", "einzahlung", "accrediti", "entrate", "recettes", "ingresos", "inkomsten",
    "bij", "deposited", "credited",
))  # fmt: skip
SIDE_ROLES = ("debit", "credit")
_SHORT = 2
"""Letters that a header must have to be a side: D and H are codes of rows."""


def side_of(header: str) -> int:
    """Return -1 for a header of what goes out, 1 of what comes in, 0 of anything else."""
    if "/" in header:  # Withdrawals/Debits is one side twice, Debit/Credit none
        parts = {side_of(part) for part in header.split("/")}
        return parts.pop() if len(parts) == 1 else 0
    bare = without_unit(header)
    words = [folded(word) for word in bare.replace("(", " ").replace("_", " ").replace(".", " ").split()]
    whole = "".join(word for word in words if word not in _BESIDE)
    if len(whole) < _SHORT:
        return 0
    return -1 if whole in _OUT else 1 if whole in _IN else 0
