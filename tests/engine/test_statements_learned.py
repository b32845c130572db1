"""Statements come out as statements: balances run on, debits and credits stand in their columns."""

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.engine.learned import event_model
from finsim.engine.learned.event_model import LearnedEvents
from finsim.engine.learned.statements.balance_column import _sums
from finsim.randomness import Streams


def rows(count=40, each=40, seed=0):
    """Return dated rows of accounts with type, payee, amount and balance, in order of time."""
    rng = np.random.default_rng(seed)
    found = []
    for e in range(count):
        balance = round(float(rng.lognormal(6, 1)), 2)
        for day in np.sort(rng.integers(0, 80, each)):
            what = str(rng.choice(["shop", "wage"], p=[0.85, 0.15]))
            amount = round(float(rng.lognormal(3 if what == "shop" else 4.6, 0.7)), 2)
            amount = -amount if what == "shop" else amount
            balance = round(balance + amount, 2)
            date = pd.Timestamp("2025-03-03") + pd.Timedelta(days=int(day))
            found.append((f"K{1000 + 7 * e}", date, what, f"P{rng.integers(12)}", amount, balance))
    return pd.DataFrame(found, columns=["account", "date", "type", "payee", "amount", "balance"])


def comma(cell):
    return "" if np.isnan(cell) else f"{cell:.2f}".replace(".", ",")


def german(table):
    """Return the rows as a bank of Germany writes them, the newest first."""
    sums = {
        "Soll": (-table["amount"]).where(table["amount"] < 0),
        "Haben": table["amount"].where(table["amount"] > 0),
        "Saldo": table["balance"],
    }
    found = pd.DataFrame({
        "Konto": table["account"], "Buchungstag": table["date"].dt.strftime("%d.%m.%Y"),
        "Umsatzart": table["type"], "Empfänger": table["payee"],
        **{name: [comma(cell) for cell in one] for name, one in sums.items()},
    })  # fmt: skip
    return pd.concat([one.iloc[::-1] for _, one in found.groupby("Konto", sort=False)])


def fitted(data, **more):
    return finsim.fit(data, "habits", kind="events", progress=False, **more)


def runs_on(account, amount, balance):
    """Return the share of rows whose balance follows from the row above."""
    same = account[1:] == account[:-1]
    return (np.abs(np.diff(balance) - amount[1:])[same] < 0.005).mean()


@pytest.fixture(scope="module")
def model():
    return fitted(rows(), id="account", time="date")


def table_of(model, entities=30, seed=2, days=None):
    batches = model.batches(entities, Streams(seed), days, lambda share, text: None)
    parts = [one.to_pandas() for one in batches]  # words of a batch are categories of its own
    words = {name: object for name in parts[0] if parts[0][name].dtype == "category"}
    return pd.concat([one.astype(words) for one in parts], ignore_index=True)


def test_balances_run_on(model):
    found = table_of(model)
    assert runs_on(*(found[name].to_numpy() for name in ("account", "amount", "balance"))) == 1.0
    assert found["balance"].min() >= rows()["balance"].min() - 0.005
    assert found.columns.tolist() == rows().columns.tolist()
    assert "balance balance: computed" in model.data["read_as"]


def test_no_opening_is_a_learned_one(model):
    real, found = rows(), table_of(model, 40)
    openings = [
        set((one["balance"] - one["amount"]).groupby(one["account"]).first().round(2))
        for one in (real, found)
    ]
    assert not openings[0] & openings[1]


@pytest.mark.parametrize("block", [1, 7, 1_000])
def test_any_batch_size_gives_the_same_rows(model, monkeypatch, block):
    whole = table_of(model)
    monkeypatch.setattr(event_model, "BLOCK_ENTITIES", block)
    pd.testing.assert_frame_equal(table_of(model), whole)


def test_a_saved_model_computes_the_same(model, tmp_path):
    model.save(tmp_path / "model")
    pd.testing.assert_frame_equal(table_of(LearnedEvents.load(tmp_path / "model")), table_of(model))


def test_sums_begin_with_the_first_row_of_an_account():
    moved, starts = np.array([5, -3, 2, 7]), np.array([0, 2])
    assert _sums(moved, starts, False).tolist() == [5, 2, 2, 9]
    assert _sums(moved, starts, True).tolist() == [0, 5, 0, 2]


def test_longer_periods_run_on_too(model):
    found = table_of(model, days=200)
    assert runs_on(*(found[name].to_numpy() for name in ("account", "amount", "balance"))) == 1.0


def test_a_german_statement(tmp_path):
    german(rows()).to_csv(tmp_path / "umsatz.csv", sep=";", index=False)
    model = fitted(tmp_path / "umsatz.csv")
    assert "Haben less Soll" in model.data["read_as"]
    assert "balance Saldo: computed" in model.data["read_as"]
    finsim.sample(model, entities=30, output=tmp_path / "neu.csv", progress=False)
    text = (tmp_path / "neu.csv").read_text().splitlines()
    assert text[0] == "Konto;Buchungstag;Umsatzart;Empfänger;Soll;Haben;Saldo"
    found = pd.read_csv(tmp_path / "neu.csv", sep=";", decimal=",")
    assert (found["Soll"].notna() ^ found["Haben"].notna()).all()
    assert (found.loc[found["Umsatzart"] == "wage", "Haben"] > 0).all()
    up = found.iloc[::-1]
    amount = up["Haben"].fillna(0) - up["Soll"].fillna(0)
    assert runs_on(up["Konto"].to_numpy(), amount.to_numpy(), up["Saldo"].to_numpy()) == 1.0
    dates = pd.to_datetime(found["Buchungstag"], format="%d.%m.%Y")
    assert (dates.groupby(found["Konto"]).diff().dropna() <= pd.Timedelta(0)).all()
    assert all(cell.count(",") == 1 for line in text[1:] for cell in line.split(";")[-1:])


def test_unsigned_sums_with_a_word_and_a_balance_of_each_currency():
    real = rows(60, 60)
    word = np.where(real["amount"] < 0, "D", "C")
    currency = np.where(np.random.default_rng(1).random(len(real)) < 0.5, "EUR", "USD")
    key = [real["account"], currency]
    balance = (real["amount"].groupby(key).cumsum() + 500).round(2)
    real = real.assign(direction=word, currency=currency, balance=balance, amount=real["amount"].abs())
    found = table_of(fitted(real, id="account", time="date"), 40)
    signed = found["amount"] * np.where(found["direction"] == "C", 1, -1)
    order = np.lexsort((np.arange(len(found)), found["currency"], found["account"]))
    both = (found["account"] + found["currency"]).to_numpy()[order]
    assert runs_on(both, signed.to_numpy()[order], found["balance"].to_numpy()[order]) == 1.0


def test_balances_of_the_last_row_of_a_day():
    real = rows()
    last = ~real.duplicated(["account", "date"], keep="last")
    model = fitted(real.assign(balance=real["balance"].where(last)), id="account", time="date")
    found = table_of(model)
    pd.testing.assert_series_equal(
        found["balance"].notna(), ~found.duplicated(["account", "date"], keep="last"), check_names=False
    )
    total = found["amount"].groupby(found["account"]).cumsum()
    opening = (found["balance"] - total).groupby(found["account"])
    assert (opening.max() - opening.min()).max() < 0.005


def test_a_balance_that_does_not_follow_is_drawn_and_said():
    real = rows(each=60)
    noise = np.random.default_rng(3).random(len(real)) < 0.15
    model = fitted(real.assign(balance=real["balance"] + 5.0 * noise), id="account", time="date")
    assert "balance balance: drawn row by row" in model.data["read_as"]
    assert model.balance is None
