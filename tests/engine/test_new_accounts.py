"""In a learned world an account with few rows is old, though its first row is late; one with many is new."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finsim.engine.run import run
from finsim.engine.study.study_file import study_of

DAYS, ACCOUNTS = 90, 150


def _ledger(rows: int, opens: int) -> pd.DataFrame:
    """Return transfers of 150 accounts, so many rows each from day ``opens`` on."""
    rng = np.random.default_rng(8)
    payer = np.repeat(np.arange(ACCOUNTS), rows)
    payee = (payer + rng.integers(1, ACCOUNTS, len(payer))) % ACCOUNTS
    day = opens + rng.integers(0, DAYS - opens, len(payer))
    day[:5] = 0  # the ledger begins
    day[-5:] = DAYS - 1
    hour = pd.to_timedelta(24 * day + rng.integers(8, 20, len(day)), "h")
    return pd.DataFrame({
        "timestamp": pd.Timestamp("2025-01-01") + hour,
        "from_account": [f"A{one:04d}" for one in payer], "to_account": [f"A{one:04d}" for one in payee],
        "amount": np.round(np.exp(rng.normal(5, 1, len(payer))), 2),
    })  # fmt: skip


@pytest.mark.parametrize(("rows", "opens", "least", "most"), [(1, 0, 0.0, 0.05), (12, 60, 0.6, 1.0)])
def test_how_many_accounts_are_new(tmp_path: Path, rows: int, opens: int, least: float, most: float) -> None:
    _ledger(rows, opens).sort_values("timestamp").to_csv(tmp_path / "l.csv", index=False)
    part = {"data": "l.csv", "body": "resample", "entities": 200, "days": DAYS, "narratives": []}
    study = {"id": "new", "seed": 5, "transactions": part, "evaluation": {"enabled": False}}
    accounts = run(study_of(study, tmp_path), output=tmp_path / "run").transactions.accounts.to_pandas()
    own = accounts[accounts["kind"].astype(str) != "external"]
    opened = pd.to_datetime(own["opened"])
    assert least <= (opened > opened.min()).mean() <= most
