"""Where transfers stand on both sides, each account's balance counts its second sides too."""

import pandas as pd
import pyarrow as pa
import pytest
from bank_statement import statement, written

import finsim
from finsim.engine.learned import event_model
from finsim.engine.learned.event_model import LearnedEvents
from finsim.randomness import Streams


def with_balance(table):
    """Return the statement with what each account holds after each row."""
    opening = 900 + 10.0 * (table["Account"].astype(int) % 89)
    return table.assign(Balance=(opening + table.groupby("Account")["Amount"].cumsum()).round(2))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("both")
    data, schema = written(folder, with_balance(statement()))
    schema.write_text(schema.read_text() + "  Balance: {type: money, ccy: GBP}\n")
    finsim.fit(data, "habits", schema=schema, seed=1, output=folder / "model", progress=False)
    return LearnedEvents.load(folder / "model")


def drawn(model, entities, seed):
    return pa.Table.from_batches(
        model.batches(entities, Streams(seed), None, lambda share, text: None)
    ).to_pandas()


def odd(table):
    """Return how many rows of an account do not go on from the one before, in order of time."""
    table = table.sort_values("Date", kind="stable")
    before = table.groupby("Account")["Balance"].shift()
    gap = (table["Balance"] - before - table["Amount"]).astype(float)
    return int((gap.abs() > 0.006).sum()), int(before.notna().sum())


def test_balances_count_the_second_sides(model):
    assert "computed" in model.data["read_as"]
    found = drawn(model, 70, 3)
    turned = found["Account"].ne(found["Account"].shift()).sum()
    assert turned > 2 * 70  # rows of other accounts stand in between
    broken, pairs = odd(
        found.assign(Balance=found["Balance"].astype(float), Amount=found["Amount"].astype(float))
    )
    assert (broken, pairs > 2_000) == (0, True)


def test_blocks_change_no_balance(model, monkeypatch):
    whole = drawn(model, 30, 4).astype(str)
    monkeypatch.setattr(event_model, "BLOCK_ENTITIES", 7)
    pd.testing.assert_frame_equal(whole, drawn(model, 30, 4).astype(str))
