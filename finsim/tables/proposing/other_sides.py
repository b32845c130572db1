"""Which of two columns is the account of the other side, and which the name: in a ledger that has both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from finsim.tables.proposing.roles import SYNONYMS, folded

_LEAST = 0.05  # assumption: share of rows with a name and no account from which on names stand for themselves
OTHER_SAID = "`{}`, `{}`: rows without an account name a shop, so one is the account, the other the name"


def other_sides(
    named: Mapping[str, str], able: Sequence[str], cells: Callable[[str], Sequence[str]]
) -> tuple[str, str] | None:
    """Return the header of accounts and that of names, None where a ledger has not both.

    Both headers mean who is paid, and rows without an account have a name; ``able`` are columns that can
    play such a part.
    """
    if "merchant" in named.values():
        return None
    words = SYNONYMS["payments"]["to_account"]
    free = [header for header in able if named.get(header, "to_account") == "to_account"]
    meant = [header for header in free if folded(header) in words]
    for account in meant:
        for name in meant:
            if account == name:
                continue
            pairs = [
                (one.strip(), other.strip()) for one, other in zip(cells(account), cells(name), strict=False)
            ]
            alone = sum(1 for one, other in pairs if other and not one)
            both = sum(1 for one, other in pairs if other and one)
            if both and alone >= _LEAST * len(pairs):
                return account, name
    return None
