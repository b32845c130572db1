"""What banks come to know of a world, worked out again from its tables, one payment at a time."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

CARDS = ("card_present", "card_not_present")
DAY = pd.Timedelta("1D")


def parties(rows: pd.DataFrame, accounts: pd.DataFrame, unreported: set[tuple[str, str]]) -> dict:
    """Return (scheme, account) -> labelled posted payments in which it is inside, no shop and in on it."""
    kind = dict(zip(accounts["account_id"], accounts["kind"].astype(str), strict=True))
    found = defaultdict(list)
    labelled = rows["is_fraud"] | rows["is_laundering"]
    for row in rows[labelled & (rows["status"] == "posted")].itertuples():
        wanted = (row.narrative, row.phase) in unreported
        sides = [row.to_account, *([row.from_account] if wanted or not row.is_fraud else [])]
        for account in sides:
            if kind[account] not in ("merchant", "external"):
                found[row.instance, account].append(row)
    return found


def known(rows: pd.DataFrame, alerts: pd.DataFrame, reports: pd.DataFrame, parts: dict) -> dict[int, tuple]:
    """Return tx_id -> the first day on which it was known, and by what."""
    found: dict[int, tuple] = {}

    def learn(tx_id: int, day: pd.Timestamp, way: str) -> None:
        found[tx_id] = min(found.get(tx_id, (pd.Timestamp.max, "")), (day, way))

    for claim in reports.itertuples():
        if claim.outcome == "upheld":
            learn(claim.tx_id, claim.closed, claim.kind)
    scheme = dict(zip(rows["tx_id"], rows["instance"], strict=True))
    for alert in alerts.itertuples():
        if alert.outcome == "fraud":
            learn(alert.tx_id, alert.closed, "alert")
        if alert.outcome != "sar":
            continue
        mine = parts.get((scheme[alert.tx_id], alert.account_id), [])
        seen = [row.ts for row in mine if row.channel not in CARDS]
        for row in mine:
            if seen and min(seen) <= row.ts and row.ts.tz_localize(None) < alert.closed + DAY:
                learn(row.tx_id, alert.closed, "sar")
        if scheme[alert.tx_id] < 0:
            learn(alert.tx_id, alert.closed, "sar")
    return found
