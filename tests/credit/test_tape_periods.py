"""``per:`` of a column of a tape: what is of a month or a year is read as the model counts it."""

import numpy as np
import pandas as pd
import pytest

from finsim.engine.study.credit_part import CreditPart
from finsim.engine.study.loan_tape import describe_tape, tape_of
from finsim.errors import DataError, StudyError


@pytest.fixture
def loans(tmp_path):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "amount": rng.integers(1_000, 30_000, 80),
            "term_months": rng.choice([12, 24], 80),
            "bad": rng.integers(0, 2, 80),
            "rate": rng.uniform(0.3, 1.2, 80).round(3),
            "income": rng.integers(12_000, 60_000, 80),
            "instalment": rng.integers(50, 900, 80),
        }
    )
    path = tmp_path / "tape.csv"
    frame.to_csv(path, index=False)
    return path, frame


def part(path, **columns):
    return CreditPart.model_validate({"data": str(path), "columns": columns})


@pytest.mark.parametrize(("per", "times"), [({}, 1), ({"per": "year"}, 1), ({"per": "month"}, 12)])
def test_a_rate_is_of_a_year_unless_it_is_said_to_be_of_a_month(loans, per, times):
    path, frame = loans
    found = tape_of(part(path, rate={"from": "rate", "unit": "percent", **per}))
    assert np.allclose(found.frame["rate"], frame["rate"] / 100 * times)


@pytest.mark.parametrize(("per", "parts"), [({}, 1), ({"per": "month"}, 1), ({"per": "year"}, 12)])
def test_an_income_is_of_a_month_unless_it_is_said_to_be_of_a_year(loans, per, parts):
    path, frame = loans
    columns = {"rate": {"from": "rate", "unit": "percent"}, "income": {"from": "income", **per}}
    assert np.allclose(tape_of(part(path, **columns)).frame["income"], frame["income"] / parts)


def test_the_plan_shows_the_rate_that_the_model_uses_and_what_was_said(loans):
    path, frame = loans
    data, _ = describe_tape(part(path, rate={"from": "rate", "unit": "percent", "per": "month"}))
    fact = next(one for one in data["columns"] if one["name"] == "rate")
    assert fact["taken_as"] == "rate: ratio, percent, per month"
    assert float(fact["max"]) == pytest.approx(frame["rate"].max() / 100 * 12)


def test_a_stated_rate_of_a_month_is_twelvefold_too(loans, tmp_path):
    _path, frame = loans
    bare = tmp_path / "bare.csv"
    frame.drop(columns=["rate"]).to_csv(bare, index=False)
    found = tape_of(part(bare, rate={"default": 0.01, "per": "month"}))
    assert np.allclose(found.frame["rate"], 0.12)


def test_a_wrong_cell_is_shown_as_it_stands_in_the_file(loans, tmp_path):
    path, frame = loans
    frame.loc[3, "rate"] = 95.0
    frame.to_csv(path, index=False)
    with pytest.raises(DataError) as caught:
        tape_of(part(path, rate={"from": "rate", "unit": "percent", "per": "month"}))
    problem = caught.value.problems[0]
    assert (problem.found, problem.expected) == ("0.95", "a number from 0 to 1 per year")
    assert "line 5" in problem.place


@pytest.mark.parametrize("name", ["amount", "term", "instalment", "pd", "bad"])
@pytest.mark.parametrize("per", ["month", "year"])
def test_a_period_of_what_is_of_none_is_refused_with_the_remedy(loans, name, per):
    path, _ = loans
    with pytest.raises(StudyError) as caught:
        tape_of(part(path, **{name: {"from": "amount", "per": per, "type": "float"}}))
    problem = next(one for one in caught.value.problems if one.place == f"columns.{name}.per")
    assert f"`per: {per}` of '{name}'" in problem.found
    assert problem.expected == "`per` of income or rate"
    assert "remove `per:`" in problem.remedy
