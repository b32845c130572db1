"""A made bank ledger of statements: a booking day behind each row, and a balance that runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY = pd.Timedelta(days=1)
HOLIDAY = pd.Timestamp("2024-03-05")
LAGS = {"FPO": [0], "FPI": [0], "ATM": [1], "POS": [1, 2, 3]}


def is_open(day: pd.Timestamp) -> bool:
    return day.day_of_week < 5 and day != HOLIDAY


def bank(accounts: int = 60, days: int = 75, seed: int = 1) -> pd.DataFrame:
    """Return rows in time order: account, ts, booked, kind, amount in cents with its sign, balance."""
    rng = np.random.default_rng(seed)
    rows = []
    start = pd.Timestamp("2024-02-01")
    for account in range(accounts):
        for _ in range(int(days * 0.55)):
            kind = str(rng.choice(["POS", "ATM", "FPO", "FPI"], p=[0.4, 0.1, 0.25, 0.25]))
            size = int(np.exp(rng.normal(8.0, 0.9)))
            cents = {"ATM": -(size // 1_000 + 1) * 1_000, "FPI": size}.get(kind, -size)
            ts = start + pd.Timedelta(
                seconds=int(rng.integers(days)) * 86_400 + int(rng.integers(25_000, 80_000))
            )
            booked = ts.normalize() + int(rng.choice(LAGS[kind])) * DAY
            while not is_open(booked):
                booked += DAY
            rows.append((f"A{account:03d}", ts, booked, kind, cents))
    found = pd.DataFrame(rows, columns=["account", "ts", "booked", "kind", "cents"])
    found = found.sort_values("ts", kind="stable", ignore_index=True)
    opening = found["account"].str[1:].astype(int) * 1_000 + 50_000
    return found.assign(balance=opening + found.groupby("account")["cents"].cumsum())


def lags(rows: pd.DataFrame) -> pd.Series:
    """Return the days behind of rows, NaN without a booking day."""
    return (pd.to_datetime(rows["booked"]).dt.normalize() - pd.to_datetime(rows["ts"]).dt.normalize()).dt.days


def steps_off(rows: pd.DataFrame, newest_first: bool) -> pd.Series:
    """Return by how many cents each row is off the account's row before, NaN for the first (a naive twin)."""
    last: dict[str, float] = {}
    off = {}
    listed = list(zip(rows.index, rows["account"], rows["balance"], rows["cents"], strict=True))
    for at, account, balance, cents in listed[::-1] if newest_first else listed:
        if np.isnan(balance):
            continue
        if account in last:
            off[at] = balance - last[account] - cents
        last[account] = balance
    return pd.Series(off, dtype=float).reindex(rows.index)
