"""Schemes say what transfers say, shops that pay back stay shops, accounts have no rows after their life."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import finsim

PERSONS, SHOPS, HOMES = 80, 12, 6
STORIES = ["app_scam_mule_chain", "mule_network"]
SUMS = (5.0, 10.0, 20.0, 50.0)


@cache
def payments(seed=0):
    """Who pays whom: rents and wages by month, power at an odd sum, purchases, refunds, fives among friends.

    Every fourth person leaves in the middle of the third month of four.
    """
    rng = np.random.default_rng(seed)
    rows = []
    leaves = pd.Timestamp(2025, 4, 15)
    for k in range(PERSONS):
        me, power = f"P{k:04d}", round(float(rng.uniform(40, 200)), 2)
        for month in (pd.Timestamp(2025, m, 1) for m in (2, 3, 4, 5)):
            rows.append((month.replace(day=27, hour=6), f"F{k % 40:02d}", me, "wage", 1_500.0 + k))
            rows.append((month.replace(hour=8), me, f"H{k % HOMES}", "rent", 700.0 + k))
            rows.append((month.replace(day=12, hour=7), me, "E0", "power", power))
            for _ in range(6):
                shop, time = f"S{int(rng.integers(SHOPS)):02d}", month + minutes(rng, 27)
                amount = round(float(rng.lognormal(3, 0.7)), 2)
                rows.append((time, me, shop, "buy", amount))
                if rng.random() < 0.1:
                    rows.append((time + pd.Timedelta(days=3), shop, me, "back", amount))
            friends = [f"P{(k + step) % PERSONS:04d}" for step in rng.choice([1, 2, 5], 3)]
            rows += [
                (month + minutes(rng, 27), me, other, "send", float(rng.choice(SUMS))) for other in friends
            ]
    frame = pd.DataFrame(rows, columns=["ts", "sender", "receiver", "word", "amount"])
    for side in ("sender", "receiver"):
        is_gone = (frame[side].str[0] == "P") & (pd.to_numeric(frame[side].str[1:]) % 4 == 0)
        frame = frame[~is_gone | (frame["ts"] <= leaves)]
    return frame.sort_values("ts", kind="stable", ignore_index=True)


def minutes(rng, days):
    return pd.Timedelta(days=int(rng.integers(days)), minutes=int(rng.integers(600, 1_260)))


@cache
def statement():
    """The same as rows of each person's account, the partner unnamed."""
    frame = payments()
    sides = []
    for own, way in (("sender", "D"), ("receiver", "C")):
        mine = frame[frame[own].str[0] == "P"].rename(columns={own: "account"})
        sides.append(mine.assign(direction=way)[["ts", "account", "direction", "amount", "word"]])
    table = pd.concat(sides).sort_values("ts", kind="stable", ignore_index=True)
    return table.assign(ts=table["ts"].dt.date)


@cache
def injected(kind, rate=0.04):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.csv"
        {"payments": payments, "statement": statement}[kind]().to_csv(file, index=False)
        made = finsim.inject(
            file, narratives=STORIES, rate=rate, seed=5, output=Path(folder) / "o", progress=False
        )
        table = pq.read_table(made.transactions).to_pandas()
    return table[table["instance"] < 0], table[table["instance"] >= 0], made


@pytest.mark.parametrize("kind", ["payments", "statement"])
def test_schemes_say_what_transfers_say(kind):
    real, added, made = injected(kind)
    assert len(added) > 60
    assert set(added["word"].astype(str)) == {"send"}
    assert added["amount"].astype(float).isin(SUMS).mean() > 0.6  # halves of them too
    assert added["amount"].astype(float).max() <= max(SUMS)
    assert all(one.alike_column for one in made.separations)
    assert {"buy", "rent", "wage", "power", "back"} < set(real["word"].astype(str))


def test_both_ways_of_a_statement_are_there():
    added = injected("statement")[1]
    assert set(added["direction"].astype(str)) == {"C", "D"}


def test_shops_that_pay_back_are_no_mules():
    added = injected("payments")[1]
    for side in ("sender", "receiver"):
        assert "S" not in set(added[side].astype(str).str[0])


@pytest.mark.parametrize("kind", ["payments", "statement"])
def test_no_row_comes_long_after_the_life_of_an_account(kind):
    real, added, _ = injected(kind)
    sides = ("sender", "receiver") if kind == "payments" else ("account",)
    last = pd.concat([real.set_index(real[side].astype(str))["ts"] for side in sides]).groupby(level=0).max()
    for side in sides:
        late = pd.to_datetime(added["ts"]) - pd.to_datetime(added[side].astype(str).map(last))
        assert late[added[side].astype(str).str[0] == "P"].max() <= pd.Timedelta(days=5)


def test_rows_of_statements_are_counted_as_rows_and_what_is_missed_is_told():
    real, added, _ = injected("statement")
    wanted, most = 0.04 * len(real), added.groupby("instance").size().max()
    assert wanted <= len(added) <= wanted + len(STORIES) * most
    few = injected("statement", 0.002)[2]
    (line,) = (one for one in few.remarks if "asked for" in one)
    assert line.startswith(f"{few.added:,} rows are added, not the {0.002 * len(real):,.0f} asked for")
    assert sum("a scheme, for a part of" in one for one in few.remarks) >= 1
