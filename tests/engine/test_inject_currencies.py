"""Schemes in a ledger of several currencies are paid among accounts of one, where its transfers are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_ledgers import ACCOUNTS_ONLY, accounts

import finsim
from finsim.evaluation.added_rows.usual_words import usual_words
from finsim.tables import Field
from finsim.tables.cells.told_money import telling
from finsim.tables.proposing.propose import propose


def _ledger(apart: bool) -> pd.DataFrame:
    """Return transfers in two currencies: each payer in its own, to payees of the same one if ``apart``."""
    frame = accounts(2_500)
    payer, payee = (frame[side].str[2:].astype(int) for side in ("sender", "receiver"))
    if apart:
        payee = (payee // 3 * 3 + payer % 3) % 300
    frame["receiver"] = [f"DE{number:08d}" for number in payee]
    return frame.assign(currency=np.where(payer % 3 == 0, "USD", "EUR"))[payer != payee]


@pytest.mark.parametrize("apart", [True, False])
def test_members_of_a_scheme_are_of_one_currency_where_transfers_are(apart: bool, tmp_path: Path) -> None:
    (tmp_path / "mule_ring.yaml").write_text(ACCOUNTS_ONLY)
    made = finsim.inject(_ledger(apart), narratives=tmp_path / "mule_ring.yaml", output=tmp_path / "out",
                         rate=0.04, seed=1, progress=False)  # fmt: skip
    rows = pq.read_table(made.transactions).to_pandas()
    rows = rows[rows["instance"] >= 0]
    usd = pd.DataFrame({side: rows[side].str[2:].astype(int) % 3 == 0 for side in ("sender", "receiver")})
    assert ((rows["currency"] == "USD") == usd["sender"]).all()
    crossed = (usd["sender"] != usd["receiver"]).mean()
    assert crossed == 0 if apart else crossed > 0.2
    assert 0.1 < usd["sender"].mean() < 0.6


def test_payees_shared_by_accounts_of_two_currencies_cross_none(tmp_path: Path) -> None:
    """Outside payees have no currency of their own: a scheme stays in that of who pays, and in its sums."""
    rng = np.random.default_rng(5)
    payer = rng.integers(0, 80, 1_000)
    yen = payer % 2 == 1
    frame = pd.DataFrame({
        "sender": [f"DE{k:08d}" for k in payer], "receiver": [f"SHOP{k}" for k in rng.integers(0, 25, 1_000)],
        "ts": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90 * 86_400, 1_000), "s"),
        "amount": np.round(np.exp(rng.normal(3, 0.6, 1_000)) * np.where(yen, 2_000, 1), 2),
        "currency": np.where(yen, "JPY", "EUR"),
    })  # fmt: skip
    made = finsim.inject(frame, narratives=["business_email_compromise"], output=tmp_path / "out", rate=0.1,
                         seed=1, progress=False)  # fmt: skip
    rows = pq.read_table(made.transactions).to_pandas()
    real, rows = rows[rows["instance"] < 0], rows[rows["instance"] >= 0]
    assert (rows.groupby("instance")["currency"].nunique() == 1).all()
    assert rows["currency"].nunique() == 2
    amount, most = rows["amount"].astype(float), real["amount"].astype(float).groupby(real["currency"]).max()
    assert (amount <= rows["currency"].map(most)).all()
    assert amount[rows["currency"] == "JPY"].median() > 5_000


def test_the_declared_currency_stays_with_the_file(tmp_path: Path) -> None:
    """A table of one currency names none in its rows: the schema does, and the new file says it on."""
    (tmp_path / "mule_ring.yaml").write_text(ACCOUNTS_ONLY)
    accounts(1_500).to_csv(tmp_path / "in.csv", index=False)
    declared = "finsim: schema/1\ncolumns:\n  ts: {type: ts, role: date}\n  amount: {type: money, ccy: CHF}\n"
    sides = "  sender: {type: id, role: from_account}\n  receiver: {type: id, role: to_account}\n"
    (tmp_path / "s.yaml").write_text(declared + sides)
    made = finsim.inject(tmp_path / "in.csv", narratives=tmp_path / "mule_ring.yaml", seed=1, rate=0.03,
                         schema=tmp_path / "s.yaml", output=tmp_path / "out", progress=False)  # fmt: skip
    assert propose(made.transactions).fields["amount"].ccy == "CHF"
    cents = pa.table({"t": [1, 2], "betrag": pa.array([1_250, 300])})
    fields = telling(cents.schema, {"betrag": Field("money", ccy="USD", unit="minor")})
    found = propose(cents.cast(pa.schema(fields))).fields["betrag"]
    assert (found.type, found.ccy, found.unit) == ("money", "USD", "minor")


def test_a_word_that_is_not_the_usual_one_of_an_account_is_seen() -> None:
    real = np.arange(40) < 30
    rows = pa.table({
        "to": ["a", "b", "c"] * 10 + ["a"] * 9 + ["new"],
        "currency": ["EUR", "USD", None] * 9 + ["USD", "USD", None] + ["USD"] * 5 + ["EUR"] * 5,
    })  # fmt: skip
    (found,) = usual_words(rows, real, "currency", ["to"])
    assert found.fine.tolist() == [1, 1, -1] * 9 + [0, 1, -1] + [0] * 5 + [1] * 4 + [-1]


def test_second_sides_are_in_the_currency_of_the_payment(tmp_path: Path) -> None:
    """Accounts of three currencies; a third of the transfers lacks a side, so words come from other pairs."""
    rng = np.random.default_rng(3)
    rows = []
    for at in range(1_500):
        time = pd.Timestamp("2024-01-01") + pd.Timedelta(minutes=80 * at)
        one = int(rng.integers(0, 60))
        two = (one + 3 * int(rng.integers(1, 20))) % 60
        total, money = round(float(rng.lognormal(4, 1)), 2), ("EUR", "USD", "JPY")[one % 3]
        later, names = time + pd.Timedelta(seconds=1), (f"ACC{one:03d}", f"ACC{two:03d}")
        sides = [(names[0], time, names[1], "out", -total, money),
                 (names[1], later, names[0], "in", total, money)]  # fmt: skip
        rows += [sides, sides[:1], sides, sides, sides[1:]][int(rng.integers(5))]
    table = pd.DataFrame(rows, columns=["account", "ts", "counterparty", "type", "amount", "currency"])
    made = finsim.inject(table, narratives=["layering_fan_in", "layering_cycle"],
                         output=tmp_path / "out", rate=0.03, seed=3, progress=False)  # fmt: skip
    added = pq.read_table(made.transactions).to_pandas()
    added = added[added["instance"] >= 0]
    assert (added["type"] == "in").sum() > 20
    own = added["account"].str[3:].astype(int).map(lambda number: ("EUR", "USD", "JPY")[number % 3])
    assert (own == added["currency"]).all()
