"""The roles that a schema may give a column: the one list, by kind of table, that all readers share."""

from __future__ import annotations

from collections.abc import Mapping

BARS = ("open", "high", "low", "close")
SIDES = ("bid", "ask")

_BY_KIND: Mapping[str, tuple[str, ...]] = {
    "prices": (
        "date", "ticker", *BARS, "adjusted", "volume", *SIDES, "path",
        *(f"{side}_{bar}" for side in SIDES for bar in BARS),
    ),
    "payments": (
        "date", "amount", "debit", "credit", "currency", "from_account", "to_account", "merchant", "channel",
        "category", "purpose", "direction", "balance", "id", "fraud",
    ),
    "loans": (
        "amount", "balance", "rate", "term", "opened", "outcome", "id", "obligor", "pd", "lgd", "ead",
        "months_on_book", "grade", "sector", "class", "purpose", "collateral", "currency", "income", "age",
    ),
}  # fmt: skip
ROLES: Mapping[str, tuple[str, ...]] = {
    **_BY_KIND,
    "table": tuple(dict.fromkeys(role for listed in _BY_KIND.values() for role in listed)),
}
"""Kind of table -> its roles; any table may have them all."""
NO_ROLE = "none"
"""Declared of a column that plays no part, whatever its header means."""
