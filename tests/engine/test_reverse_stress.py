"""The tail turned round on a bank's own tape: points, files that run and keep their claim, refusals."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import finsim
from finsim.cli.main import app
from finsim.engine.reverse.breach_model import breach_model, drivers_of
from finsim.engine.reverse.question import Question, read_question
from finsim.engine.stages.credit_stage import passed_book
from finsim.engine.stages.loan_allowance import own_allowance, sums, weighted_allowance
from finsim.engine.study.study_file import ScenarioChoice, Study, study_of
from finsim.engine.study.study_resolution import resolve
from finsim.errors import FinsimError, ScenarioError, StudyError

pytestmark = pytest.mark.sweep


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a study of 400 own loans, a third of them mortgages, kept as they are."""
    rng = np.random.default_rng(5)
    tape = pd.DataFrame(
        {
            "id": [f"L{k}" for k in range(400)],
            "amount": rng.integers(5_000, 40_000, 400),
            "term": rng.choice([36, 60], 400),
            "pd": rng.uniform(0.005, 0.08, 400).round(4),
            "lgd": rng.uniform(0.2, 0.7, 400).round(2),
            "rate": rng.uniform(0.03, 0.12, 400).round(4),
            "loan_class": rng.choice(["mortgage", "cards", "corporate"], 400),
        }
    )
    file = tmp_path_factory.mktemp("own") / "tape.csv"
    tape.to_csv(file, index=False)
    return study_of(
        {
            "finsim": "study/1",
            "id": "own",
            "credit": {"data": str(file), "keep": True, "months": 12, "draws": 5000, "rules": None},
            "evaluation": {"enabled": False},
        }
    )


@pytest.mark.parametrize(
    ("question", "limit", "run_points"),
    [("credit.loss_rate", 0.09, (1, 2)), ("credit.expected_loss", 0.06, (2,))],
)
def test_each_breach_of_an_own_book_runs_and_keeps_its_claim(
    own: Study, question: str, limit: float, run_points: tuple[int, ...], tmp_path: Path
) -> None:
    asked = f"{question} >= {limit}"
    found = finsim.stress(own, reverse=asked, points=2, output=tmp_path / "rev", progress=False)
    table = pq.read_table(tmp_path / "rev/points.parquet").to_pandas()
    assert table["distance"].is_monotonic_increasing
    assert found.base < limit
    assert 0.0 < found.estimate.low < found.estimate.probability < found.estimate.high < 0.5
    for one in found.breaches:
        assert sum(one.shares.values()) == pytest.approx(1.0)
        assert set(one.moves) == {"unemployment", "bbb_spread", "house_prices", "credit_factor"}
        assert one.words() in (found.path / one.file).read_text()
    for number in run_points:
        one = found.breaches[number - 1]
        run = finsim.stress(own, found.path / one.file, output=tmp_path / f"run{number}", progress=False)
        claim = run.manifest["scores"]["expectations"][f"breach-{number}"]
        assert [(item["metric"], item["met"]) for item in claim] == [(question, True)]
        assert claim[0]["expected"] == f"at least {limit:g}"
        assert claim[0]["found"] == pytest.approx(limit, rel=0.12)
        if question == "credit.loss_rate":
            assert claim[0]["found"] == pytest.approx(one.metric, rel=1e-12)


def test_the_same_question_has_the_same_bytes(own: Study, tmp_path: Path) -> None:
    for name in ("one", "two"):
        finsim.stress(
            own, reverse="credit.expected_loss >= 6%", points=1, output=tmp_path / name, progress=False
        )
    for name in ("breach-1.yaml", "points.parquet", "points.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_table_that_is_searched_is_what_a_run_would_have(own: Study) -> None:
    plan = resolve(own)
    model = breach_model(plan, Question("credit.expected_loss", 0.06))
    assert model.held == ("income_support", "payment_shock")
    names = (*model.free, "credit_factor")
    rng = np.random.default_rng(3)
    for _ in range(12):
        moves = dict(zip(names, rng.normal(0.0, 2.0, len(names)), strict=True))
        moves["house_prices"] = float(rng.uniform(-60.0, 20.0))
        told = model.loss(names, np.array([[moves[name] for name in names]]))[0]
        assert told == pytest.approx(model.measured(drivers_of(plan, moves)), rel=0.01)


def test_a_fall_of_the_index_is_its_own_one_point(tmp_path: Path) -> None:
    part: dict[str, Any] = {"data": "wiki_aapl_ibm_2000_2013", "generator": {"name": "bootstrap"}, "paths": 2}
    study = study_of(
        {
            "finsim": "study/1",
            "id": "m",
            "market": {**part, "sessions": 300},
            "evaluation": {"enabled": False},
        }
    )
    found = finsim.stress(
        study, reverse="equity.max_drawdown >= 40%", output=tmp_path / "rev", progress=False
    )
    assert len(found.breaches) == 1
    assert "no other direction" in found.to_text()
    assert found.breaches[0].moves["equity"] == pytest.approx(-40.0, abs=0.03)
    assert found.estimate.low < found.breaches[0].probability * 1.02
    run = finsim.stress(study, tmp_path / "rev/breach-1.yaml", output=tmp_path / "run", progress=False)
    assert run.manifest["scores"]["expectations"]["breach-1"][0]["met"] is True
    short = study_of({**study.model_dump(mode="json"), "market": {**part, "sessions": 200}})
    with pytest.raises(StudyError, match="200 sessions"):
        finsim.stress(short, reverse="equity.max_drawdown >= 40%", output=tmp_path / "no", progress=False)


def test_the_allowance_is_weighted_by_what_the_files_state(own: Study) -> None:
    names = ("base", "gfc-2008", "dfast-severely-adverse-2026")
    plan = resolve(own.with_scenarios(*(ScenarioChoice(name=name) for name in names)))
    book = pa.concat_tables(passed_book(plan))
    told = weighted_allowance(book, plan)
    assert told["weights"] == pytest.approx({"base": 0.9775, "gfc-2008": 0.0125, names[2]: 0.01})
    alone = {name: sums(own_allowance(book, plan, name)) for name in names}
    for sum_of in ("ecl_12m", "ecl_lifetime"):
        mean = sum(told["weights"][name] * alone[name][sum_of] for name in names)
        assert sums(told["stages"])[sum_of] == pytest.approx(mean)
    assert alone[names[2]]["allowance"] > alone["base"]["allowance"] > 0.0
    half = resolve(own.with_scenarios(*(ScenarioChoice.of(name) for name in ("base", "gfc-2008@0.5"))))
    assert weighted_allowance(book, half) == {"why": "no probability: gfc-2008@0.5"}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("credit.loss_rate", "expected METRIC >= VALUE"),
        ("credit.loss_rate <= 0.06", "expected METRIC >= VALUE"),
        ("credit.loss_rate >= 6", "a share above 0 and below 1"),
        ("credit.loss_rate >= nan", "the value"),
        ("credit.loss_rate >= 6pp", "write 6%"),
        ("credit.los_rate >= 0.06", "did you mean 'credit.loss_rate'"),
        ("fraud.card_testing.schemes >= 0.06", "no way back from fraud.card_testing.schemes"),
        ("credit.default_rate >= 0.06", "one of credit.loss_rate, credit.expected_loss, equity.max_drawdown"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_exists(question: str, words: str) -> None:
    with pytest.raises(StudyError, match="reverse") as refused:
        read_question(question)
    assert words in str(refused.value)


def test_a_limit_broken_already_or_out_of_reach_writes_nothing(own: Study, tmp_path: Path) -> None:
    for limit, words in ((0.001, "without any scenario"), (0.9, "not reached within")):
        with pytest.raises(ScenarioError, match=words):
            finsim.stress(
                own, reverse=f"credit.expected_loss >= {limit}", output=tmp_path / "r", progress=False
            )
    with pytest.raises(StudyError, match="no market part"):
        finsim.stress(own, reverse="equity.max_drawdown >= 0.4", output=tmp_path / "r", progress=False)
    assert not (tmp_path / "r").exists()


def test_arguments_that_mean_nothing_together_are_refused(own: Study) -> None:
    loose: Any = finsim.stress
    for wrong in (
        {"scenario": "covid-2020"},
        {"severity": 0.5},
        {"workers": 2},
        {"points": 0},
        {"points": 99},
    ):
        with pytest.raises(FinsimError, match="stress: "):
            loose(own, reverse="credit.loss_rate >= 0.06", **wrong)
    with pytest.raises(FinsimError, match="given without reverse"):
        loose(own, "covid-2020", points=2)


def test_the_command_refuses_and_answers_in_json(own: Study, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(json.dumps(own.model_dump(mode="json")))
    line = ["stress", str(path), "--reverse", "credit.expected_loss >= 6%"]
    for option in (["--scenario", "base"], ["--expect"], ["--severity", "2"], ["--workers", "2"]):
        refused = CliRunner().invoke(app, [*line, *option])
        assert isinstance(refused.exception, StudyError)
        assert option[0] in str(refused.exception)
    done = CliRunner().invoke(app, [*line, "--points", "1", "-o", str(tmp_path / "rev"), "--json", "-q"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert len(told["result"]["points"]) == 1
    assert {Path(name).name for name in told["outputs"]} == {"breach-1.yaml", "points.parquet", "points.csv"}
    assert all(Path(name).is_file() for name in told["outputs"])
    assert "within four quarters" in told["result"]["points"][0]["words"]
