"""Files of one day, of empty columns, of newest rows first: what they hold in common comes out so."""

import numpy as np
import pandas as pd
import pytest

import finsim

DAY = pd.Timestamp("2024-01-01")


def payments(count=14, each=20, days=1, seed=0):
    """Return payments at times of some days, booked on their day."""
    rng = np.random.default_rng(seed)
    n = count * each
    seconds = np.sort(rng.choice(days * 86_400, n, replace=False))
    time = DAY + pd.to_timedelta(seconds, unit="s")
    return pd.DataFrame({
        "account": [f"K{k}" for k in rng.permutation(np.repeat(np.arange(count), each))],
        "date": time, "amount": -np.round(rng.lognormal(3, 1, n), 2),
        "payee": rng.choice(["Tesco", "Shell", "Boots", "Aldi", "Lidl"], n), "booked": time.normalize(),
    })  # fmt: skip


def new_rows(table, tmp_path):
    table.to_csv(tmp_path / "real.csv", index=False)
    model = finsim.fit(
        tmp_path / "real.csv", "habits", kind="events", id="account", time="date", progress=False
    )
    finsim.sample(model, entities=14, output=tmp_path / "new.csv", progress=False)
    return pd.read_csv(tmp_path / "new.csv")


@pytest.mark.parametrize("form", ["times", "dates", "one time"])
def test_a_file_of_one_day_is_booked_on_that_day(tmp_path, form):
    table = payments()
    if form == "dates":
        table["date"] = table["date"].dt.normalize()
    elif form == "one time":
        table["date"] = DAY + pd.Timedelta(hours=12)
    found = new_rows(table, tmp_path)
    assert len(found) > 100
    assert (pd.to_datetime(found["booked"]) == pd.to_datetime(found["date"]).dt.normalize()).all()


def test_a_date_that_all_rows_have_stays_and_one_of_an_account_moves(tmp_path):
    table = payments(days=60)
    table["printed"] = DAY + pd.Timedelta(days=90)
    table["opened"] = DAY - pd.to_timedelta(30 * (1 + table["account"].str[1:].astype(int)), unit="D")
    found = new_rows(table, tmp_path)
    assert set(pd.to_datetime(found["printed"])) == {DAY + pd.Timedelta(days=90)}
    assert (found.groupby("account")["opened"].nunique() == 1).all()
    moved = ~found["opened"].isin(table["opened"].dt.strftime("%Y-%m-%d"))
    assert moved.mean() > 0.5


def test_empty_columns_stay_empty(tmp_path):
    table = payments(days=60)
    table[["payee", "booked", "balance"]] = ""
    found = new_rows(table, tmp_path)
    assert found[["payee", "booked", "balance"]].isna().all().all()


@pytest.mark.parametrize("balance", [False, True])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_rows_stand_as_those_of_the_file(tmp_path, order, balance):
    table = payments(days=60)
    if balance:
        table["balance"] = np.round(900 + table.groupby("account")["amount"].cumsum(), 2)
    found = new_rows(table if order == "oldest" else table.iloc[::-1], tmp_path)
    step = pd.to_datetime(found["date"]).groupby(found["account"]).diff().dropna()
    way = 1 if order == "oldest" else -1
    assert (step * way >= pd.Timedelta(0)).all()
    assert (step * way > pd.Timedelta(0)).mean() > 0.9
    if balance:
        moved = found.groupby("account")["balance"].diff(way)
        assert (moved - found["amount"]).abs().max() < 0.006


def test_rows_of_a_day_stand_as_in_a_file_of_falling_days(tmp_path):
    """Days fall, rows of one day run on from top to bottom: so do the balances of new rows."""
    table = payments(days=30)
    table["balance"] = np.round(900 + table.groupby("account")["amount"].cumsum(), 2)
    table["date"] = table["date"].dt.normalize()
    found = new_rows(table.sort_values("date", ascending=False, kind="stable"), tmp_path)
    date = pd.to_datetime(found["date"])
    assert (date.groupby(found["account"]).diff().dropna() <= pd.Timedelta(0)).all()
    by_time = found.assign(date=date).sort_values(["account", "date"], kind="stable")
    moved = by_time.groupby("account")["balance"].diff()
    assert (moved - by_time["amount"]).abs().max() < 0.006


def test_rows_of_a_day_stand_backwards_where_the_file_runs_so(tmp_path):
    table = payments(days=30)
    table["balance"] = np.round(900 + table.groupby("account")["amount"].cumsum(), 2)
    table["date"] = table["date"].dt.normalize()
    found = new_rows(table.iloc[::-1], tmp_path)
    date = pd.to_datetime(found["date"])
    assert (date.groupby(found["account"]).diff().dropna() <= pd.Timedelta(0)).all()
    moved = found.groupby("account")["balance"].diff(-1)
    assert (moved - found["amount"]).abs().max() < 0.006


def test_accounts_of_one_day_each_are_booked_on_that_day(tmp_path):
    table = payments()
    day = pd.to_timedelta(table["account"].str[1:].astype(int) % 5, unit="D")
    table["date"], table["booked"] = table["date"] + day, table["booked"] + day
    found = new_rows(table.sort_values("date"), tmp_path)
    assert (pd.to_datetime(found["booked"]) == pd.to_datetime(found["date"]).dt.normalize()).all()
