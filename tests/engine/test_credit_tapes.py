"""Studies on a bank's own tape: mapping in the plan, kept loans, stated rates, refusals before any work."""

import json
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from finsim.cli.main import app
from finsim.engine import tasks
from finsim.engine.finished_run import Run
from finsim.engine.finished_tasks import Done
from finsim.engine.run import run
from finsim.engine.stages import credit_stage
from finsim.engine.study.credit_part import LoanGenerator
from finsim.engine.study.study_file import load_study
from finsim.engine.study.study_resolution import resolve
from finsim.engine.tasks import Task
from finsim.errors import FinsimError
from finsim.provenance.verify import verify_run

pytestmark = pytest.mark.sweep

COUNT = 260


def study(folder: Path, frame: pd.DataFrame, scenarios: str = "[base]", **keys: object) -> Path:
    frame.to_csv(folder / "tape.csv", index=False)
    part = {"data": "tape.csv", "loans": 600, "months": 12, "draws": 5_000, **keys}
    path = folder / "study.yaml"
    path.write_text(
        f"finsim: study/1\nid: own\ncredit: {json.dumps(part)}\nscenarios: {scenarios}\n"
        "evaluation: {bootstrap: 50}\n"
    )
    return path


def own_tape() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    return pd.DataFrame(
        {
            "Konto": [f"00{k}" for k in range(COUNT)],
            "Betrag": rng.integers(1_000, 30_000, COUNT),
            "Laufzeit": rng.choice([24, 48], COUNT),
            "PD in %": rng.uniform(0.3, 20, COUNT).round(2),
            "LGD": rng.uniform(0.1, 0.9, COUNT).round(2),
            "Zins": rng.uniform(0.05, 0.4, COUNT).round(4),
            "Alter": np.where(rng.random(COUNT) < 0.1, np.nan, rng.integers(20, 70, COUNT)),
        }
    )


COLUMNS = {
    "id": "Konto",
    "amount": "Betrag",
    "term": "Laufzeit",
    "pd": {"from": "PD in %", "unit": "percent"},
    "lgd": "LGD",
    "rate": "Zins",
    "age": "Alter",
}


def loans(folder: Path, scenario: str = "base") -> pd.DataFrame:
    return pq.read_table(folder / "loans" / f"scenario={scenario}" / "loans.parquet").to_pandas()


@pytest.mark.usefixtures("whole_page")
def test_kept_loans_from_the_file_to_a_sealed_run(tmp_path: Path) -> None:
    tape = own_tape()
    path = study(tmp_path, tape, "[base, gfc-2008]", columns=COLUMNS, keep=True)
    done = run(str(path), output=tmp_path / "run")
    for scenario in ("base", "gfc-2008"):
        book = loans(done.path, scenario)
        assert book["loan_id"].tolist() == tape["Konto"].tolist()
        assert np.allclose(book["pd"], tape["PD in %"] / 100)
        assert np.array_equal(book["rate"], tape["Zins"])  # nine in twenty are above the cap of the pack
        assert book["age"].isna().sum() == tape["Alter"].isna().sum()
    drawn = pq.read_table(done.path / "losses/scenario=base/losses.parquet")["loss"].to_numpy()
    expected = (tape["Betrag"] * 100 * tape["PD in %"] / 100 * tape["LGD"]).sum()
    assert abs(drawn.mean() - expected) < 3 * drawn.std() / np.sqrt(len(drawn))
    manifest = json.loads((done.path / "manifest.json").read_text())
    facts = manifest["scores"]["facts"]["credit/base"]["tape"]["columns"]
    assert {fact["header"] for fact in facts} == set(tape)
    cap = manifest["rules"]["credit/base"]["rules"]["usury_cap"]
    assert cap["violations"] == cap["after"] == (tape["Zins"] > 0.24).sum()
    assert manifest["statement"]["real_records"] == ["loans"]
    page = (done.path / "report.html").read_text()
    assert "Real records" in page
    assert "ynthetic data" not in page.split("<script")[0]
    assert verify_run(done.path).ok
    assert isinstance(Run(done.path), Run)


@pytest.mark.usefixtures("whole_page")
def test_stated_rates_of_a_resampled_book_are_not_cut(tmp_path: Path) -> None:
    tape = own_tape()
    done = run(str(study(tmp_path, tape, columns=COLUMNS)), output=tmp_path / "run")
    book = loans(done.path)
    assert book["rate"].mean() == pytest.approx(tape["Zins"].mean(), abs=0.01)
    assert book["rate"].max() > 0.3
    assert "Synthetic data: no row describes" in (done.path / "report.html").read_text()
    assert book["loan_id"].tolist() == list(range(600))
    assert book["age"].isna().mean() == pytest.approx(tape["Alter"].isna().mean(), abs=0.05)


def test_the_plan_prints_the_mapping(tmp_path: Path) -> None:
    path = study(tmp_path, own_tape(), columns=COLUMNS, keep=True)
    shown = CliRunner().invoke(app, ["plan", str(path)])
    assert shown.exit_code == 0
    lines = {line.split("  ")[1]: line for line in shown.output.splitlines() if line.startswith("  ")}
    assert "pd: ratio, percent" in lines["PD in %"]
    assert "% missing" in lines["Alter"]
    data = json.loads(CliRunner().invoke(app, ["plan", str(path), "--json"]).output)["result"]
    fact = next(fact for fact in data["tape"]["columns"] if fact["header"] == "Betrag")
    assert fact["name"] == "amount"
    assert float(fact["max"]) == own_tape()["Betrag"].max()


@pytest.mark.parametrize("command", ["plan", "run"])
@pytest.mark.parametrize(
    ("change", "keys", "parts"),
    [
        ({"PD in %": 12.0}, {"columns": {**COLUMNS, "pd": "PD in %"}}, ("percent? write 0.12", "line 2")),
        ({"payment": 1.5}, {"columns": COLUMNS}, ("'payment'", "own_payment", "ignore")),
        ({}, {"columns": {**COLUMNS, "amount": "Betrug"}}, ("did you mean 'Betrag'?",)),
        ({}, {"columns": {**COLUMNS, "rho": "LGD"}}, ("a column that the model computes",)),
        ({}, {"columns": COLUMNS, "target_pd": 0.02}, ("a target has no effect",)),
        (
            {},
            {"columns": {**COLUMNS, "pd": {"from": "PD in %", "unit": "stones"}}},
            ("stones", "study.yaml:3"),
        ),
        ({}, {"columns": COLUMNS, "prepaiment": 0.1}, ("did you mean 'prepayment'?",)),
        ({}, {"columns": COLUMNS, "schema": "none.yaml"}, ("no schema file 'none.yaml'",)),
    ],
)
def test_what_cannot_be_read_ends_with_2_and_leaves_nothing(
    tmp_path: Path, command: str, change: dict[str, float], keys: dict[str, object], parts: tuple[str, ...]
) -> None:
    path = study(tmp_path, own_tape().assign(**change), **keys)
    more = ["-o", str(tmp_path / "run")] if command == "run" else []
    error = CliRunner().invoke(app, [command, str(path), *more]).exception
    assert isinstance(error, FinsimError)
    assert error.exit_code == 2
    for part in parts:
        assert part in str(error)
    assert not (tmp_path / "run").exists()


def test_a_study_of_a_tape_is_written_and_read_again(tmp_path: Path) -> None:
    schema = tmp_path / "loans.yaml"
    schema.write_text("finsim: schema/1\nkind: loans\ncolumns:\n  Zins: {type: ratio, role: rate}\n")
    columns = {key: value for key, value in COLUMNS.items() if key != "rate"}
    path = study(tmp_path, own_tape(), columns=columns, schema="loans.yaml", keep=True)
    loaded = load_study(str(path))
    again = type(loaded).model_validate(loaded.model_dump(mode="json"))
    assert again.digest == loaded.digest
    done = run(loaded, output=tmp_path / "run")
    assert np.array_equal(loans(done.path)["rate"], own_tape()["Zins"])


def test_a_book_knows_the_words_that_come_back_from_another_column(tmp_path: Path) -> None:
    """City and postcode say each other, and both have rare words that are learned as one."""
    rng = np.random.default_rng(0)
    city = np.where(rng.random(900) < 0.8, rng.integers(0, 12, 900), rng.integers(12, 200, 900))
    frame = pd.DataFrame(
        {
            "amount": np.round(np.exp(rng.normal(9, 0.5, 900)), 2), "term_months": rng.choice([12, 24], 900),
            "bad": (rng.random(900) < 0.1).astype(int),
            "city": [f"city{k}" for k in city], "zip": [f"z{k:03d}" for k in city],
        }
    )  # fmt: skip
    (tmp_path / "t.yaml").write_text(
        "finsim: schema/1\nkind: loans\ncolumns:\n  amount: {type: money, ccy: EUR, role: amount}\n"
        "  term_months: {type: int, role: term}\n  bad: {type: int, role: outcome}\n"
        "  city: {type: cat}\n  zip: {type: cat}\n"
    )
    path = study(tmp_path, frame, schema="t.yaml", currency="EUR", target_pd="as_observed")
    made = loans(run(load_study(str(path)), output=tmp_path / "run").path)
    said = frame.drop_duplicates("zip").set_index("zip")["city"]
    known = made["zip"].astype(str).isin(said.index)
    assert known.mean() > 0.7
    assert (made["zip"][known].astype(str).map(said) == made["city"][known].astype(str)).all()


def test_a_book_that_a_trial_learned_is_paid_for_by_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent, fit = [], credit_stage.fit_book

    def measured(*given: object) -> object:
        started = time.process_time()
        book = fit(*given)  # type: ignore[arg-type]
        spent.append(time.process_time() - started)
        return book

    monkeypatch.setattr(credit_stage, "fit_book", measured)
    path = study(tmp_path, own_tape(), columns=COLUMNS)
    plan = resolve(load_study(path))
    credit_stage.prepared(plan)  # as the trial before a run does
    assert len(spent) == 1
    task = Task(str(tmp_path / "run"), "credit", "base")
    first, second = (credit_stage.credit_task(tmp_path / "run", plan, task).cpu_seconds for _ in range(2))
    assert len(spent) == 1
    assert first >= spent[0] > second == 0.0
    monkeypatch.setattr(tasks, "_plan", lambda run: plan)
    paid = Done("credit/other", {}, {}, 5e3)
    monkeypatch.setattr(tasks, "STAGES", SimpleNamespace(load=lambda name: lambda *given: paid))
    assert tasks.perform(Task(str(tmp_path / "run"), "credit", "other")).cpu_seconds >= 5e3


def test_studies_share_a_fit_where_they_differ_after_it(tmp_path: Path) -> None:
    plan = resolve(load_study(study(tmp_path, own_tape(), columns=COLUMNS)))
    key = credit_stage._key(plan)

    def other(study: dict[str, object], **part: object) -> str:
        credit = plan.study.credit.model_copy(update=part)
        return credit_stage._key(
            replace(plan, study=plan.study.model_copy(update={**study, "credit": credit}))
        )

    assert other({}, loans=7, months=9, draws=6_000, rules=None) == key
    changed: list[dict[str, object]] = [
        {"seed": 8}, {"start": date(2024, 12, 31)}
    ]  # fmt: skip
    parts: list[dict[str, object]] = [
        {"target_pd": 0.1}, {"shard_loans": 9}, {"keep": True}, {"ignore": ("x",)}, {"mark_rate": 2.0},
        {"generator": LoanGenerator(name="resample_rows")},
    ]  # fmt: skip
    keys = {key, *(other(one) for one in changed), *(other({}, **one) for one in parts)}
    assert len(keys) == 1 + len(changed) + len(parts)
    assert credit_stage._key(replace(plan, inputs=dict.fromkeys(plan.inputs, "another file"))) != key
