"""Second dates and running balances of added rows, in the forms in which banks write them."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from bank_rows import DAY, HOLIDAY, bank, is_open, lags, steps_off

import finsim
from finsim.engine.injection.following import second_days
from finsim.engine.injection.following.lag_law import telling
from finsim.engine.injection.following.open_days import OpenDays
from finsim.engine.injection.inject import Injected
from finsim.notation import NANOS_PER_DAY

STORIES = ["rapid_movement", "mule_network"]
FORMS = ["signed", "newest first", "by account", "days"]


def put(folder: Path, frame: pd.DataFrame, schema: str, stories: list[str] = STORIES) -> Injected:
    file = folder / "rows.csv"
    if schema:
        (folder / "s.yaml").write_text("finsim: schema/1\nkind: payments\n" + schema)
        frame.to_csv(file, index=False, sep=";" if "sep" in schema else ",")
    else:
        file = folder / "rows.parquet"
        frame.to_parquet(file, index=False)
    return finsim.inject(
        file, narratives=stories, rate=0.05, seed=3, output=folder / "out", progress=False,
        schema=folder / "s.yaml" if schema else None,
    )  # fmt: skip


def written(form: str) -> tuple[pd.DataFrame, str]:
    """Return a ledger as a bank exports it, and its schema."""
    rows = bank()
    frame = pd.DataFrame(
        {"account": rows["account"], "ts": rows["ts"], "booked": rows["booked"], "kind": rows["kind"]}
    )
    money, balance = rows["cents"] / 100, rows["balance"] / 100
    columns = (
        "columns:\n  account: {type: id, role: from_account}\n  kind: {type: cat}\n"
        "  amount: {type: money, ccy: GBP, role: amount}\n  balance: {type: money, ccy: GBP, role: balance}\n"
    )
    if form == "days":
        comma = {name: one.map("{:.2f}".format).str.replace(".", ",") for name, one in
                 (("amount", money), ("balance", balance))}  # fmt: skip
        frame = frame.assign(**comma)
        for name in ("ts", "booked"):
            frame[name] = frame[name].dt.strftime("%d.%m.%Y")
        dates = "".join(
            f"  {name}: {{type: date, format: '%d.%m.%Y'{role}}}\n"
            for name, role in (("ts", ", role: date"), ("booked", ""))
        )
        return frame, "read: {sep: ';', decimal: ','}\n" + columns + dates
    if form == "newest first":
        frame = frame.assign(way=np.where(money < 0, "D", "C"), amount=money.abs(), balance=balance)[::-1]
        frame["ts"] = frame["ts"].dt.strftime("%d/%m/%Y %H:%M:%S")
        frame["booked"] = frame["booked"].dt.strftime("%d/%m/%Y")
        return frame, columns + (
            "  way: {type: cat, role: direction}\n  ts: {type: ts, format: '%d/%m/%Y %H:%M:%S', role: date}\n"
            "  booked: {type: date, format: '%d/%m/%Y'}\n"
        )
    frame = frame.assign(amount=money, balance=balance)
    if form == "by account":  # instants that keep the time of day; pending rows of the last days have none
        frame["booked"] += frame["ts"] - frame["ts"].dt.normalize()
        frame["booked"] = frame["booked"].where((frame["kind"] != "ATM") | (frame["amount"] < -20))
        return frame.sort_values("account", kind="stable", ignore_index=True), ""
    return frame, columns + "  ts: {type: ts, role: date}\n  booked: {type: date}\n"


@pytest.fixture(scope="module", params=FORMS)
def made(request, tmp_path_factory) -> tuple[str, pd.DataFrame, Injected, pd.DataFrame]:
    frame, schema = written(request.param)
    found = put(tmp_path_factory.mktemp("bank"), frame, schema)
    rows = pd.read_parquet(found.transactions)
    rows["account"], rows["kind"] = rows["account"].astype(str), rows["kind"].astype(str)
    cents = np.rint(rows["amount"].astype(float) * 100)
    rows["cents"] = np.where(rows["way"].astype(str) == "D", -cents, cents) if "way" in rows else cents
    rows["balance"] = np.rint(rows["balance"].astype(float) * 100)
    for name in ("ts", "booked"):
        rows[name] = pd.to_datetime(rows[name], utc=True).dt.tz_localize(None).astype("datetime64[us]")
    return request.param, frame, found, rows


def test_real_rows_stay(made) -> None:
    _, frame, _, rows = made
    real = rows[rows["instance"] < 0]
    truth = bank()
    assert sorted(real["balance"]) == sorted(truth["balance"])
    assert real["account"].tolist() == frame["account"].tolist()


def test_added_rows_are_booked_as_their_kind_is_on_their_weekday(made) -> None:
    form, _, _, rows = made
    rows = rows.assign(lag=lags(rows).fillna(-1), weekday=rows["ts"].dt.day_of_week)
    added = rows[rows["instance"] >= 0]
    known = set(rows[rows["instance"] < 0][["kind", "weekday", "lag"]].itertuples(index=False, name=None))
    assert len(added) > 80
    assert set(added[["kind", "weekday", "lag"]].itertuples(index=False, name=None)) <= known
    booked = added["booked"].dropna()
    assert all(is_open(day) for day in booked.dt.normalize())
    card = added[(added["kind"] == "POS") & (added["weekday"] == 0)]
    assert len(set(card["lag"])) > 1  # drawn, not the usual one for all
    if form == "by account":
        assert booked.equals(
            added["ts"][booked.index] - added["ts"][booked.index].dt.normalize() + booked.dt.normalize()
        )
        pending = added["booked"].isna()
        assert set(added["kind"][pending]) <= {"ATM"}
    else:
        assert (booked == booked.dt.normalize()).all()
        assert added["booked"].notna().all()


def test_rows_of_an_account_stay_in_order(made) -> None:
    """Newest first where the bank writes so, added rows among themselves too."""
    form, _, _, rows = made
    step = rows.groupby("account")["ts"].diff().dropna()
    zero = pd.Timedelta(0)
    assert ((step <= zero) if form == "newest first" else (step >= zero)).all()
    after = rows.groupby("account")["instance"].shift()
    assert ((rows["instance"] >= 0) & (after >= 0)).sum() > 20


def test_added_balances_go_on_and_the_break_behind_them_is_told(made) -> None:
    form, _, found, rows = made
    newest = form == "newest first"
    off = steps_off(rows, newest)
    added = rows["instance"] >= 0
    assert off[added].dropna().abs().max() <= 1
    assert off[added].notna().mean() > 0.9
    order = rows[::-1] if newest else rows
    behind = off.reindex(order.index).groupby(order["account"]).shift(-1).abs() > 1
    told = next(text for text in found.remarks if text.startswith("balance: runs on in 100.0%"))
    assert (
        int(re.search(r"behind ([\d,]+)", told)[1].replace(",", "")) == behind[added.loc[order.index]].sum()
    )
    hits, usual = behind[added].mean(), behind[~added].mean()
    assert float(re.search(r"AUC of ([\d.]+):", told)[1]) == pytest.approx(0.5 + (hits - usual) / 2, abs=6e-4)
    assert not any("cells of other rows" in text for text in found.remarks)


def test_days_behind_are_told_and_tell_nothing(made) -> None:
    _, _, found, _ = made
    assert any("booked" in text and "days behind their time" in text for text in found.remarks)
    assert max(one.column_auc for one in found.separations) < 0.75


def test_days_behind_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were all added rows booked nine days later, that column would be named."""

    def late(law, lend, wall, u):
        return wall[1] - wall[1] % NANOS_PER_DAY + 9 * NANOS_PER_DAY, np.ones(len(wall[1]), np.bool_)

    monkeypatch.setattr(second_days, "_made", late)
    found = put(tmp_path, *written("signed"))
    assert {one.column for one in found.separations} == {"booked: days behind"}
    assert min(one.column_auc for one in found.separations) > 0.9


def test_a_lag_that_ends_on_a_closed_day_goes_on_to_an_open_one() -> None:
    """A row of a Monday lends a day behind; the Tuesday of the added row's week is a holiday."""
    days = pd.bdate_range("2024-02-01", "2024-03-29").drop(HOLIDAY)
    paid = np.array([pd.Timestamp("2024-02-05").value, pd.Timestamp("2024-02-09").value] + [0] * len(days))
    booked = np.array([paid[0] + NANOS_PER_DAY, paid[1] - 4 * NANOS_PER_DAY, *(day.value for day in days)])
    law = second_days.SecondDay(None, "", booked, np.ones(len(booked), np.bool_), False, NANOS_PER_DAY)
    added = np.array([pd.Timestamp("2024-03-04 17:00").value, pd.Timestamp("2024-03-09 09:00").value])
    lend = SimpleNamespace(of=lambda row, u, after: row)
    found, there = second_days._made(law, lend, (paid, added), np.zeros(2))
    assert there.all()
    assert pd.to_datetime(found).tolist() == [HOLIDAY + DAY, HOLIDAY - DAY]  # behind; before the time


def test_weekdays_alone_are_closed_where_rows_are_few() -> None:
    few = OpenDays.of(np.array([0, 30, 61, 90, 120]))  # Thursdays to Fridays of 1970
    assert len(few.open) == 0
    every = OpenDays.of(np.setdiff1d(np.arange(100), [50]))
    assert [every.has(day) for day in (49, 50, 51)] == [True, False, True]
    assert (every.nearest(50, back=False), every.nearest(50, back=True)) == (51, 49)
    assert every.has(100 + 7)


def test_what_a_lag_depends_on_is_found() -> None:
    rng = np.random.default_rng(1)
    codes = {
        name: rng.integers(0, size, 4_000) for name, size in (("kind", 4), ("weekday", 7), ("noise", 40))
    }
    lag = np.where(codes["kind"] == 0, 0, 1) + 2 * (codes["weekday"] == 4)
    assert telling(codes, lag) == ["kind", "weekday"]
    assert telling(codes, lag * 0) == []


def test_a_column_that_keeps_no_lag_is_named_and_one_of_the_account_is_its_own(tmp_path: Path) -> None:
    """A statement day once a month for all rows is no lag; the day an account opened is the account's."""
    rows = bank()
    number = rows["account"].str[1:].astype(int)
    cycle = rows["ts"].dt.to_period("M").dt.to_timestamp() + pd.offsets.MonthEnd(0)
    frame = pd.DataFrame({
        "account": rows["account"], "ts": rows["ts"], "amount": rows["cents"] / 100, "kind": rows["kind"],
        "opened": pd.Timestamp("2015-01-01") + number * DAY, "statement": cycle,
        "balance": np.random.default_rng(0).normal(100, 30, len(rows)).round(2),
    })  # fmt: skip
    found = put(tmp_path, frame, "")
    told = next(text for text in found.remarks if "cells of other rows" in text)
    assert told.startswith("statement, balance: ")
    made = pd.read_parquet(found.transactions)
    added = made[made["instance"] >= 0]
    assert (pd.Timestamp("2015-01-01") + added["account"].str[1:].astype(int) * DAY == added["opened"]).all()


def test_the_balance_of_who_pays_goes_on_where_others_pay_in_between(tmp_path: Path) -> None:
    """One row a transfer: what an account is paid in rows of others moves the balance of its next own row."""
    rng = np.random.default_rng(2)
    rows, balance = [], {f"A{k:02d}": 500_000 for k in range(60)}
    for second in range(3_000):
        payer, payee = (f"A{k:02d}" for k in rng.choice(60, 2, replace=False))
        cents = int(np.exp(rng.normal(7.5, 0.8)))
        balance[payer] -= cents
        balance[payee] += cents
        when = pd.Timestamp("2024-01-01") + pd.Timedelta(minutes=40 * second)
        rows.append((when, payer, payee, cents / 100, balance[payer] / 100))
    frame = pd.DataFrame(rows, columns=["ts", "sender", "receiver", "amount", "left"])
    found = put(tmp_path, frame, "", ["account_ring_layering"])
    assert any(text.startswith("left: runs on in 100.0%") for text in found.remarks)
    made = pd.read_parquet(found.transactions)
    last: dict[str, float] = {}
    added = 0
    for row in made.itertuples():
        sender, receiver, cents = str(row.sender), str(row.receiver), round(row.amount * 100)
        now = round(row.left * 100)
        if row.instance >= 0 and sender in last:
            assert now == last[sender] - cents
            added += 1
        last[sender] = now
        last[receiver] = last[receiver] + cents if receiver in last else np.nan
        if np.isnan(last[receiver]):
            del last[receiver]
    assert added > 80


@pytest.mark.parametrize("kind", ["date", "ts"])
def test_days_stored_with_a_zone_are_days_of_its_clock(tmp_path: Path, kind: str) -> None:
    rows = bank(accounts=30)
    frame = pd.DataFrame({"account": rows["account"], "ts": rows["ts"], "amount": rows["cents"] / 100})
    frame["booked"] = rows["booked"].dt.tz_localize("Europe/Berlin")
    frame.to_parquet(tmp_path / "rows.parquet", index=False)
    (tmp_path / "s.yaml").write_text(
        "finsim: schema/1\nkind: payments\ncolumns:\n  account: {type: id, role: from_account}\n"
        "  ts: {type: ts, role: date}\n  amount: {type: money, ccy: GBP, role: amount}\n"
        f"  booked: {{type: {kind}}}\n"
    )
    finsim.inject(
        tmp_path / "rows.parquet", narratives=STORIES, rate=0.05, seed=3, output=tmp_path / "out",
        progress=False, schema=tmp_path / "s.yaml",
    )  # fmt: skip
    found = pd.read_parquet(tmp_path / "out" / "transactions.parquet")
    booked = found["booked"].dt.tz_convert("Europe/Berlin").dt.tz_localize(None)
    added = (found["instance"] != -1).to_numpy()
    assert booked[added].map(is_open).all()
    assert (booked.dt.hour == 0).all()
    gap = (booked.dt.normalize() - found["ts"].dt.normalize()).dt.days
    assert abs((gap[added] == 0).mean() - (gap[~added] == 0).mean()) < 0.25


def test_amounts_beyond_what_a_float_holds_are_added_to(tmp_path: Path) -> None:
    rows = bank(accounts=24)
    frame = pd.DataFrame({"account": rows["account"], "ts": rows["ts"], "booked": rows["booked"]})
    frame["amount"] = (rows["cents"].astype("int64") * 10**12).astype(str)
    schema = (
        "columns:\n  account: {type: id, role: from_account}\n  ts: {type: ts, role: date}\n"
        "  booked: {type: date}\n  amount: {type: money, ccy: GBP, role: amount}\n"
    )
    assert put(tmp_path, frame, schema, ["rapid_movement"]).added > 0
