"""A balance that does not run on and words that no real row has together are seen; real halves pass."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.events.statements import running_balances, unseen_pairs
from finsim.evaluation.events.statements.unseen_pairs import never_together
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams

START = pd.Timestamp("2025-01-01")
TYPES = {"groceries": ("card", "direct debit"), "cash": ("machine",), "wages": ("credit",)}


def statement(seed, count=100, *, fault=""):
    """Accounts with a type and a category of each row and a running balance, in order of time."""
    rng = np.random.default_rng(seed)
    rows = []
    for e in range(count):
        balance = round(float(rng.lognormal(6, 1)), 2)
        for day in np.sort(rng.integers(0, 90, 45)):
            what = str(rng.choice(["groceries", "cash", "wages"], p=[0.7, 0.2, 0.1]))
            how = str(rng.choice(TYPES[what]))
            amount = round(float(rng.lognormal(3, 1)), 2) * (1 if what == "wages" else -1)
            if fault == "words" and rng.random() < 0.1:
                how = "machine"
            if fault == "sign" and rng.random() < 0.1:
                amount = -amount
            balance = round(balance + amount, 2)
            shown = round(float(rng.lognormal(6, 1)), 2) if fault == "balance" else balance
            rows.append((f"a{e}", START + pd.Timedelta(days=int(day)), how, what, amount, shown))
    return pd.DataFrame(rows, columns=["account", "date", "type", "category", "amount", "balance"])


def measured(metric, real, own, amount="amount"):
    roles = Roles(id="account", time="date", amount=amount)
    tables = [pa.Table.from_pandas(one, preserve_index=False) for one in (real, own)]
    return metric.measure(event_case(*tables, None, roles, Streams(1), Settings(bootstrap=60)))


def test_real_halves_pass():
    for metric in (running_balances, unseen_pairs):
        (score,) = measured(metric, statement(1), statement(2))
        assert (score.value, score.verdict) == (0.0, "pass")


@pytest.mark.parametrize(
    ("fault", "metric", "least"),
    [("balance", running_balances, 0.95), ("words", unseen_pairs, 0.05), ("sign", unseen_pairs, 0.08)],
)
def test_a_planted_fault_is_seen(fault, metric, least):
    (score,) = measured(metric, statement(1), statement(2, fault=fault))
    assert score.value > least
    assert score.verdict in ("warn", "fail")
    other = unseen_pairs if metric is running_balances else running_balances
    assert measured(other, statement(1), statement(2, fault=fault))[0].verdict == "pass"


def test_rows_newest_first_run_on_too():
    real, own = (statement(seed).iloc[::-1].reset_index(drop=True) for seed in (1, 2))
    (score,) = measured(running_balances, real, own)
    assert score.value == 0.0
    (score,) = measured(running_balances, statement(1), own)
    assert score.value == 0.0


def test_debits_and_credits_in_two_columns():
    def parted(table):
        out, into = (-table["amount"]).where(table["amount"] < 0), table["amount"].where(table["amount"] > 0)
        return table.drop(columns="amount").assign(Debit=out, Credit=into)

    (score,) = measured(running_balances, parted(statement(1)), parted(statement(2)), None)
    assert score.value == 0.0
    (score,) = measured(running_balances, parted(statement(1)), parted(statement(2, fault="balance")), None)
    assert score.verdict in ("warn", "fail")


def test_what_is_not_asked_says_why():
    plain = statement(1).drop(columns=["balance", "type", "category"])
    assert "no column of the real rows" in measured(running_balances, plain, plain)[0].reason
    assert "fewer than two columns" in measured(unseen_pairs, plain, plain)[0].reason


def test_the_worst_pair_is_named():
    (score,) = measured(unseen_pairs, statement(1), statement(2, fault="words"))
    assert "machine" in score.note
    assert "groceries" in score.note


def test_rare_words_are_not_asked():
    """Two of 40 accounts have the word b: that it never stands beside y is chance."""
    entity = np.repeat(np.arange(40), 5)
    codes = {"one": (entity < 2) * 1, "two": np.where(entity < 2, 0, 1)}
    assert never_together(codes, {"one": 2, "two": 2}, entity) == []
    wide = {"one": np.tile([0, 1], 100), "two": np.tile([1, 0], 100)}
    (found,) = never_together(wide, {"one": 2, "two": 2}, np.repeat(np.arange(20), 10))
    assert found.never[:2, :2].tolist() == [[True, False], [False, True]]
