"""New loans of a tape with instalments and contract numbers: they follow from the dates of their rows."""

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.errors import StudyError

CUT = pd.Timestamp("2023-08-15")
SCHEMA = """finsim: schema/1
kind: loans
read: {sep: ";", decimal: ","}
columns:
  Vertrag: {type: id, role: id}
  opened: {from: Beginn, type: date, format: "%d.%m.%Y", role: opened}
  ends: {from: Ende, type: date, format: "%d.%m.%Y"}
  term: {from: Laufzeit, type: int, unit: months, role: term}
  amount: {from: Betrag, type: money, ccy: EUR, role: amount}
  rate: {from: Zins, type: ratio, unit: percent, role: rate}
  paid: {from: Rate, type: money, ccy: EUR}
  Status: {type: cat, role: outcome}
  defaulted: {from: Ausfall am, type: date, format: "%d.%m.%Y", null: true}
  owed: {from: Restschuld, type: money, ccy: EUR, role: balance}
  back: {from: Erloes, type: money, ccy: EUR, null: true}
"""


def _months(opened, at):
    """Return the complete months between days."""
    count = (at.dt.year - opened.dt.year) * 12 + at.dt.month - opened.dt.month
    return count - (at.dt.day < opened.dt.day)


def _owed(tape):
    """Return the plan of each loan at its default, at the cut-off of the others: in closed form."""
    at = tape["Ausfall am"].fillna(CUT)
    made = np.minimum(_months(tape["Beginn"], at), tape["Laufzeit"])
    grown, term = 1 + tape["Zins"] / 1_200, tape["Laufzeit"]
    return (tape["Betrag"] * (grown**term - grown**made) / (grown**term - 1)).round(2)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder, rng, rows = tmp_path_factory.mktemp("contracts"), np.random.default_rng(4), 700
    opened = pd.Series(CUT - pd.to_timedelta(rng.integers(200, 1_700, rows), unit="D"))
    term, amount = rng.choice([24, 36, 48, 60], rows), rng.integers(4, 60, rows) * 500.0
    rate = np.round(rng.uniform(2, 9, rows), 2)
    month = rate / 1_200
    seen = np.minimum((CUT - opened).dt.days, term * 30 - 40)
    day = opened + pd.to_timedelta(np.floor(100 + rng.random(rows) * (seen - 100)), unit="D")
    tape = pd.DataFrame({
        "Vertrag": [f"V{day.year}/{k:05d}" for k, day in enumerate(opened)], "Beginn": opened,
        "Ende": [day + pd.DateOffset(months=int(n)) for day, n in zip(opened, term, strict=True)],
        "Laufzeit": term, "Betrag": amount, "Zins": rate,
        "Rate": np.round(amount * month / (1 - (1 + month) ** -term), 2),
        "Ausfall am": day.where(rng.random(rows) < 0.15),
    })  # fmt: skip
    tape["Restschuld"] = _owed(tape)
    over = _months(tape["Beginn"], pd.Series(CUT, index=tape.index)) >= term
    tape["Status"] = np.where(tape["Ausfall am"].notna(), "Ausfall", np.where(over, "getilgt", "laufend"))
    back = (tape["Restschuld"] * rng.beta(2, 3, rows)).round(2).clip(lower=20)
    tape["Erloes"] = back.where(tape["Status"] == "Ausfall")
    tape.to_csv(folder / "t.csv", sep=";", decimal=",", index=False, date_format="%d.%m.%Y")
    (folder / "t.yaml").write_text(SCHEMA, encoding="utf-8")
    return finsim.fit(
        folder / "t.csv", "copula", schema=folder / "t.yaml", output=folder / "m", progress=False, seed=3
    )


def _new(model, **how):
    made = finsim.sample(model, seed=5, progress=False, **how).to_pandas()
    made["Zins"] = (made["Zins"] * (100 if made["Zins"].max() < 1 else 1)).astype(float)
    for name in ("Betrag", "Rate", "Restschuld", "Erloes"):
        made[name] = made[name].astype(float)
    for name in ("Beginn", "Ausfall am"):
        made[name] = pd.to_datetime(made[name])
    return made


def test_balances_follow_from_the_dates_and_numbers_from_the_opening(model):
    made = _new(model, rows=1_500)
    off = (made["Restschuld"] - _owed(made)).abs() > 0.02
    off &= made["Status"] != "getilgt"
    assert off.groupby(made["Status"]).mean().max() <= 0.01
    assert (made["Status"] == "Ausfall").sum() > 100
    assert (made["Restschuld"][made["Status"] == "getilgt"] == 0).all()
    assert (made["Vertrag"].str[1:5].astype(int) == made["Beginn"].dt.year).all()
    assert made["Vertrag"].str[6:].astype(int).tolist() == list(range(700, 2_200))
    assert "a part is learned, the rest computed: owed" in model.data["read_as"]


def test_a_balance_of_nothing_can_be_given_and_an_instalment_cannot(model):
    made = _new(model, rows=60, given="Restschuld=0")
    assert (made["Restschuld"] == 0).all()
    assert set(made["Status"]) == {"getilgt"}
    assert made["Erloes"].isna().all()
    with pytest.raises(StudyError, match=r"(?s)given Rate: is computed.*give Betrag, Zins, Laufzeit"):
        finsim.sample(model, rows=3, given="Rate=200", progress=False)


def test_a_saved_model_makes_the_same_numbers(model, tmp_path):
    model.save(tmp_path / "again")
    again = _new(finsim.engine.learned.table_model.LearnedTable.load(tmp_path / "again"), rows=40)
    assert again["Vertrag"].tolist() == _new(model, rows=40)["Vertrag"].tolist()
