"""Payments between accounts with a direction: a debit of who pays, and a credit of who is paid."""

from __future__ import annotations

import numpy as np
import pandas as pd

import finsim


def statement(accounts: int = 60, days: int = 60) -> pd.DataFrame:
    """Return payments of accounts to each other and to outside: each has a debit, many a credit as well."""
    rng = np.random.default_rng(3)
    rows = []
    for account in range(accounts):
        for _ in range(days):
            other = int(rng.integers(accounts + 20))
            if other == account:
                continue
            at = pd.Timestamp("2026-01-01") + pd.Timedelta(int(rng.integers(days * 86_400)), "s")
            amount = round(float(rng.lognormal(4.0, 0.8)), 2)
            rows.append((at, f"DE{account:04}", f"DE{other:04}", "S", amount))
            if other < accounts:
                rows.append((at, f"DE{other:04}", f"DE{account:04}", "H", amount))
    table = pd.DataFrame(rows, columns=["ts", "konto", "gegenkonto", "sh", "betrag"])
    return table.sort_values("ts", ignore_index=True)


def test_an_added_payment_stands_on_both_sides(tmp_path) -> None:
    table = statement()
    table.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "s.yaml").write_text(
        "finsim: schema/1\nkind: payments\ncolumns:\n"
        "  ts: {type: ts, role: date}\n  konto: {type: id, role: from_account}\n"
        "  gegenkonto: {type: id, role: to_account}\n  sh: {type: cat, role: direction}\n"
        "  betrag: {type: money, ccy: EUR, role: amount}\n"
    )
    finsim.inject(
        tmp_path / "rows.csv", schema=tmp_path / "s.yaml",
        narratives=["rapid_movement", "account_ring_layering"], rate=0.02, seed=1,
        output=tmp_path / "out", progress=False,
    )  # fmt: skip
    made = pd.read_parquet(tmp_path / "out" / "transactions.parquet")
    added = made[made["narrative"].notna()]
    assert len(added) > 20
    credits = added[added["sh"].astype(str) == "H"]
    added = added[added["sh"].astype(str) == "S"]
    sides = added[["konto", "gegenkonto", "betrag", "ts"]].astype(str)
    inside = sides["gegenkonto"].isin(set(table["konto"]))
    second = credits[["gegenkonto", "konto", "betrag", "ts"]].astype(str)
    assert sorted(map(tuple, sides[inside].to_numpy())) == sorted(map(tuple, second.to_numpy()))
    assert inside.any()
    assert (added["konto"].astype(str) != added["gegenkonto"].astype(str)).all()
    own = set(table["konto"])
    assert set(added["konto"].astype(str)) <= own
    chained = [
        set(scheme["konto"].astype(str)) & set(scheme["gegenkonto"].astype(str))
        for _, scheme in added[added["narrative"].astype(str) == "rapid_movement"].groupby("instance")
    ]
    assert chained
    assert all(chained)
    kept = made[made["narrative"].isna()]
    assert kept["sh"].astype(str).tolist() == table["sh"].tolist()
