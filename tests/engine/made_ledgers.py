"""Small made ledgers: cards at merchants, accounts among themselves, statements of one side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

ACCOUNTS_ONLY = """\
finsim: narrative/1
id: mule_ring
title: Layering between accounts
family: aml
typology: [layering]
story: Sources pay mules, who pass nearly all of it on to a collector.
rate: {per: account_year, value: 0.2, assumption: of this test}
proceeds: {draw: {dist: lognormal, median: 4000, sigma: 0.5}, min: 500}
proceeds_from: "assumption: of this test"
roles:
  source: {select: {accounts: [current]}, n: 3..6, assumption: of this test}
  mule: {select: {accounts: [current]}, n: 2..4, assumption: of this test}
  sink: {select: {accounts: [current, business]}, assumption: of this test}
phases:
  - name: collect
    from: source
    to: mule
    motif: bipartite
    channel: instant
    amount: {fraction_of: proceeds, share: 1.0, min: 5}
    timing: {window: 3d}
    assumption: of this test
  - name: gather
    from: mule
    to: sink
    motif: fan_in
    channel: instant
    amount: {fraction_of: pot, share: {dist: beta, a: 18, b: 2}, min: 5}
    timing: {delay: {dist: lognormal, median: 20h, sigma: 0.5}}
    assumption: of this test
labels: {laundering: [collect, gather]}
"""


def cards(rows: int = 6_000, seed: int = 1) -> pd.DataFrame:
    """Return payments of 120 cards at 300 merchants in time order, with gaps and a home region."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2024-01-01", "s").astype(np.int64)
    day = np.sort(rng.integers(0, 200, rows))
    second = np.clip(rng.normal(14, 3.5, rows), 0, 23.99) * 3_600
    time = np.sort(start + day * 86_400 + second.astype(np.int64))
    card, shop = rng.integers(0, 120, rows), (rng.beta(0.7, 2, rows) * 300).astype(np.int64)
    level = np.exp(np.random.default_rng(0).normal(3.5, 0.7, 120))
    references = pd.Series([f"R{number:09d}" for number in rng.permutation(10**9 // 1_000)[:rows] * 997])
    return pd.DataFrame(
        {
            "when": time.astype("datetime64[s]").astype("datetime64[us]"),
            "card": 5_000 + card,
            "shop": [f"M{number:04d}" for number in shop],
            "amount": np.round(level[card] * np.exp(rng.normal(0, 0.8, rows)), 2),
            "sector": np.array(["food", "fuel", "web", "home"])[shop % 4],
            "region": np.array(["north", "south", "east"])[card % 3],
            "channel": np.where(rng.random(rows) < 0.7, "chip", "web"),
            "note": references.where(rng.random(rows) > 0.3),
        }
    )


def accounts(rows: int = 6_000, seed: int = 1) -> pd.DataFrame:
    """Return transfers between 300 accounts in time order; all of them pay and are paid."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2024-01-01", "s").astype(np.int64)
    time = np.sort(start + rng.integers(0, 120 * 86_400, rows))
    payer = rng.integers(0, 300, rows)
    payee = (payer + 1 + rng.integers(0, 299, rows)) % 300
    return pd.DataFrame(
        {
            "tx_id": np.arange(rows),
            "ts": time.astype("datetime64[s]").astype("datetime64[us]"),
            "sender": [f"DE{number:08d}" for number in payer],
            "receiver": [f"DE{number:08d}" for number in payee],
            "amount": np.round(np.exp(rng.normal(4.5, 1.0, rows)), 2),
        }
    )


def statements(rows: int = 4_000, seed: int = 1) -> pd.DataFrame:
    """Return bookings of 100 accounts, money out below 0, without counterparties, sorted by account."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2024-01-01", "s").astype(np.int64)
    account, out = rng.integers(0, 100, rows), rng.random(rows) < 0.7
    size = np.round(np.exp(rng.normal(4.0, 1.0, rows)), 2)
    frame = pd.DataFrame(
        {
            "account": account,
            "date": (start + rng.integers(0, 200 * 86_400, rows))
            .astype("datetime64[s]")
            .astype("datetime64[us]"),
            "amount": np.where(out, -size, size),
            "text": np.where(out, "payment", "receipt"),
        }
    )
    return frame.sort_values(["account", "date"], kind="stable", ignore_index=True)


def table(frame: pd.DataFrame, batch: int = 0) -> pa.Table:
    """Return a ledger as an Arrow table, in chunks of ``batch`` rows where it is above 0."""
    whole = pa.Table.from_pandas(frame, preserve_index=False)
    return pa.Table.from_batches(whole.to_batches(batch)) if batch else whole
