"""A small payment world made by hand: benign traffic, schemes with a mild pattern, decoys and leaks."""

import numpy as np
import pandas as pd
import pyarrow as pa

START = pd.Timestamp("2026-01-01", tz="UTC").value
DAY = 86_400 * 10**9
ACCOUNTS = 400


def payments(seed: int, rows: int = 20_000, schemes: int = 60, leak: str = "") -> tuple[pa.Table, ...]:
    """Return rows, accounts and patterns; illicit rows are somewhat larger, later at night and in bursts.

    ``leak="phone"`` puts the label into a channel value, ``leak="ids"`` gives
    illicit rows the last order ids.
    """
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "ts": START + rng.integers(0, 60 * DAY, rows),
            "from_account": rng.integers(0, ACCOUNTS, rows),
            "amount": np.exp(rng.normal(8.0, 1.2, rows)).astype(np.int64) + 1,
            "instance": np.int64(-1),
            "illicit": False,
        }
    )
    stories = [_story(rng, number, decoy=number % 6 == 0) for number in range(schemes)]
    frame = pd.concat([frame, *stories], ignore_index=True)
    count = len(frame)
    frame["to_account"] = (frame["from_account"] + rng.integers(1, ACCOUNTS, count)) % ACCOUNTS
    frame["channel"] = rng.choice(["card", "transfer", "cash"], count)
    frame["status"] = np.where(rng.random(count) < 0.03, "declined", "posted")
    frame["is_fraud"] = frame["illicit"] & (frame["instance"] % 2 == 1)
    frame["is_laundering"] = frame["illicit"] & (frame["instance"] % 2 == 0)
    frame["narrative"] = np.where(frame["instance"] >= 0, "story", None)
    if leak == "phone":
        frame.loc[frame["illicit"], "channel"] = "phone"
    frame = frame.sort_values("ts", kind="stable").reset_index(drop=True)
    frame["tx_id"] = np.arange(count)
    frame["order_id"] = np.where(frame["illicit"], 10**9, 0) * (leak == "ids") + rng.permutation(count)
    frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
    accounts = pa.table(
        {
            "account_id": np.arange(ACCOUNTS),
            "kind": np.where(np.arange(ACCOUNTS) % 9 == 0, "external", "current"),
            "opened": pa.array([17_000 + k % 900 for k in range(ACCOUNTS)], pa.int32()).cast(pa.date32()),
        }
    )
    patterns = pa.table(
        {
            "instance": np.arange(schemes),
            "narrative": ["decoy" if k % 6 == 0 else "story" for k in range(schemes)],
            "decoy": [k % 6 == 0 for k in range(schemes)],
        }
    )
    return pa.Table.from_pandas(frame.drop(columns="illicit"), preserve_index=False), accounts, patterns


def _story(rng: np.random.Generator, number: int, decoy: bool) -> pd.DataFrame:
    size = int(rng.integers(6, 14))
    begin = START + int(rng.integers(0, 57)) * DAY
    hour = 3_600 * 10**9 * np.where(rng.random(size) < 0.3, rng.uniform(0, 5, size), rng.uniform(0, 24, size))
    return pd.DataFrame(
        {
            "ts": (begin + rng.integers(0, 3, size) * DAY + hour).astype(np.int64),
            "from_account": int(rng.integers(0, ACCOUNTS)),
            "amount": np.exp(rng.normal(9.0 if not decoy else 8.0, 1.0, size)).astype(np.int64) + 1,
            "instance": np.int64(number),
            "illicit": not decoy,
        }
    )
