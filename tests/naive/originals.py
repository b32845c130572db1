"""The plain twin of linked payments: one row after the other, with dictionaries."""

from __future__ import annotations

import pandas as pd

DAY = pd.Timedelta(days=1)


def tried_again(rows: pd.DataFrame) -> dict[int, int]:
    """Return row -> the declined row that it tries again; refunds try nothing."""
    last: dict[int, tuple] = {}
    found = {}
    names = ["tx_id", "from_account", "to_account", "channel", "amount", "status", "ts"]
    for row, payer, payee, channel, amount, status, ts in zip(
        *(rows[name].tolist() for name in names), strict=True
    ):
        if payer in last:
            before, *alike, most, when = last[payer]
            if alike == [payee, channel] and amount <= most and ts - when <= DAY:
                found[row] = before
                del last[payer]
        if status == "declined":
            last[payer] = (row, payee, channel, amount, ts)
    refunds = set(rows.loc[rows["purpose"] == "refund", "tx_id"])
    return {row: before for row, before in found.items() if row not in refunds}


def scheme_refunds(rows: pd.DataFrame) -> dict[int, int]:
    """Return refund -> the latest sale of its scheme whose sum, less what was given back, covers it."""
    found = {}
    for _, scheme in rows[(rows["instance"] >= 0) & (rows["status"] == "posted")].groupby("instance"):
        left = {row.tx_id: row.amount for row in scheme.itertuples() if row.purpose != "refund"}
        for back in scheme[scheme["purpose"] == "refund"].itertuples():
            sales = scheme[
                (scheme["from_account"] == back.to_account)
                & (scheme["to_account"] == back.from_account)
                & (scheme["tx_id"] < back.tx_id)
                & (scheme["purpose"] != "refund")
            ]
            fits = [tx for tx in sales["tx_id"] if left[tx] >= back.amount]
            if fits:
                found[back.tx_id] = fits[-1]
                left[fits[-1]] -= back.amount
    return found
