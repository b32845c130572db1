"""Shortfalls of customers turned round: what is counted and tabulated, and a file that keeps its claim."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import finsim
from finsim.engine.reverse.breach_model import breach_model, drivers_of
from finsim.engine.reverse.liquidity_model import NODES, PURSE, added_up, beside_purse
from finsim.engine.reverse.question import Question, read_question
from finsim.engine.stages.shortfalls import SHORTFALL, Shortfalls
from finsim.engine.study.study_file import Study, study_of
from finsim.engine.study.study_resolution import resolve
from finsim.errors import StudyError
from finsim.scenarios.plausible.coherence import year_moves
from finsim.scenarios.reverse.prior_law import prior_law


def people(accounts: int = 200, days: int = 150, **more: Any) -> Study:
    part = {"accounts": accounts, "days": days, "rules": None}
    return study_of({"id": "people", "transactions": part, "evaluation": {"enabled": False}, **more})


def test_a_breach_runs_and_has_the_shortfall_that_the_search_saw(tmp_path: Path) -> None:
    base = finsim.stress(people(), "base", output=tmp_path / "base", progress=False)
    usual = base.manifest["scores"]["measures"]["base"][SHORTFALL]
    rows = base.transactions.to_pandas()
    short = rows["decline_reason"].isin(["funds", "returned"])
    assert usual == short.sum() / len(rows) > 0.0
    limit = round(1.02 * usual, 6)
    found = finsim.stress(
        people(), reverse=f"{SHORTFALL} >= {limit}", points=1, output=tmp_path / "rev", progress=False
    )
    assert found.base == usual
    (one,) = found.breaches
    assert set(one.causes) <= set(PURSE)
    assert {"disposable_income_growth", "gdp_growth"} <= set(one.moves) - set(one.causes)
    assert set(found.held) == {"income_support", "oil_price"}
    assert 0.0 < one.probability < 0.5
    run = finsim.stress(people(), found.path / one.file, output=tmp_path / "run", progress=False)
    (claim,) = run.manifest["scores"]["expectations"]["breach-1"]
    assert (claim["metric"], claim["met"]) == (SHORTFALL, True)
    assert claim["found"] == one.metric >= limit


def test_borrowers_among_the_customers_miss_their_instalments() -> None:
    """A bank whose loans default in a recession is short for that, too."""
    book = {
        "data": "german_credit",
        "loans": 200,
        "months": 6,
        "draws": 5_000,
        "rules": None,
        "target_pd": 0.2,
        "generator": "resample_rows",
    }
    euros = {"accounts": 200, "days": 150, "rules": None, "currency": "EUR"}
    plan = resolve(study_of({"id": "bank", "transactions": euros, "credit": book}))
    model = breach_model(plan, Question(SHORTFALL, 0.5))
    assert "bbb_spread" in model.along
    assert "payment_shock" in model.held
    calm, hard = plan.drivers["base"], drivers_of(plan, {"credit_factor": -8.0})
    assert model.measured(hard) > model.measured(calm)


def test_a_card_beyond_its_line_is_not_short_of_money() -> None:
    reasons = pa.array(["funds", None, "limit", "returned", "blocked", None]).dictionary_encode()
    batch = pa.RecordBatch.from_arrays([reasons], ["decline_reason"])
    seen = Shortfalls()
    assert list(seen.watch([batch, batch])) == [batch, batch]
    assert seen.measures() == {SHORTFALL: 4 / 12}
    assert Shortfalls().measures() == {}


def test_each_variable_adds_what_it_does_alone_with_the_rest_at_its_mean() -> None:
    slopes = {"unemployment": 2.0, "inflation": 1.0, "mortgage_rate": 0.5, "gdp_growth": 10.0}
    asked: list[dict[str, float]] = []

    def measured(moves: dict[str, float]) -> float:
        asked.append(moves)
        return 3.0 + sum(slopes[name] * move for name, move in moves.items())

    loss = added_up(measured, ("gdp_growth",))
    moves = np.array([[1.0, 2.0, -1.0], [0.0, 0.0, 0.0], [-2.0, 4.0, 1.0]])
    found = loss(PURSE, moves)
    law = prior_law(PURSE, ("gdp_growth",))
    along = np.linalg.solve(law.root[:3], moves.T).T @ law.root[3]
    straight = 3.0 + moves @ [2.0, 1.0, 0.5] + 10.0 * along
    assert found == pytest.approx(straight)
    assert len(asked) == 1 + 3 * (len(NODES) - 1)
    assert loss(("gdp_growth", *PURSE), np.column_stack([along, moves])) == pytest.approx(found)
    assert len(asked) == 1 + 3 * (len(NODES) - 1)
    past = np.column_stack([year_moves()[name] for name in (*PURSE, "gdp_growth")])
    slope = np.linalg.lstsq(past[:, :3] - past[:, :3].mean(axis=0), past[:, 3], rcond=None)[0]
    assert along == pytest.approx(moves @ slope, rel=1e-6)


def test_what_goes_along_has_a_history() -> None:
    along, held = beside_purse(("bbb_spread", "payment_shock", "inflation"))
    assert along == ("bbb_spread", "disposable_income_growth", "gdp_growth")
    assert held == ("income_support", "oil_price", "payment_shock")


def test_studies_that_cannot_be_asked_are_refused() -> None:
    question = Question(SHORTFALL, 0.5)
    for study, words in (
        (finsim.load_study("quickstart").only("transactions"), "are learned"),
        (people(1_000_000), "account-days"),
        (study_of({"id": "x", "market": {"data": "wiki_aapl_ibm_2000_2013"}}), "no transactions part"),
    ):
        with pytest.raises(StudyError, match=words):
            breach_model(resolve(study), question)


@pytest.mark.parametrize("metric", ["liquidity", "payments.declined"])
def test_what_treasurers_would_write_leads_to_the_shortfall(metric: str) -> None:
    with pytest.raises(StudyError, match=f"ask {SHORTFALL}"):
        read_question(f"{metric} >= 0.1")
    with pytest.raises(StudyError, match=f"or ask {SHORTFALL}"):
        read_question("deposits.outflow >= 0.1")
    assert read_question(f"{SHORTFALL} >= 4%").world == "transactions"
