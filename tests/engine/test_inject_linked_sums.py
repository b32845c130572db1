"""Numbers that follow from the amount in real rows follow from it in added ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

import finsim


def test_added_rows_are_billed_as_real_ones_are(tmp_path: Path) -> None:
    """Abroad 3 % more is billed; a fee of 2 % is there where money is drawn abroad, and else empty."""
    rng = np.random.default_rng(6)
    rows = 3_000
    card, shop = rng.integers(0, 60, rows), rng.integers(0, 40, rows)
    amount = np.exp(rng.normal(3, 1, rows)).round(2) + 1
    region = np.where(shop < 12, "abroad", "home")
    second = pd.to_timedelta(np.sort(rng.integers(0, 90 * 86_400, rows)), unit="s")
    frame = pd.DataFrame({
        "time": pd.Timestamp("2024-01-01") + second,
        "card": [f"C{one:03d}" for one in card], "shop": [f"S{one:02d}" for one in shop], "region": region,
        "amount": amount, "billed": np.where(region == "abroad", (amount * 1.03).round(2), amount),
        "fee": np.where(region == "abroad", (amount * 0.02).round(2), np.nan),
    })  # fmt: skip
    made = finsim.inject(frame, narratives=["card_testing_escalation"], output=tmp_path / "out", rate=0.04,
                         seed=2, progress=False)  # fmt: skip
    added = pq.read_table(made.transactions).to_pandas()
    added = added[added["instance"] >= 0]
    abroad = added["region"] == "abroad"
    assert abroad.sum() > 5
    assert (~abroad).sum() > 5
    billed = np.where(abroad, (added["amount"] * 1.03).round(2), added["amount"])
    assert np.abs(added["billed"] - billed).max() < 0.0101
    fee = (added["amount"] * 0.02).round(2)[abroad]
    assert np.abs(added["fee"][abroad] - fee).max() < 0.0101
    assert added["fee"][~abroad].isna().all()
