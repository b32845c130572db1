"""Schemes in a bank statement: shops by name, accounts by number, second sides, and remedies that help."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from bank_statement import second_sides, statement, written

import finsim
from finsim.engine.injection.entity_histories import _is_named_alone, is_signed
from finsim.errors import StudyError

CARDS, MULES = ["card_testing_escalation", "lost_or_stolen_card"], ["mule_network", "rapid_movement"]


@cache
def injected():
    with TemporaryDirectory() as folder:
        data, schema = written(Path(folder), statement())
        made = finsim.inject(
            data, narratives=[*CARDS, *MULES], schema=schema, rate=0.08, seed=3, output=Path(folder) / "o",
            progress=False,
        )  # fmt: skip
        table = pd.read_parquet(made.transactions)
    for name in ("Account", "Type", "Payee", "Other Account", "narrative"):
        table[name] = table[name].astype(object)
    table["Amount"] = table["Amount"].astype(float)
    return table[table["narrative"].isna()], table[table["narrative"].notna()]


def test_cards_are_tested_at_shops_and_mules_are_paid_on_accounts():
    _, added = injected()
    at_shops, between = (added[added["narrative"].isin(some)] for some in (CARDS, MULES))
    assert len(at_shops) > 50
    assert len(between) > 50
    assert at_shops["Other Account"].isna().all()
    assert at_shops["Payee"].str.startswith("SHOP").all()  # a utility is paid once a month: no shop
    assert (at_shops["Type"] == "POS").all()
    assert (at_shops["Amount"] < 0).all()
    assert between["Other Account"].notna().all()


def test_the_rows_of_a_transfer_are_those_of_a_real_one():
    real, added = injected()
    between = added[added["narrative"].isin(MULES)]
    own = set(real["Account"])
    assert set(between["Account"]) <= own
    assert set(between.loc[between["Amount"] < 0, "Type"]) == {"FPO"}
    assert set(between.loc[between["Amount"] > 0, "Type"]) == {"FPI"}
    out, pairs = second_sides(between)
    assert len(out) > 30
    assert out["index"].isin(pairs["index"]).mean() > 0.95
    assert pairs["wait"].median() < 240
    assert (pairs["instance"] == pairs["instance_2"]).all()


def test_sides_of_one_time_are_told_apart_where_more_comes_in_from_outside(tmp_path):
    """Who pays is the first of two rows at once, also where wages name an account and no rent does."""
    table = statement(wait=0)
    table.loc[table["Type"] == "SO", "Other Account"] = ""
    data, schema = written(tmp_path, table)
    made = finsim.inject(
        data, narratives=MULES[:1], schema=schema, rate=0.03, seed=3, output=tmp_path / "o", progress=False
    )
    assert not [one for one in made.remarks if "no rule says which belong together" in one]
    rows = pd.read_parquet(made.transactions)
    added = rows[rows["narrative"].notna()].astype({"Account": str, "Amount": float})
    out, pairs = second_sides(added)
    assert len(out) > 15
    assert out["index"].isin(pairs["index"]).mean() > 0.95
    assert pairs["wait"].median() == 0


def test_a_name_beside_an_account_is_its_holders():
    real, added = injected()
    known = dict(zip(real["Other Account"], real["Payee"], strict=True))
    named = added[added["Other Account"].notna()]
    assert (named["Payee"] == named["Other Account"].map(known)).all()


def test_employers_and_landlords_are_no_exits():
    real, added = injected()
    outside = added[added["Other Account"].notna() & ~added["Other Account"].isin(set(real["Account"]))]
    assert len(outside) > 5
    assert outside["Payee"].str.startswith("FRIEND").all()
    assert (outside["Amount"] < 0).all()


def lacking(tmp_path, story, **roles):
    data, schema = written(tmp_path, statement(), **roles)
    with pytest.raises(StudyError) as refused:
        finsim.inject(data, narratives=[story], schema=schema, output=tmp_path / "o", progress=False)
    return str(refused.value)


def test_a_remedy_names_the_column_and_its_role(tmp_path):
    told = lacking(tmp_path, "mule_network", accounts="")
    assert "whether 'Other Account' has the account of the other side" in told
    line = "Other Account: {type: id, role: to_account, null: true}"
    assert f"`{line}`" in told
    schema = tmp_path / "s.yaml"
    schema.write_text(schema.read_text() + f"  {line}\n")  # what the remedy says
    made = finsim.inject(
        tmp_path / "s.csv", narratives=["mule_network"], schema=schema, rate=0.02, output=tmp_path / "o",
        progress=False,
    )  # fmt: skip
    assert made.added


def test_a_remedy_for_shops_names_the_column_of_names(tmp_path):
    told = lacking(tmp_path, "card_testing_escalation", names="")
    assert "`Payee: {type: id, role: merchant, null: true}`" in told
    assert "may be empty, or have the holder's name, in rows with an account" in told


def test_no_column_is_asked_for_where_none_would_help(tmp_path):
    told = lacking(tmp_path, "insider_theft")
    assert "accounts (savings)" in told
    assert "no account of the table is one: leave the narrative out" in told
    assert "role:" not in told


@pytest.mark.parametrize(("below", "is_side"), [(0, False), (14, False), (15, True), (95, True), (96, False)])
def test_few_amounts_on_a_side_are_corrections(below, is_side):
    amount = np.ones(100, np.int64)
    amount[:below] = -1
    assert is_signed(amount) == is_side


def test_names_stand_alone_where_rows_have_no_account():
    other = np.array([*range(95), *[-1] * 5])
    assert _is_named_alone(np.zeros(100, np.int64), other)
    assert not _is_named_alone(np.zeros(101, np.int64), np.append(other, 1))
    assert not _is_named_alone(np.full(100, -1), other)
