"""Which of two columns is the account of the other side, and which the name: in a ledger that has both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from finsim.tables.proposing.roles import names_account, names_payee
from finsim.tables.proposing.statements.statement_roles import are_names

_LEAST = 0.05  # assumption: share of rows with a name and no account from which on names stand for themselves
OTHER_SAID = "`{}`, `{}`: rows without an account name a shop, so one is the account, the other the name"


def other_sides(
    named: Mapping[str, str], able: Sequence[str], cells: Callable[[str], Sequence[str]]
) -> tuple[str, str] | None:
    """Return the header of accounts and that of names, None where a ledger has not both.

    Both headers mean who is paid, or that of accounts is one beside that of the payer; rows without an
    account have a name. ``able`` are columns that can play such a part. Numbers are no names of words.
    """
    if "merchant" in named.values():
        return None
    free = [header for header in able if named.get(header, "to_account") == "to_account"]
    meant = [header for header in free if names_payee(header)]
    accounts = sorted(
        (header for header in free if header in meant or names_account(header)),
        key=lambda header: (header not in meant, not names_account(header)),
    )
    seen = {header: {cell.strip() for cell in cells(header) if cell.strip()} for header in accounts}
    own = {cell.strip() for header, role in named.items() if role == "from_account" for cell in cells(header)}
    words = {header for header in accounts if are_names(seen[header], own)}
    for account in accounts:
        for name in meant:
            if account == name or (account in words and name not in words):
                continue
            if account not in meant and account in words:
                continue
            pairs = [
                (one.strip(), other.strip()) for one, other in zip(cells(account), cells(name), strict=False)
            ]
            alone = sum(1 for one, other in pairs if other and not one)
            both = sum(1 for one, other in pairs if other and one)
            if both and alone >= _LEAST * len(pairs):
                return account, name
    return None
