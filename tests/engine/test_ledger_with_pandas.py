"""The transaction tables read back with pandas alone: money is conserved, row by row."""

from __future__ import annotations

import pandas as pd
import pytest

from finsim.engine.finished_run import Run


@pytest.fixture(scope="module", params=["base", "fraud-wave-mule-surge"])
def world(request: pytest.FixtureRequest, finished: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    files = [finished.file(name, request.param) for name in ("transactions", "labels", "accounts")]
    rows, labels, accounts = (pd.read_parquet(file) for file in files)
    return rows.merge(labels, on="tx_id", validate="one_to_one"), accounts


def test_running_balances_follow_from_postings(world: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rows, accounts = world
    assert rows["ts"].is_monotonic_increasing
    assert rows["tx_id"].is_monotonic_increasing
    posted = rows[rows["status"] == "posted"]
    sides = [
        pd.DataFrame({"account": posted[f"{side}_account"], "tx_id": posted["tx_id"],
                      "move": sign * posted["amount"], "after": posted[f"{side}_balance_after"]})
        for side, sign in (("from", -1), ("to", 1))
    ]  # fmt: skip
    legs = pd.concat(sides).sort_values(["account", "tx_id"])
    opening = accounts.set_index("account_id")["opening_balance"]
    expected = legs.groupby("account")["move"].cumsum() + legs["account"].map(opening)
    assert (expected == legs["after"]).all()
    assert legs["move"].sum() == 0


def test_no_balance_below_its_overdraft(world: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rows, accounts = world
    limits = accounts.set_index("account_id")["overdraft_limit"]
    inner = accounts.loc[accounts["kind"] != "external", "account_id"]
    posted = rows[(rows["status"] == "posted") & rows["from_account"].isin(inner)]
    assert (posted["from_balance_after"] >= -posted["from_account"].map(limits)).all()
    assert (rows["amount"] > 0).all()


def test_no_row_before_its_account_opened(world: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rows, accounts = world
    opened = pd.to_datetime(accounts.set_index("account_id")["opened"]).dt.tz_localize("UTC")
    for side in ("from_account", "to_account"):
        assert (rows["ts"] >= rows[side].map(opened)).all()


def test_declined_rows_move_nothing(world: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rows, _ = world
    declined = rows[rows["status"] == "declined"]
    assert 0 < len(declined) < 0.2 * len(rows)
    assert set(rows["status"].unique()) == {"posted", "declined"}


def test_what_answers_an_earlier_row_fits_it(world: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rows, _ = world
    answers = rows[rows["original_id"] >= 0].reset_index(drop=True)
    originals = rows.set_index("tx_id").loc[answers["original_id"]].reset_index()
    assert (originals["tx_id"] < answers["tx_id"]).all()
    back = answers["purpose"] == "refund"
    payee = originals["to_account"].where(back, originals["from_account"])
    payer = originals["from_account"].where(back, originals["to_account"])
    assert (answers["from_account"] == payee).all()
    assert (answers["to_account"] == payer).all()
    assert (originals["status"] == back.map({True: "posted", False: "declined"})).all()
    given = answers.groupby("original_id")["amount"].sum()
    assert (given <= rows.set_index("tx_id").loc[given.index, "amount"]).all()
    known = rows[(rows["purpose"] == "refund") & (rows["_fs_src"] == 1)]
    linked = (known["original_id"] >= 0).groupby(known["_fs_seq"]).mean()
    assert len(linked) == 2  # refunds of every shard
    assert (linked > 0.8).all()
