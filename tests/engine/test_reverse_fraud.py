"""Fraud losses turned round: the multiple that breaks a limit, its file, and what the search simulates."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import finsim
from finsim.agents.narratives.narrative import load_narratives
from finsim.engine.reverse.breach_model import breach_model, drivers_of
from finsim.engine.reverse.fraud_model import MULTIPLES, tabulated, typologies
from finsim.engine.reverse.question import Question, read_question
from finsim.engine.stages.fraud_losses import FraudLosses
from finsim.engine.study.study_file import Study, study_of
from finsim.engine.study.study_resolution import resolve
from finsim.errors import StudyError
from finsim.scenarios.reverse.prior_law import FRAUD, fraud_law

STORIES = [
    {"name": "card_testing_escalation", "count": 4},
    {"name": "account_takeover", "count": 3},
    "payroll_fan_out",
]


def people(**more: Any) -> Study:
    part = {"accounts": 400, "days": 30, "narratives": STORIES, "rules": None}
    return study_of({"id": "people", "transactions": part, "evaluation": {"enabled": False}, **more})


def test_a_breach_runs_and_has_the_loss_that_the_search_saw(tmp_path: Path) -> None:
    base = finsim.stress(people(), "base", output=tmp_path / "base", progress=False)
    usual = base.manifest["scores"]["measures"]["base"]["fraud.loss_rate"]
    limit = round(3.0 * usual, 5)
    found = finsim.stress(
        people(), reverse=f"fraud.loss_rate >= {limit}", output=tmp_path / "rev", progress=False
    )
    assert found.base == usual
    (one,) = found.breaches
    times = 1.0 + one.moves[FRAUD] / 100.0
    assert 1.5 < times < 8.0
    assert one.distance == pytest.approx(math.log(times) / 0.4, rel=1e-6)
    assert one.probability == pytest.approx(0.5 * math.erfc(one.distance / math.sqrt(2.0)))
    assert found.estimate.low < one.probability * 1.05
    assert found.estimate.high > one.probability * 0.95
    text = (found.path / one.file).read_text()
    assert f"fraud intensity times {times:.2f} from the first day on" in text
    for name in ("account_takeover", "card_not_present", "card_testing"):
        assert f"    {name}: {times:.8g}\n" in text
    run = finsim.stress(people(), found.path / one.file, output=tmp_path / "run", progress=False)
    (claim,) = run.manifest["scores"]["expectations"]["breach-1"]
    assert (claim["metric"], claim["met"]) == ("fraud.loss_rate", True)
    assert claim["found"] == one.metric >= limit


def test_the_rate_is_posted_fraud_over_all_that_is_posted(tmp_path: Path) -> None:
    """And with borrowers among the customers the search makes the payments that the run has."""
    book = {"data": "german_credit", "loans": 60, "months": 3, "draws": 5_000, "rules": None}
    study = people(credit=book).model_copy(update={"transactions": people().transactions})
    euros = study.transactions.model_copy(update={"currency": "EUR"})  # type: ignore[union-attr]
    study = study.model_copy(update={"transactions": euros})
    run = finsim.run(study, output=tmp_path / "run", progress=False)
    rows = run.transactions.to_pandas()
    assert rows["status"].eq("declined").any()
    posted = rows[rows["status"] == "posted"]
    rate = posted.loc[posted["is_fraud"], "amount"].sum() / posted["amount"].sum()
    assert run.manifest["scores"]["measures"]["base"]["fraud.loss_rate"] == rate > 0.0
    assert run.portfolio.loans["customer_id"].null_count < 60
    plan = resolve(study)
    model = breach_model(plan, Question("fraud.loss_rate", 0.5))
    assert model.measured(plan.drivers["base"]) == rate
    assert model.measured(drivers_of(plan, {FRAUD: 0.0})) == rate
    assert model.measured(drivers_of(plan, {FRAUD: 400.0})) > 2.0 * rate


def test_the_table_is_straight_between_its_nodes_and_never_falls() -> None:
    asked: list[float] = []

    def measured(move: float) -> float:
        asked.append(move)
        return 0.01 * (1.0 + move / 100.0) if move != 700.0 else 0.0  # a dip at 8 times

    at = tabulated(measured)
    moves = np.array([0.0, 100.0, 200.0, 700.0, 1500.0, -50.0, 1e9])
    assert at(moves) == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.16, 0.005, 0.49])
    at(moves)
    assert asked == [100.0 * (one - 1.0) for one in MULTIPLES]


def test_the_law_is_log_normal_with_four_tenths() -> None:
    law = fraud_law()
    assert law.moves(np.array([[0.0], [1.0], [-1.0]]))[:, 0] == pytest.approx(
        [0.0, 100.0 * math.expm1(0.4), 100.0 * math.expm1(-0.4)]
    )


def test_typologies_are_those_of_the_studys_own_frauds() -> None:
    plan = resolve(people())
    laundering = load_narratives(["scatter_gather_structuring"])
    with_it = replace(plan, narratives=(*plan.narratives, *laundering))
    for one in (plan, with_it):
        assert typologies(one) == ("account_takeover", "card_not_present", "card_testing")
    amounts, fraud = [100, 40, 7], [True, True, False]
    status = pa.array(["posted", "declined", "posted"]).dictionary_encode()
    batch = pa.RecordBatch.from_arrays(
        [pa.array(amounts), pa.array(fraud), status], ["amount", "is_fraud", "status"]
    )
    seen = FraudLosses()
    assert list(seen.watch([batch, batch])) == [batch, batch]
    assert seen.measures() == {"fraud.loss_rate": 200 / 214}
    assert FraudLosses().measures() == {}
    assert pc.sum(batch["amount"]).as_py() == 147


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"narratives": ["payroll_fan_out"]}, "the study has no fraud"),
        ({"accounts": 1_000_000}, "account-days"),
    ],
)
def test_a_study_that_cannot_be_asked_is_refused(part: dict[str, Any], words: str) -> None:
    whole = {"accounts": 400, "days": 30, "narratives": STORIES, "rules": None, **part}
    plan = resolve(study_of({"id": "x", "transactions": whole}))
    with pytest.raises(StudyError, match=words):
        breach_model(plan, Question("fraud.loss_rate", 0.5))


def test_learned_payments_are_refused() -> None:
    plan = resolve(finsim.load_study("quickstart").only("transactions"))
    with pytest.raises(StudyError, match="the payments of this study are learned"):
        breach_model(plan, Question("fraud.loss_rate", 0.5))


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("market.drawdown", "ask equity.max_drawdown"),
        ("payments.illicit", "ask fraud.loss_rate"),
        ("liquidity.outflow", "nothing says how probable"),
        ("aml.layering.schemes", "nothing says how probable"),
        ("fraud.los_rate", "did you mean 'fraud.loss_rate'"),
    ],
)
def test_what_has_no_way_back_says_what_to_ask(metric: str, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        read_question(f"{metric} >= 0.1")
