"""Statements with the account of the other side in one column and a name in another, learned as one party."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from bank_statement import COUNT, second_sides, statement, written

import finsim
from finsim.engine.learned.counterparties.two_columns import TwoColumns, two_columns
from finsim.engine.learned.event_model import LearnedEvents
from finsim.engine.learned.event_parts import ledger_of
from finsim.engine.learned.reading import read_to_learn
from finsim.evaluation.reading.guessed_roles import Named
from finsim.records.event_log import NAME_ONLY
from finsim.records.mixed_table import WORD, MixedColumn
from finsim.tables import load_schema

TRANSFERS = ["BGC", "FPI", "FPO", "SO"]


@cache
def sampled(body="habits"):
    with TemporaryDirectory() as folder:
        data, schema = written(Path(folder), statement())
        model = finsim.fit(data, body, schema=schema, seed=1, progress=False)
        model.save(Path(folder) / "m")
        again = LearnedEvents.load(Path(folder) / "m")
        made = finsim.sample(again, entities=COUNT, seed=2, progress=False).to_pandas()
    for name in ("Account", "Type", "Payee", "Other Account"):
        made[name] = made[name].astype(object)
    return made.assign(Amount=made["Amount"].astype(float)), model


@pytest.mark.parametrize("body", ["habits", "resample"])
def test_rows_have_an_account_where_real_ones_have(body):
    made, real = sampled(body)[0], statement()
    assert set(made["Type"]) == set(real["Type"])
    transfer = made["Type"].isin(TRANSFERS)
    assert made["Other Account"].notna().tolist() == transfer.tolist()
    assert made["Payee"].notna().all()
    shops = set(real.loc[~real["Type"].isin(TRANSFERS), "Payee"])
    assert (
        made.loc[~transfer, "Payee"].isin(shops) | ~made.loc[~transfer, "Payee"].isin(real["Payee"])
    ).all()
    assert not made.loc[transfer, "Payee"].str.startswith(("SHOP", "UTILITY")).any()


@pytest.mark.parametrize("body", ["habits", "resample"])
def test_an_account_has_one_name_and_a_new_account_a_new_one(body):
    made, real = sampled(body)[0], statement()
    named = made[made["Other Account"].notna()]
    assert named.groupby("Other Account")["Payee"].nunique().max() == 1
    assert named.groupby("Payee")["Other Account"].nunique().max() == 1
    inside = named["Other Account"].isin(set(made["Account"]))
    assert inside.sum() > 500
    holders = {f"HOLDER {k}" for k in range(COUNT)}
    assert not holders & set(named["Payee"])
    known = dict(zip(real["Other Account"], real["Payee"], strict=True))
    firms = named[named["Type"] == "BGC"]
    assert (firms["Payee"] == firms["Other Account"].map(known)).all()


def test_signs_follow_the_words_and_transfers_stand_on_both_sides():
    made, real = sampled()[0], statement()
    for word, side in (("BGC", 1), ("FPI", 1), ("FPO", -1), ("SO", -1), ("DD", -1), ("POS", -1)):
        assert (np.sign(made.loc[made["Type"] == word, "Amount"]) == side).all()
    share = (made["Amount"] > 0).mean(), (real["Amount"] > 0).mean()
    assert share[0] == pytest.approx(share[1], abs=0.05)
    out, pairs = second_sides(made)
    assert out["index"].isin(pairs["index"]).mean() > 0.98
    assert (pairs["Type_2"] == "FPI").all()
    assert pairs["wait"].quantile(0.98) < 240  # a few of one pair and sum cross
    assert pairs["wait"].median() == pytest.approx(120, abs=30)


def test_the_answer_says_how_both_columns_are_read():
    assert (
        "Other Account where it is filled (there Payee is the account's name), else Payee"
        in (sampled()[1].data["read_as"])
    )


def columns(account, name, entity=None):
    entity = [f"e{k % 4}" for k in range(len(account))] if entity is None else entity
    table = pa.table(
        {"me": entity, "to": pa.array(account, pa.string()), "name": pa.array(name, pa.string())}
    )
    return two_columns(table, "me", "to", "name")


def test_one_counterparty_of_two_columns():
    found, merged = columns(["a", "a", None, None, "b", None], ["A", "A", "S", None, "", "S"])
    assert merged["to"].to_pylist() == ["a", "a", NAME_ONLY + "S", None, "b", NAME_ONLY + "S"]
    assert "name" not in merged.column_names
    assert found.names == {"a": "A"}  # b is known to one entity alone
    assert TwoColumns.from_dict(found.to_dict()) == found
    column = MixedColumn(WORD, np.array([0, 1, 2, 3, -1], np.int32), ("new", "a", "b", NAME_ONLY + "S"))
    words = found.accounts_of(column)
    assert [words.words[k] if k >= 0 else None for k in words.values] == ["new", "a", "b", None, None]
    told = found.names_of(column, 1, None)
    names = [told.words[k] if k >= 0 else None for k in told.values]
    assert names[1] == "A"
    assert names[3:] == ["S", None]
    assert names[0] is None  # no account of the ledger itself has a name here
    assert names[2] not in ("A", "S", "b", "")


def test_accounts_beside_all_names_or_none_are_left_as_they_are():
    assert columns(["a", "b", "c", "d"], ["A", "B", "C", "D"]) is None
    assert columns([None] * 4, ["A", "B", "C", "D"]) is None
    assert columns(["a"] * 39 + [None], ["A"] * 40) is None  # one row of forty
    assert columns(["a"] * 37 + [None] * 3, ["A"] * 40) is not None
    assert two_columns(pa.table({"me": ["x"], "to": ["a"]}), "me", "to", None) is None


def test_remarks_in_place_of_names_are_learned_row_by_row():
    remarks = [f"remark {k % 3}" for k in range(30)] + ["S"] * 10
    found, merged = columns(["a", "b"] * 15 + [None] * 10, remarks)
    assert found.names is None
    assert merged["name"].to_pylist() == [*remarks[:30], *[None] * 10]
    column = MixedColumn(WORD, np.array([0, 1, -1, 1], np.int32), ("a", NAME_ONLY + "S"))
    said = MixedColumn(WORD, np.array([0, 0, -1, -1], np.int32), ("lunch",))
    told = found.names_of(column, 0, said)
    assert [told.words[k] if k >= 0 else None for k in told.values] == ["lunch", "S", None, "S"]


def test_studies_and_private_models_keep_the_columns_apart(tmp_path):
    data, schema = written(tmp_path, statement())
    found = read_to_learn(data, "events", Named(), load_schema(schema), None)
    assert ledger_of(found).two is None
    assert "Payee" in ledger_of(found).log.events
    both = ledger_of(found, both=True)
    assert both.two is not None
    assert both.log.partner_is_entity
    assert "Payee" not in both.log.events


def test_accounts_that_are_met_once_each_have_names():
    found, _ = columns([f"a{k}" for k in range(30)] + [None] * 10, [f"H{k}" for k in range(30)] + ["S"] * 10)
    assert found.names == {}
