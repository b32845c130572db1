"""A ledger that mostly pays outsiders: the few of its own accounts among the payees are entities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import finsim

COUNT, ROWS, WITHIN = 200, 4_000, 0.06
FEW = 0.001  # too few for counterparties that are entities


def _ledger(folder: Path, payee: str, within: float = WITHIN) -> tuple[Path, Path, pd.DataFrame]:
    """Write payments of 200 accounts, 6 % of them to one another, the rest to 300 outsiders."""
    rng = np.random.default_rng(4)
    payer = rng.integers(0, COUNT, ROWS)
    inside = rng.random(ROWS) < within
    other = np.where(
        inside, (payer + rng.integers(1, COUNT, ROWS)) % COUNT, COUNT + rng.integers(0, 300, ROWS)
    )
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, ROWS), "D")
    frame = pd.DataFrame(
        {"payer": [f"PL{9_000_000 + k}" for k in payer], "payee": [f"PL{9_000_000 + k}" for k in other],
         "day": day.strftime("%Y-%m-%d"), "amount": np.round(np.exp(rng.normal(3, 1, ROWS)), 2)}
    )  # fmt: skip
    (folder / "l.csv").write_text(frame.to_csv(index=False))
    (folder / "l.yaml").write_text(
        "finsim: schema/1\nkind: payments\ncolumns:\n  payer: {type: id, role: from_account}\n"
        f"  payee: {{type: id, role: {payee}}}\n  day: {{type: date, role: date}}\n"
        "  amount: {type: money, ccy: PLN, role: amount}\n"
    )
    return folder / "l.csv", folder / "l.yaml", frame


def test_payees_that_are_accounts_of_the_ledger_are_new_accounts(tmp_path: Path) -> None:
    data, schema, frame = _ledger(tmp_path, "to_account")
    model = finsim.fit(data, "habits", schema=schema, seed=1, progress=False)
    made = finsim.sample(model, entities=COUNT, seed=1, progress=False).to_pandas()
    payee = made["payee"].astype(str)
    assert not payee.isin(frame["payer"]).any()
    share = payee.isin(made["payer"].astype(str)).mean()
    assert share == pytest.approx(frame["payee"].isin(frame["payer"]).mean(), abs=0.04)


def test_numbers_of_merchants_may_be_those_of_cards_by_chance(tmp_path: Path) -> None:
    data, schema, frame = _ledger(tmp_path, "merchant")
    model = finsim.fit(data, "habits", schema=schema, seed=1, progress=False)
    made = finsim.sample(model, entities=COUNT, seed=1, progress=False).to_pandas()
    assert made["payee"].astype(str).isin(frame["payee"]).mean() > 0.9


def test_no_new_account_is_one_that_is_paid(tmp_path: Path) -> None:
    """The numbers of the outsiders go on behind those of the accounts, as do those of new accounts."""
    data, schema, _ = _ledger(tmp_path, "to_account", FEW)
    model = finsim.fit(data, "habits", schema=schema, seed=1, progress=False)
    made = finsim.sample(model, entities=COUNT, seed=1, progress=False).to_pandas()
    assert not set(made["payer"].astype(str)) & set(made["payee"].astype(str))
