"""Plain twin of ``finsim.records.legs``: a loop over rows and one sort."""

from typing import Any

Leg = tuple[int, Any, int, int, int, int | None, int | None, bool | None]


def legs(rows: list[dict[str, Any]], accounts: list[dict[str, Any]]) -> list[Leg]:
    """Return (account_id, ts, tx_id, signed, balance_after, opening, overdraft, external) of each side."""
    known = {account["account_id"]: account for account in accounts}
    found: list[Leg] = []
    for row in rows:
        if row["status"] != "posted":
            continue
        for side, sign in (("from", -1), ("to", 1)):
            account = known.get(row[f"{side}_account"])
            found.append(
                (
                    row[f"{side}_account"],
                    row["ts"],
                    row["tx_id"],
                    sign * row["amount"],
                    row[f"{side}_balance_after"],
                    account["opening_balance"] if account else None,
                    account["overdraft_limit"] if account else None,
                    account["kind"] == "external" if account else None,
                )
            )
    return sorted(found, key=lambda leg: leg[:3])
