"""Second sides that differ by a fee: found, added with the fee of the paying row, and said where left out."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.generators.events.habits.echoes.side_fees import Difference, at_grain, differences, grain_of

ACCOUNTS, OUTSIDE = 60, 30
ANY = np.random.default_rng(11)
STORY = "app_scam_mule_chain"


def fee_of(kind: str, sent: float, instant: bool) -> tuple[float, float]:
    """Return what both sides say of a sum."""
    if kind == "instant":
        return round(sent + 0.8 * instant, 2), sent
    if kind == "share":
        return round(sent * 1.015, 2) if instant else sent, sent
    if kind == "payee":
        return sent, round(sent - 0.35, 2)
    if kind == "rounded":
        return sent, float(np.floor(sent + 0.5))
    return round(sent * float(ANY.uniform(1.1, 3)), 2), sent


def statement(kind: str, *, column: bool = True) -> pd.DataFrame:
    """Return transfers of accounts, a third of them to accounts outside, and purchases."""
    rng = np.random.default_rng(3)
    rows = []
    for k in range(900):
        one, two = rng.choice(ACCOUNTS, 2, replace=False)
        time = pd.Timestamp("2024-01-01") + pd.Timedelta(minutes=int(rng.integers(8 * 60, 22 * 60)))
        time += pd.Timedelta(days=int(rng.integers(0, 200)))
        sent = float(rng.choice([10, 20, 50, 100])) if k % 2 else round(float(rng.lognormal(3.3, 0.7)), 2)
        instant = bool(rng.random() < 0.35)
        paid, got = fee_of(kind, sent, instant)
        word = "INSTANT" if instant else "ORDER"
        other = f"X{rng.integers(OUTSIDE):03d}" if k % 3 == 0 else f"A{two:03d}"
        rows.append((f"A{one:03d}", time, other, "", word, -paid, round(paid - sent, 2)))
        if other[0] == "A":
            rows.append((other, time, f"A{one:03d}", "", "RECEIVED", got, round(sent - got, 2)))
    for _ in range(1_500):
        time = pd.Timestamp("2024-01-01") + pd.Timedelta(minutes=int(rng.integers(9 * 60, 20 * 60)))
        time += pd.Timedelta(days=int(rng.integers(0, 200)))
        sums = -round(float(rng.lognormal(3, 0.6)), 2)
        rows.append(
            (f"A{rng.integers(ACCOUNTS):03d}", time, "", f"SHOP {rng.integers(9)}", "CARD", sums, 0.0)
        )
    names = ["account", "time", "other", "name", "word", "sum", "cost"]
    frame = pd.DataFrame(rows, columns=names).sort_values(["account", "time"], kind="stable")
    frame["name"] = frame["name"].where(frame["other"] == "", "holder " + frame["other"])
    frame["time"] = frame["time"].dt.strftime("%Y-%m-%d %H:%M")
    return frame.drop(columns=[] if column else ["cost"])


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
"""


@cache
def injected(kind: str, column: bool = True) -> tuple[pd.DataFrame, tuple[str, ...]]:
    with TemporaryDirectory() as folder:
        file, schema = Path(folder) / "s.csv", Path(folder) / "s.yaml"
        frame = statement(kind, column=column)
        frame.to_csv(file, index=False, float_format="%.2f")
        schema.write_text(SCHEMA + ("  cost: {type: money, ccy: EUR}\n" if column else ""))
        said = finsim.inject(
            file, narratives=STORY, schema=schema, output=Path(folder) / "out", rate=0.03, seed=2,
            progress=False,
        )  # fmt: skip
        rows = pd.read_parquet(said.transactions)
    rows[["sum", "cost"]] = [
        [float(one.get("sum")), float(one.get("cost") or 0)] for _, one in rows.iterrows()
    ]
    rows["other"] = rows["other"].fillna("").astype(str)
    real = rows[rows["instance"] < 0]
    assert (real["sum"].round(2).to_numpy() == frame["sum"].to_numpy()).all()
    return rows[rows["instance"] >= 0], said.remarks


def both_sides(added: pd.DataFrame) -> pd.DataFrame:
    out = added[(added["sum"] < 0) & added["other"].str.startswith("A")]
    into = added[added["sum"] > 0]
    return out.merge(
        into, left_on=["account", "other", "time", "instance"],
        right_on=["other", "account", "time", "instance"], suffixes=("", "_in"),
    ), out  # fmt: skip


@pytest.mark.parametrize(("kind", "column"), [
    ("instant", True), ("instant", False), ("share", True), ("payee", True), ("rounded", False),
])  # fmt: skip
def test_added_transfers_have_second_sides_that_differ_as_the_real_ones_do(kind, column):
    added, remarks = injected(kind, column)
    pairs, out = both_sides(added)
    assert len(out) > 25
    assert len(pairs) == len(out)
    for _, row in pairs.iterrows():
        sent = -row["sum"] if kind in ("payee", "rounded") else row["sum_in"]
        assert (-row["sum"], row["sum_in"]) == pytest.approx(fee_of(kind, sent, row["word"] == "INSTANT"))
    assert any(one.startswith("second sides: of ") and "added ones differ so too" in one for one in remarks)


@pytest.mark.parametrize("kind", ["instant", "share", "payee"])
def test_the_column_of_fees_says_the_fee(kind):
    added, _ = injected(kind)
    transfers = added[(added["other"] != "") & (added["sum"] < 0)]
    assert (transfers["other"].str[0] == "X").any()
    for _, row in transfers.iterrows():
        instant = row["word"] == "INSTANT"
        if kind == "instant":
            assert row["cost"] == pytest.approx(0.8 * instant)
        elif kind == "share":
            assert row["cost"] == pytest.approx(-row["sum"] * (0.015 / 1.015) * instant, abs=0.011)
        else:
            assert row["cost"] == 0
    into = added[added["sum"] > 0]
    assert into["cost"].to_numpy() == pytest.approx(0.35 if kind == "payee" else 0.0)


def test_sums_that_are_sent_are_round_and_fees_come_on_top():
    added, _ = injected("instant")
    instant = added[(added["word"] == "INSTANT") & (added["sum"] < 0)]
    ends = (-instant["sum"] * 100).round().astype(int) % 100
    assert (ends == 80).mean() > 0.3
    assert (ends == 0).mean() < 0.1


def test_second_sides_that_no_rule_tells_are_said_to_be_left_out():
    added, remarks = injected("any")
    assert not (added["sum"] > 0).any()
    assert any("have a row the other way within four days" in one for one in remarks)


def test_nobody_pays_on_or_spends_more_than_came_in():
    for kind in ("instant", "share", "payee"):
        added, _ = injected(kind)
        for _, rows in added.groupby(["instance", "account"]):
            came = rows["sum"].clip(lower=0).sum()
            if came and (rows["role"].astype(str) != "victim").any():
                assert -rows["sum"].clip(upper=0).sum() <= came * 1.3
            spent = -rows.loc[rows["phase"].astype(str) == "spend", "sum"].sum()
            assert spent <= max(rows["sum"][rows["other"] != ""].sum(), 0) + 0.011


def chance(size: int = 0) -> tuple[np.ndarray, np.ndarray, int]:
    return np.zeros(size), np.zeros(size), 1


@pytest.mark.parametrize(("law", "by_payee"), [
    (lambda one: one + 0.8, False), (lambda one: np.round(one * 1.02, 2), False),
    (lambda one: np.maximum(one + 1, np.round(one * 1.02, 2)), False),
])  # fmt: skip
def test_a_fee_is_learned_and_given_back(law, by_payee):
    sent = np.round(np.random.default_rng(1).lognormal(4, 0.8, 300), 0)
    found = differences(np.round(law(sent), 2), sent, chance())
    told = [one.sides(50.0)[0] for one in found]
    assert float(law(np.array([50.0]))[0]) == pytest.approx(told[0]) or len(found) == 2
    assert {one.by_payee for one in found} == {by_payee}


def test_sums_that_differ_by_anything_or_meet_by_chance_tell_nothing():
    rng = np.random.default_rng(2)
    one, two = (np.round(rng.lognormal(4, 1, 400), 2) for _ in range(2))
    assert differences(one, two, chance()) == []
    fees = differences(two + 0.8, two, (two + 0.8, two, 1))
    assert fees == []
    assert differences(two + 0.8, two, ((two + 0.8)[:150], two[:150], 1)) == []  # a third meets by chance
    assert len(differences(two + 0.8, two, ((two + 0.8)[:50], two[:50], 1))) == 1
    assert differences((two + 0.8)[:9], two[:9], chance()) == []


@pytest.mark.parametrize(("law", "first", "second"), [
    (Difference(less=0.5, grain=0.01), 10.5, 10.0),
    (Difference(less=0.5, by_payee=True, grain=0.01), 10.0, 9.5),
    (Difference(share=1 / 1.05, grain=0.01), 10.5, 10.0),
    (Difference(step=1.0, by_payee=True, grain=0.01), 10, 10),
    (Difference(), 10.0, 10.0),
])  # fmt: skip
def test_both_sides_of_a_sum(law, first, second):
    assert law.sides(10.0) == pytest.approx((first, second))
    assert law.is_none == (law == Difference())


def test_grains():
    assert grain_of(np.array([1.0, 20.0])) == 1.0
    assert grain_of(np.array([1.25, np.nan])) == 0.01
    assert at_grain(np.array([2.5, 2.4]), 1.0).tolist() == [3.0, 2.0]
