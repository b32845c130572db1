"""The tables of other makers, read as their own readers do: positions, formats, keys, and every cent."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

Handed = Callable[[str], Path]
MONEY = re.compile(r"-?\d+\.\d\d")
SHAPES = {
    "FAN-OUT", "FAN-IN", "GATHER-SCATTER", "SCATTER-GATHER", "CYCLE", "RANDOM", "BIPARTITE", "STACK",
}  # fmt: skip


def lines(file: Path) -> list[list[str]]:
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.reader(text))


def minor(texts: list[str]) -> list[int]:
    """Money as a reader of decimals sees it; anything but two places is an error."""
    assert all(MONEY.fullmatch(text) for text in texts)
    return [int(text.replace(".", "")) for text in texts]


def posted(truth: pd.DataFrame) -> pd.DataFrame:
    return truth[truth["status"] == "posted"].reset_index(drop=True)


def cards(truth: pd.DataFrame) -> pd.DataFrame:
    rows = posted(truth)
    by_card = rows["channel"].isin(["card_present", "card_not_present"]) & (rows["merchant_id"] >= 0)
    return rows[by_card].reset_index(drop=True)


def test_the_world_has_what_the_tests_need(truth: pd.DataFrame) -> None:
    """Declined rows, frauds, launderings, decoys, cash both ways: else equal counts would say nothing."""
    rows = posted(truth)
    assert 0 < len(rows) < len(truth)
    assert rows["is_fraud"].any()
    assert rows["is_laundering"].any()
    assert (rows["narrative"].notna() & ~rows["illicit"]).any()
    assert {"cash", "cheque", "direct_debit", "instant"} <= set(rows["channel"])


def test_amlworld_is_parsed_by_position_as_multi_gnn_does(handed_over: Handed, truth: pd.DataFrame) -> None:
    rows = lines(handed_over("amlworld") / "amlworld_Trans.csv")
    assert rows[0] == [
        "Timestamp", "From Bank", "Account", "To Bank", "Account", "Amount Received", "Receiving Currency",
        "Amount Paid", "Payment Currency", "Payment Format", "Is Laundering",
    ]  # fmt: skip
    mine, theirs = posted(truth), rows[1:]
    assert {len(row) for row in theirs} == {11}
    times = [datetime.strptime(row[0], "%Y/%m/%d %H:%M") for row in theirs]
    assert times == mine["ts"].dt.tz_localize(None).dt.floor("min").tolist()
    assert times[0] == min(times)
    assert minor([row[5] for row in theirs]) == minor([row[7] for row in theirs]) == mine["amount"].tolist()
    assert [row[10] for row in theirs] == mine["is_laundering"].astype(int).astype(str).tolist()
    assert {(row[6], row[8]) for row in theirs} == {("US Dollar", "US Dollar")}
    told = set(zip(mine["channel"], (row[9] for row in theirs), strict=True))
    assert told <= {
        ("card_present", "Credit Card"), ("card_not_present", "Credit Card"), ("instant", "ACH"),
        ("ach", "ACH"), ("direct_debit", "ACH"), ("internal", "ACH"), ("wire", "Wire"), ("cash", "Cash"),
        ("cheque", "Cheque"),
    }  # fmt: skip
    for side, place in (("from", 1), ("to", 3)):
        glued = [row[place] + row[place + 1] for row in theirs]  # the reader's key, without a separator
        assert len({len(row[place]) for row in theirs}) == 1
        assert not any(row[place].startswith("0") or row[place + 1].startswith("0") for row in theirs)
        assert all(re.fullmatch(r"[0-9A-F]{9}", row[place + 1]) for row in theirs)
        assert pd.Series(glued).groupby(mine[f"{side}_account"]).nunique().max() == 1
        assert len(set(glued)) == mine[f"{side}_account"].nunique()


def test_amlworld_accounts_name_every_side_and_invent_no_name(handed_over: Handed, world: Path) -> None:
    folder = handed_over("amlworld")
    rows = lines(folder / "amlworld_accounts.csv")
    assert rows[0] == ["Bank Name", "Bank ID", "Account Number", "Entity ID", "Entity Name"]
    assert {row[0] for row in rows[1:]} == {""}
    known = {(row[1], row[2]) for row in rows[1:]}
    sides = {
        pair
        for row in lines(folder / "amlworld_Trans.csv")[1:]
        for pair in (tuple(row[1:3]), tuple(row[3:5]))
    }
    assert sides <= known
    accounts = pd.read_parquet(world / "accounts.parquet")
    customers = pd.read_parquet(world / "customers.parquet").set_index("customer_id")
    for row, owner in zip(rows[1:], accounts["customer_id"], strict=True):
        if owner not in customers.index:
            assert row[4] == ""
            continue
        one = customers.loc[owner]
        firm = "Corporation" if one["sector"] == "business" else "Sole Proprietorship"
        assert row[4] == f"{'Individual' if one['kind'] == 'person' else firm} #{owner}"
    owners = pd.Series([row[3] for row in rows[1:]]).groupby(accounts["customer_id"])
    assert owners.nunique().max() == 1
    assert len({row[3] for row in rows[1:]}) == accounts["customer_id"].nunique()


def test_amlworld_patterns_join_on_all_fields(handed_over: Handed, truth: pd.DataFrame) -> None:
    folder = handed_over("amlworld")
    known = (folder / "amlworld_Trans.csv").read_text().splitlines()
    text = (folder / "amlworld_Patterns.txt").read_text()
    assert text.endswith("\n")
    blocks = [block.splitlines() for block in text.rstrip("\n").split("\n\n")]
    joined = []
    for block in blocks:
        first = re.fullmatch(r"BEGIN (LAUNDERING ATTEMPT - ([A-Z-]+)):  .+", block[0])
        assert first
        assert first[2] in SHAPES
        assert block[-1] == f"END {first[1]}"
        assert all(line.endswith(",1") for line in block[1:-1])
        joined += block[1:-1]
    assert set(joined) <= set(known)
    rows = posted(truth)
    laundering = rows[rows["is_laundering"]]
    assert len(joined) == len(laundering)
    assert len(blocks) == laundering["instance"].nunique()


def test_a_ring_is_a_cycle_and_a_hub_gathers(handed_over: Handed, world: Path) -> None:
    patterns = pd.read_parquet(world / "patterns.parquet").sort_values("instance")
    mine = patterns[patterns["is_laundering"]]["typology"].tolist()
    told = re.findall(
        r"BEGIN LAUNDERING ATTEMPT - ([A-Z-]+):",
        (handed_over("amlworld") / "amlworld_Patterns.txt").read_text(),
    )
    shapes = dict(zip(mine, told, strict=True))
    words = {
        "cycle": "CYCLE",
        "gather_scatter": "GATHER-SCATTER",
        "scatter_gather": "SCATTER-GATHER",
        "layering": "STACK",
    }
    found = {name: shapes[name] for name in words if name in shapes}
    assert found
    assert found == {name: words[name] for name in found}


def test_saml_d_has_twelve_columns_and_a_name_for_every_row(
    handed_over: Handed, truth: pd.DataFrame, world: Path
) -> None:
    rows = lines(handed_over("saml-d") / "saml-d.csv")
    assert ",".join(rows[0]) == (
        "Time,Date,Sender_account,Receiver_account,Amount,Payment_currency,Received_currency,"
        "Sender_bank_location,Receiver_bank_location,Payment_type,Is_laundering,Laundering_type"
    )
    mine, theirs = posted(truth), rows[1:]
    assert {len(row) for row in theirs} == {12}
    stamps = [f"{row[1]} {row[0]}" for row in theirs]
    assert stamps == mine["ts"].dt.strftime("%Y-%m-%d %H:%M:%S").tolist()
    assert [int(row[2]) for row in theirs] == mine["from_account"].tolist()
    assert [int(row[3]) for row in theirs] == mine["to_account"].tolist()
    assert minor([row[4] for row in theirs]) == mine["amount"].tolist()
    known = mine[["from_bank", "to_bank"]].to_numpy() > 0
    place = np.array([row[7:9] for row in theirs])
    assert set(place[~known]) == {""}
    owned = pd.read_parquet(world / "customers.parquet")["customer_id"]
    accounts = pd.read_parquet(world / "accounts.parquet").set_index("account_id")["customer_id"]
    for side, end in enumerate(("from_account", "to_account")):
        is_customer = mine[end].map(accounts).isin(owned).to_numpy()
        assert np.array_equal(place[:, side], np.where(is_customer, "USA", ""))
    assert [row[10] == "1" for row in theirs] == mine["is_laundering"].tolist()
    assert [not row[11].startswith("Normal_") for row in theirs] == mine["is_laundering"].tolist()
    assert all(row[11] for row in theirs)
    cash = [row[9] for row in theirs if row[9].startswith("Cash")]
    assert len(cash) == (mine["channel"] == "cash").sum()
    assert set(cash) == {"Cash Deposit", "Cash Withdrawal"}


def test_saml_d_calls_money_into_cash_a_withdrawal(
    handed_over: Handed, truth: pd.DataFrame, world: Path
) -> None:
    kinds = pd.read_parquet(world / "accounts.parquet").set_index("account_id")["kind"].astype(str)
    mine = posted(truth)
    theirs = [row[9] for row in lines(handed_over("saml-d") / "saml-d.csv")[1:]]
    cash = mine["channel"] == "cash"
    out = mine["to_account"].map(kinds) == "external"
    assert [told == "Cash Withdrawal" for told in theirs] == (cash & out).tolist()
    by_card = mine["channel"].isin(["card_present", "card_not_present"])
    credit = by_card & (mine["from_account"].map(kinds) == "card")
    assert [told == "Credit card" for told in theirs] == credit.tolist()


def test_paysim_balances_follow_the_payment(handed_over: Handed, truth: pd.DataFrame) -> None:
    rows = lines(handed_over("paysim") / "paysim.csv")
    assert rows[0] == [
        "step", "type", "amount", "nameOrig", "oldbalanceOrg", "newbalanceOrig", "nameDest",
        "oldbalanceDest", "newbalanceDest", "isFraud", "isFlaggedFraud",
    ]  # fmt: skip
    mine, theirs = posted(truth), rows[1:]
    amount, old, new, before, after = (np.array(minor([row[i] for row in theirs])) for i in (2, 4, 5, 7, 8))
    assert (old - amount == new).all()
    assert (before + amount == after).all()
    assert amount.tolist() == mine["amount"].tolist()
    assert new.tolist() == mine["from_balance_after"].tolist()
    assert after.tolist() == mine["to_balance_after"].tolist()
    first = mine["ts"].iloc[0].normalize()
    assert [int(row[0]) for row in theirs] == ((mine["ts"] - first) // pd.Timedelta("1h") + 1).tolist()
    assert int(theirs[0][0]) >= 1
    assert {row[1] for row in theirs} == {"PAYMENT", "TRANSFER", "CASH_OUT", "CASH_IN", "DEBIT"}
    assert all(re.fullmatch(r"[CM]\d+", name) for row in theirs for name in (row[3], row[6]))
    assert [int(row[3][1:]) for row in theirs] == mine["from_account"].tolist()
    assert [row[9] == "1" for row in theirs] == mine["is_fraud"].tolist()
    assert {row[10] for row in theirs} == {"0"}
    kinds = {row[1] for row in theirs if row[6].startswith("M")}
    assert "CASH_OUT" not in kinds


def test_paysim_names_the_kind_of_each_payment(handed_over: Handed, truth: pd.DataFrame) -> None:
    told = pd.Series([row[1] for row in lines(handed_over("paysim") / "paysim.csv")[1:]])
    mine = posted(truth)
    assert (told.isin(["CASH_IN", "CASH_OUT"]) == (mine["channel"] == "cash")).all()
    assert ((told == "DEBIT") == (mine["channel"] == "direct_debit")).all()
    bought = (mine["merchant_id"] >= 0) & ~mine["channel"].isin(["cash", "direct_debit"])
    assert ((told == "PAYMENT") == bought).all()


def test_sparkov_has_card_numbers_that_numbers_keep(handed_over: Handed, truth: pd.DataFrame) -> None:
    frame = pd.read_csv(handed_over("sparkov") / "sparkov.csv")
    assert frame.shape[1] == 23
    assert frame.columns[0] == "Unnamed: 0"
    mine = cards(truth)
    assert frame["Unnamed: 0"].tolist() == list(range(len(mine)))
    assert (frame["amt"] * 100).round().astype(int).tolist() == mine["amount"].tolist()
    assert frame["trans_date_trans_time"].tolist() == mine["ts"].dt.strftime("%Y-%m-%d %H:%M:%S").tolist()
    number = frame["cc_num"]
    assert number.dtype == "int64"
    assert number.astype("float64").astype("int64").equals(number)
    assert number.astype(str).str.len().eq(16).all()
    assert (number - mine["card_id"]).nunique() == 1
    number = frame["merchant"].str.extract(r"^fraud_[A-Z][A-Za-z ]+ (\d+)$")[0]
    assert (number.astype(int) == mine["merchant_id"]).all()
    assert frame["unix_time"].tolist() == (mine["ts"].astype("int64") // 10**6).tolist()
    assert frame["trans_num"].tolist() == mine["tx_id"].tolist()
    assert (frame["is_fraud"] == mine["is_fraud"]).all()
    groceries = frame["category"][mine["category"] == "groceries"]
    remote = (mine["channel"] == "card_not_present")[mine["category"] == "groceries"]
    assert ((groceries == "grocery_net") == remote).all()
    assert set(frame["category"][mine["category"] == "fuel"]) == {"gas_transport"}


def test_sparkov_says_of_holders_and_shops_what_their_tables_say(
    handed_over: Handed, truth: pd.DataFrame, world: Path
) -> None:
    frame, mine = pd.read_csv(handed_over("sparkov") / "sparkov.csv"), cards(truth)
    unknown = ["first", "last", "gender", "street", "state", "zip", "lat", "long", "merch_lat", "merch_long"]
    assert frame[unknown].isna().all(axis=None)
    owner = pd.read_parquet(world / "accounts.parquet").set_index("account_id")["customer_id"]
    customers = pd.read_parquet(world / "customers.parquet").set_index("customer_id")
    holder = customers.reindex(mine["from_account"].map(owner))
    plain = holder[["town", "segment"]].astype(object).where(holder[["town", "segment"]].notna(), None)
    told = frame[["city", "job"]].astype(object).where(frame[["city", "job"]].notna(), None)
    assert told["city"].tolist() == plain["town"].tolist()
    assert told["job"].tolist() == plain["segment"].tolist()
    born = [f"{year:.0f}-07-01" if year > 0 else None for year in holder["birth_year"]]
    assert frame["dob"].astype(object).where(frame["dob"].notna(), None).tolist() == born
    live = holder["town"].map(customers["town"].astype(str).value_counts()).astype(float)
    assert frame["city_pop"].fillna(0).tolist() == live.fillna(0).tolist()
    shops = pd.read_parquet(world / "merchants.parquet").set_index("merchant_id")["name"].astype(str)
    shop = [f"fraud_{shops[one]} {one}" for one in mine["merchant_id"]]
    assert frame["merchant"].tolist() == shop


def test_handbook_ids_follow_time_and_nothing_is_minus_one(
    handed_over: Handed, truth: pd.DataFrame, world: Path
) -> None:
    file = handed_over("handbook") / "handbook.parquet"
    frame = pd.read_parquet(file)
    assert list(frame.columns) == [
        "TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_TIME_SECONDS",
        "TX_TIME_DAYS", "TX_FRAUD", "TX_FRAUD_SCENARIO",
    ]  # fmt: skip
    mine = cards(truth)
    assert frame["TRANSACTION_ID"].is_monotonic_increasing
    assert frame["TX_DATETIME"].is_monotonic_increasing
    assert frame["TX_DATETIME"].tolist() == mine["ts"].dt.tz_localize(None).tolist()
    assert (frame["TX_AMOUNT"] * 100).round().astype(int).tolist() == mine["amount"].tolist()
    owner = pd.read_parquet(world / "accounts.parquet").set_index("account_id")["customer_id"]
    assert frame["CUSTOMER_ID"].tolist() == mine["from_account"].map(owner).tolist()
    assert frame["TERMINAL_ID"].tolist() == mine["merchant_id"].tolist()
    first = frame["TX_DATETIME"].iloc[0].normalize()
    assert frame["TX_TIME_DAYS"].tolist() == (frame["TX_DATETIME"] - first).dt.days.tolist()
    assert (
        frame["TX_TIME_SECONDS"].tolist() == ((frame["TX_DATETIME"] - first) // pd.Timedelta("1s")).tolist()
    )
    assert (frame["TX_FRAUD"] == mine["is_fraud"]).all()
    assert ((frame["TX_FRAUD_SCENARIO"] > 0) == mine["is_fraud"]).all()
    assert not frame.select_dtypes("number").eq(-1).any(axis=None)
    assert "pandas" not in (pq.read_schema(file).metadata or {})


@pytest.mark.parametrize("name", ["amlworld", "saml-d", "paysim", "neo4j", "networkx", "pyg"])
def test_the_side_file_says_what_the_layout_has_no_word_for(
    handed_over: Handed, truth: pd.DataFrame, name: str
) -> None:
    side = pd.read_csv(handed_over(name) / f"{name}_labels.csv")
    mine = posted(truth)
    schemes = mine[mine["instance"] >= 0]
    assert side["row"].tolist() == schemes.index.tolist()
    for column in ("tx_id", "is_fraud", "is_laundering", "instance"):
        assert side[column].tolist() == schemes[column].tolist(), column
    assert side["narrative"].tolist() == schemes["narrative"].tolist()


def test_the_side_file_of_card_formats_counts_their_own_rows(
    handed_over: Handed, truth: pd.DataFrame
) -> None:
    mine = cards(truth)
    for name in ("sparkov", "handbook"):
        side = pd.read_csv(handed_over(name) / f"{name}_labels.csv")
        assert side["row"].tolist() == mine[mine["instance"] >= 0].index.tolist()
        assert len(side)
