"""Given cells: refused by column where it cannot hold them, all at once."""

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.errors import StudyError

SCHEMA = """finsim: schema/1
kind: table
columns:
  amount: {type: money, ccy: EUR}
  term: {type: int}
  dbl: {type: int}
  grade: {type: cat}
  day: {type: date}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("given"), np.random.default_rng(0)
    term = rng.choice([12, 24, 36], 300)
    pd.DataFrame({
        "amount": np.exp(rng.normal(5, 1, 300)).round(2), "term": term, "dbl": 2 * term,
        "grade": rng.choice(["A, B", "C", "D"], 300),
        "day": (pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 999, 300), unit="D")).strftime(
            "%Y-%m-%d"
        ),
    }).to_csv(folder / "t.csv", index=False)  # fmt: skip
    (folder / "t.yaml").write_text(SCHEMA, encoding="utf-8")
    return finsim.fit(folder / "t.csv", "bayes", schema=folder / "t.yaml", progress=False)


@pytest.mark.parametrize("given", [
    "amount=100.123", "term=30.4", "term=3_6", "term=nan", "day=2600-09-21", "day=2016-02-30",
    "day=2016-02-29T13:45", "day=2016-02-29T00:00+02:00", "day=today", "day=now", "day=NaT",
    "grade=C,grade=D", "dbl=73", "term=36,dbl=24", "dbl=24,term=36", "grade",
])  # fmt: skip
def test_cells_that_cannot_hold_are_refused(model, given):
    with pytest.raises(StudyError, match="given"):
        finsim.sample(model, rows=2, given=given, progress=False)


def test_every_problem_is_told_by_its_column(model):
    with pytest.raises(StudyError) as found:
        finsim.sample(model, rows=2, given="amount=1.234,term=x,day=today,grade=C,grade=D", progress=False)
    places = [one.place for one in found.value.problems]
    assert places == ["given amount", "given term", "given day", "given grade"]


def test_quotes_hold_commas_and_given_cells_hold(model):
    given = 'grade="A, B",amount=100.5,day=2016-02-29,term=36,dbl=72'
    made = finsim.sample(model, rows=5, given=given, progress=False).to_pandas()
    assert set(made["grade"]) == {"A, B"}
    assert set(made["amount"]) == {100.5}
    assert set(made["day"].astype(str)) == {"2016-02-29"}
    assert set(made["term"]) == {36}
    assert set(made["dbl"]) == {72}


def test_a_constant_day_is_said_as_a_day(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"day": pd.Timestamp("2020-05-01"), "x": rng.normal(size=60), "y": rng.normal(size=60)}
    )
    made = finsim.fit(frame, "bayes", kind="table", progress=False)
    with pytest.raises(StudyError, match="given day: 2021-05-01 was never seen; expected 2020-05-01"):
        finsim.sample(made, rows=2, given="day=2021-05-01", progress=False)
