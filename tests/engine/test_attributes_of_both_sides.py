"""Statements with attributes of the account: each row has those of whose row it is, second sides too."""

import numpy as np
import pandas as pd
import pytest
from bank_statement import COUNT, statement, written

import finsim
from finsim.engine.learned import event_model
from finsim.randomness import Streams
from finsim.tables.new_ids.check_digits import IBAN, check_of, checked

pytestmark = pytest.mark.sweep

BRANCHES = ["Leeds", "York", "Hull"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return a model of a statement with a number, a branch and an account holder's account number."""
    folder = tmp_path_factory.mktemp("sides")
    table = statement()
    account = {
        f"{10_000_000 + 7 * k}": checked(f"GBLEED402030{10_000_000 + 7 * k}", IBAN) for k in range(COUNT)
    }
    number = {one: f"K-{k:04d}" for k, one in enumerate(account.values())}
    branch = {one: BRANCHES[k % 3] for k, one in enumerate(account.values())}
    for name in ("Account", "Other Account"):
        table[name] = table[name].map(lambda one: account.get(one, one))
    table["Number"], table["Branch"] = table["Account"].map(number), table["Account"].map(branch)
    data, schema = written(folder, table)
    text = schema.read_text() + "  Number: {type: cat}\n  Branch: {type: cat}\n"
    schema.write_text(text)
    return finsim.fit(data, "habits", kind="events", schema=schema, seed=3, progress=False), table


def sampled(model, **more):
    return finsim.sample(model[0], seed=5, progress=False, **more).to_pandas()


def second_sides(rows):
    """Return the share of transfers sent inside the bank whose receiver has a row of the sum too."""
    inside = rows[rows["Other Account"].isin(set(rows["Account"]))]
    cents = (100 * inside["Amount"].astype(float)).round().astype(int)
    here, there = inside["Account"].astype(str), inside["Other Account"].astype(str)
    came = set((here + there + cents.astype(str))[cents > 0])
    return (there + here + (-cents).astype(str))[cents < 0].isin(came).mean()


def test_second_sides_have_the_attributes_of_their_account(model):
    rows = sampled(model, entities=COUNT)
    assert second_sides(rows) > 0.95
    by_account = rows.groupby("Account")
    assert (by_account[["Number", "Branch"]].nunique() == 1).all(axis=None)
    assert (rows.groupby("Number")["Account"].nunique() == 1).all()
    assert not set(rows["Number"]) & set(model[1]["Number"])
    assert rows["Number"].str.fullmatch(r"K-\d{4}").all()
    shares = by_account["Branch"].first().value_counts(normalize=True)
    assert set(shares.index) == set(BRANCHES)
    assert check_of(list(rows["Account"].unique())) == IBAN
    assert not set(rows["Account"]) & set(model[1]["Account"])


def test_attributes_of_a_run_are_those_of_its_blocks(model):
    body = model[0].generator
    whole = body.attributes(3 * COUNT, Streams(5))
    for first in (0, COUNT + 7):
        log = body.sample(COUNT, Streams(5), first, total=3 * COUNT)
        for name in log.entities.columns:
            part = whole[name].take(np.arange(first, first + COUNT))
            np.testing.assert_array_equal(part.values, log.entities[name].values)


def test_blocks_do_not_change_rows(model, monkeypatch):
    whole = sampled(model, entities=COUNT)
    monkeypatch.setattr(event_model, "BLOCK_ENTITIES", 16)
    model[0].generator._attributes.clear()
    pd.testing.assert_frame_equal(sampled(model, entities=COUNT).astype(str), whole.astype(str))
