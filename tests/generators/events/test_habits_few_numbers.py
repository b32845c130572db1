"""Fees: numbers of few values follow the word of the row, the payee and what the sum says."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import pandas as pd

import finsim
from finsim.generators.events.habits.cells.contexts import RESTS, two_contexts
from finsim.generators.events.habits.cells.few_numbers import as_words, few_told_by_words, telling_rests
from finsim.records.mixed_table import NUMBER, MixedColumn

ACCOUNTS = 60
SCHEMA = """
finsim: schema/1
kind: payments
columns:
  account: {type: id, role: from_account}
  time: {type: ts, format: "%Y-%m-%d %H:%M", role: date}
  other: {type: id, role: to_account, null: true}
  name: {type: cat, role: merchant}
  word: {type: cat, role: channel}
  sum: {type: money, ccy: EUR, role: amount}
  cost: {type: money, ccy: EUR}
"""


def statement() -> pd.DataFrame:
    """Return transfers on both sides, a third at a cost of the payer, and cash that costs at one bank."""
    rng = np.random.default_rng(3)
    rows = []

    def time() -> pd.Timestamp:
        day = pd.Timestamp("2024-01-01") + pd.Timedelta(days=int(rng.integers(0, 200)))
        return day + pd.Timedelta(minutes=int(rng.integers(8 * 60, 22 * 60)))

    for _ in range(900):
        one, two = (f"A{k:03d}" for k in rng.choice(ACCOUNTS, 2, replace=False))
        at, sent, instant = time(), round(float(rng.lognormal(3.3, 0.7)), 2), rng.random() < 0.35
        cost = 0.8 * instant
        rows.append((one, at, two, f"holder {two}", "INSTANT" if instant else "ORDER", -sent - cost, cost))
        rows.append((two, at, one, f"holder {one}", "RECEIVED", sent, 0.0))
    for _ in range(1_500):
        notes, foreign = float(rng.choice([20, 50, 60, 80, 100, 200])), rng.random() < 0.3
        cost = max(1.0, 0.02 * notes) if foreign else 0.0
        bank = "OTHER BANK" if foreign else "OWN BANK"
        rows.append((f"A{rng.integers(ACCOUNTS):03d}", time(), "", bank, "CASH", -notes - cost, cost))
    for _ in range(1_500):
        sums = -round(float(rng.lognormal(3, 0.6)), 2)
        shop = f"SHOP {rng.integers(9)}"
        rows.append((f"A{rng.integers(ACCOUNTS):03d}", time(), "", shop, "CARD", sums, 0.0))
    names = ["account", "time", "other", "name", "word", "sum", "cost"]
    frame = pd.DataFrame(rows, columns=names).sort_values(["account", "time"], kind="stable")
    frame["time"] = frame["time"].dt.strftime("%Y-%m-%d %H:%M")
    return frame


@cache
def sampled() -> pd.DataFrame:
    with TemporaryDirectory() as folder:
        file, schema, model = (Path(folder) / name for name in ("s.csv", "s.yaml", "model"))
        statement().to_csv(file, index=False, float_format="%.2f")
        schema.write_text(SCHEMA)
        finsim.fit(file, "habits", schema=schema, output=model, seed=2, progress=False)
        frame = finsim.sample(model, entities=ACCOUNTS, seed=4, progress=False).to_pandas()
    frame[["sum", "cost"]] = frame[["sum", "cost"]].astype(float)
    return frame


def test_a_cost_is_that_of_the_word():
    rows = sampled()
    cost = rows.groupby("word")["cost"].agg(["min", "max", "size"])
    assert (cost.loc["INSTANT", ["min", "max"]] == 0.8).all()
    assert (cost.loc[["ORDER", "CARD", "RECEIVED"], ["min", "max"]] == 0.0).all(axis=None)
    assert cost["size"].min() > 100


def test_cash_and_its_cost_make_the_sum():
    rows = sampled()
    cash = rows[rows["word"] == "CASH"]
    notes = (-cash["sum"] - cash["cost"]).round(2)
    assert (notes % 10 == 0).mean() > 0.99
    foreign = cash["name"] == "OTHER BANK"
    assert (cash["cost"][~foreign] == 0).all()
    right = np.isclose(cash["cost"], np.maximum(1.0, 0.02 * notes))
    assert right[foreign].mean() > 0.98
    assert cash["cost"][foreign].nunique() >= 4


def test_second_sides_are_less_the_cost_and_bear_none():
    rows = sampled()
    sent = rows[rows["word"].isin(["INSTANT", "ORDER"])]
    got = rows[rows["word"] == "RECEIVED"]
    assert len(got) > 100
    there = set(zip(got["other"], got["account"], got["sum"].round(2), strict=True))
    sums = (-sent["sum"] - sent["cost"]).round(2)
    assert np.mean([one in there for one in zip(sent["account"], sent["other"], sums, strict=True)]) > 0.95


def test_numbers_go_to_the_nearest_of_the_few():
    few = np.array([0.0, 0.8, 2.0])
    codes = as_words(np.array([0.0, 0.8, 2.0, np.nan, 0.3, 1.5, 9.0]), few)
    assert codes.tolist() == [0, 1, 2, 3, 0, 2, 2]


def test_only_rests_that_say_a_rare_value_are_told_apart():
    rest = np.repeat([0, 100, 120, 130, 999], [500, 20, 10, 4, 50])
    codes = np.repeat([0, 1, 2, 2, 0], [500, 20, 10, 4, 50])
    codes[500:509] = 0  # 9 of 20: most still say a fee
    codes[-8:] = 2  # 8 of 50: most say none
    groups = telling_rests(codes, rest)
    assert len(groups) == RESTS
    assert groups[[0, 999, 130, 7]].tolist() == [0, 0, 0, 0]  # of 130 there are too few
    assert groups[100] != groups[120]
    assert min(groups[100], groups[120]) > 0


def test_a_word_tells_fees_that_the_payee_does_not():
    rng = np.random.default_rng(2)
    entity, payee, word = rng.integers(0, 20, 4_000), rng.integers(0, 5, 4_000), rng.integers(0, 20, 4_000)
    by_payee = payee == 0
    ledger = SimpleNamespace(count=20, entity=entity)

    def told(fee, told_by):
        column = MixedColumn(NUMBER, fee.astype(float), (), 0.01)
        return few_told_by_words(column, ledger, payee, [told_by])

    fee = np.where(by_payee, 1.0, np.where(word == 3, 0.8, 0.0))
    assert told(fee, word + 20 * by_payee)
    assert told(np.where(rng.random(4_000) < 0.01, 1.0, fee), word + 20 * by_payee)
    assert not told(fee, rng.permutation(word))
    assert not told(np.where(by_payee, 1.0, 0.0), word)  # the payee tells all of it


def test_the_second_context_is_the_one_that_tells_beside_the_first():
    rng = np.random.default_rng(1)
    one, two = rng.integers(0, 4, 4_000), rng.integers(0, 2, 4_000)
    target = one * (one < 3) + 3 * (one == 3) * two
    found = two_contexts(target, {"two": two, "one": one, "same as one": one * 2})
    assert set(found) == {"one", "two"} or set(found) == {"same as one", "two"}
