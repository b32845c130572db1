"""The answer on the screen: figures from the tables, base beside stressed, the same in every door."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from plain_page import whole_pages

import finsim
from finsim.cli.main import main
from finsim.credit.risk import expected_shortfall, value_at_risk
from finsim.engine.answers.comparison import columns_of
from finsim.engine.answers.run_answer import (
    answer_dict,
    answer_lines,
    broken_rules,
    failed,
    not_computed,
    problems_of,
)
from finsim.engine.answers.scenario_figures import credit_figures, market_figures, payment_figures
from finsim.engine.answers.world_answer import world_lines
from finsim.engine.finished_run import Run
from finsim.engine.stress import stress
from finsim.evaluation.metric import Score
from finsim.evaluation.scorecard import Scorecard
from finsim.records.figures.figure_text import difference_text, value_text
from finsim.records.figures.key_figures import KEY_FIGURES, Figure, key_figure

pytestmark = pytest.mark.sweep

BOOK = {"data": "german_credit", "loans": 200, "months": 12, "draws": 5_000}
RISK = {"expected_loss": 100.0, "var_0.99": [300.0, 250.0, 350.0], "es_0.99": [400.0, 380.0, 420.0]}


def book(*currencies: str) -> pa.Table:
    return pa.table(
        {"loan_id": range(len(currencies)), "balance": [1_000] * len(currencies), "currency": currencies}
    )


def test_defaults_are_counted_by_month_from_the_first_of_the_panel() -> None:
    ages = np.array([11, 12, 35, 36])  # months after the first of the panel: month 12 is within 12
    found = credit_figures(book(*["EUR"] * 8), ages, RISK, 60)
    assert found["credit.defaults_12m"].value == 1 / 8
    assert found["credit.defaults_36m"].value == 3 / 8
    assert found["credit.balance"] == Figure(8_000, currency="EUR")
    assert (found["credit.var_99"].low, found["credit.var_99"].high) == (250.0, 350.0)


def test_a_short_panel_and_a_mixed_book_say_what_is_not_computed() -> None:
    found = credit_figures(book("EUR", "USD"), np.array([0]), RISK, 12)
    assert found["credit.defaults_12m"].value == 0.5
    assert found["credit.defaults_36m"] == Figure(None, why="the panel has 12 months")
    assert found["credit.expected_loss"] == Figure(None, why="the book is in 2 currencies")


def test_figures_of_paths_are_medians_but_the_worst() -> None:
    measured = {"drawdown": np.array([0.1, 0.5, 0.2]), "trough": np.array([2.0, 0.0, 1.0])}
    dates = np.array(["2026-01-01", "2026-01-02", "2026-01-05"], "datetime64[D]")
    found = market_figures(measured, dates)
    assert (found["market.drawdown"].value, found["market.worst_drawdown"].value) == (0.2, 0.5)
    assert found["market.trough"].value == "2026-01-02"
    assert found["market.dispersion"].why == "there is one asset"
    assert {figure.why for figure in market_figures({}, dates).values()} == {
        "every series is a level: there is no index"
    }


def test_decoys_are_no_schemes() -> None:
    patterns = pa.table({"decoy": [True, False, False]})
    found = payment_figures({"rows": 10, "declined": 1, "illicit": 4, "decoy": 2}, patterns)
    assert (found["payments.schemes"].value, found["payments.illicit"].value) == (2, 4)


@pytest.mark.parametrize(
    ("key", "left", "right", "texts"),
    [
        ("credit.expected_loss", Figure(10_000, currency="EUR"), Figure(25_000, currency="EUR"),
         ("100 EUR (1.00 %)", "250 EUR (2.50 %)", "+150 EUR (+1.50 pp)")),
        ("credit.expected_loss", Figure(10_000, currency="JPY"), Figure(9_000, currency="JPY"),
         ("10,000 JPY (1.00 %)", "9,000 JPY (0.90 %)", "-1,000 JPY (-0.10 pp)")),
        ("credit.expected_loss", Figure(10_000, currency="EUR"), Figure(9_000, currency="USD"),
         ("100 EUR (1.00 %)", "90 USD (0.90 %)", "-")),
        ("market.drawdown", Figure(0.341), Figure(0.282), ("34.10 %", "28.20 %", "-5.90 pp")),
        ("payments.illicit", Figure(28), Figure(1_031), ("28", "1,031", "+1,003")),
        ("market.trough", Figure("2026-03-01"), Figure("2026-02-27"),
         ("2026-03-01", "2026-02-27", "-2 days")),
        ("credit.defaults_36m", Figure(None, why="short"), Figure(0.1), ("-", "10.00 %", "-")),
    ],
)  # fmt: skip
def test_values_and_differences_as_text(
    key: str, left: Figure, right: Figure, texts: tuple[str, str, str]
) -> None:
    line, whole = key_figure(key), Figure(1_000_000)
    assert value_text(line, left, whole) == texts[0]
    assert value_text(line, right, whole) == texts[1]
    assert difference_text(line, left, right, (whole, whole)) == texts[2]


def test_the_figures_of_a_run_are_those_of_its_tables(finished: Run) -> None:
    for column in columns_of(finished):
        own, world, paths = (
            finished.portfolio_of(column.label), finished.transactions_of(column.label),
            finished.paths_of(column.label),
        )  # fmt: skip
        figures = {key: figure.value for key, figure in column.figures.items()}
        assert figures["credit.balance"] == own.loans["balance"].to_numpy().sum()
        assert figures["credit.expected_loss"] == pytest.approx(own.losses.mean())
        assert (
            0.0 < figures["credit.ecl_12m"] <= figures["credit.allowance"] <= figures["credit.ecl_lifetime"]
        )
        # Read from the draws of the table and from as many more in bad years: near, and not the same.
        for key, plain in (
            ("var", value_at_risk(own.losses, 0.99)),
            ("es", expected_shortfall(own.losses, 0.99)),
        ):
            assert plain.low < figures[f"credit.{key}_99"] < plain.high
            assert figures[f"credit.{key}_99"] != plain.value
        rows = world.to_pandas()
        assert figures["payments.rows"] == len(rows)
        assert figures["payments.illicit"] == (rows["is_fraud"] | rows["is_laundering"]).sum()
        assert figures["payments.declined"] == (rows["status"].astype(str) == "declined").sum()
        index = (paths.close / paths.close[:, :1]).mean(axis=2)
        months = paths.dates.astype("datetime64[M]").astype(int)
        index = index[:, months - months[0] < 36]
        falls = (1 - index / np.maximum.accumulate(index, axis=1)).max(axis=1)
        assert figures["market.drawdown"] == pytest.approx(np.median(falls))
        assert set(column.figures) == {line.key for line in KEY_FIGURES}
    assert columns_of(finished)[0].label == "base"


@pytest.fixture(scope="module")
def stressed(finished: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    with whole_pages():
        return stress(finished, "covid-2020", severity=0.5, output=tmp_path_factory.mktemp("hit") / "hit")


def test_a_stressed_run_is_set_beside_the_run_it_came_from(finished: Run, stressed: Run) -> None:
    assert stressed.scenarios == ("covid-2020@0.5",)
    frame = finsim.compare(finished, stressed)
    assert list(frame.columns)[:2] == ["base", "covid-2020@0.5"]
    loss = frame.loc[("covid-2020@0.5", "expected loss, 1 year")]
    assert loss["base"] == pytest.approx(finished.portfolio.losses.mean() / 100)
    assert loss["difference"] == pytest.approx(loss["covid-2020@0.5"] - loss["base"])
    assert loss["relative"] == pytest.approx(loss["difference"] / loss["base"])
    assert loss["unit"] == "EUR"
    lines = answer_lines(stressed)
    assert len(lines) <= 15
    assert lines[0].split() == ["base", "covid-2020@0.5", "difference"]
    assert lines[-2:] == [
        f"report: {stressed.path / 'report.html'}",
        f"next:   finsim compare {finished.path} {stressed.path}",
    ]


def test_a_table_of_several_scenarios_is_not_checked_as_one(finished: Run) -> None:
    folder = finished.path / "bars"
    with pytest.raises(finsim.FinsimError, match="the table of 3 scenarios: base, ") as caught:
        finsim.check(folder, "ohlcv")
    one = caught.value.problems[0].remedy.removeprefix("name one, such as ")
    assert finsim.check(one, "ohlcv").ok


def test_two_scenarios_are_several(finished: Run, tmp_path: Path) -> None:
    shutil.copy(finished.path / "manifest.json", tmp_path)
    for label in finished.scenarios[:2]:
        shutil.copytree(finished.path / "bars" / f"scenario={label}", tmp_path / "bars" / f"scenario={label}")
    with pytest.raises(finsim.FinsimError, match="the table of 2 scenarios"):
        finsim.check(tmp_path / "bars", "ohlcv")


def test_the_model_of_a_run_is_not_learned_again(finished: Run, stressed: Run) -> None:
    costs = [run.manifest["models"][0]["training"]["cpu_seconds"] for run in (finished, stressed)]
    assert costs[0] == costs[1]


@pytest.mark.slow
def test_a_scenario_that_the_run_held_already_is_set_beside_base(finished: Run, tmp_path: Path) -> None:
    again = stress(finished, "dfast-severely-adverse-2026", output=tmp_path / "again")
    frame = finsim.compare(finished, again)
    assert list(frame.columns)[:2] == ["base", "dfast-severely-adverse-2026"]
    assert frame["difference"].abs().max() > 0


def test_the_page_and_json_say_what_the_screen_says(
    stressed: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    base, hit = columns_of(stressed)
    page = (stressed.path / "report.html").read_text(encoding="utf-8").replace("\u202f%", " %")
    for key in ("credit.expected_loss", "credit.var_99", "payments.illicit"):
        for column in (base, hit):
            text = column.value_text(key_figure(key))
            assert text in page, text
            assert any(text.split(" (")[0] in line for line in answer_lines(stressed)), text
    with pytest.raises(SystemExit) as stop:
        main(["show", str(stressed.path), "--json"])
    assert stop.value.code in (0, None)
    told = json.loads(capsys.readouterr().out)["result"]
    assert told["figures"] == json.loads(json.dumps(answer_dict(stressed)["figures"]))
    assert told["compared_with"]["label"] == "base"


@pytest.mark.slow
def test_a_study_is_stressed_beside_its_base(tmp_path: Path) -> None:
    study = finsim.study(credit=BOOK, evaluation={"enabled": False})
    run = finsim.stress(study, "covid-2020", output=tmp_path / "run", progress=False)
    assert run.scenarios == ("covid-2020", "base")
    assert [column.label for column in columns_of(run)] == ["base", "covid-2020"]
    assert "defaults in 36 months (the panel has 12 months)" in not_computed(run)
    alone = finsim.stress(study, "base", output=tmp_path / "base", progress=False)
    assert alone.scenarios == ("base",)


@pytest.mark.slow
def test_runs_that_share_scenarios_are_compared_one_by_one(finished: Run, tmp_path: Path) -> None:
    frame = finsim.compare(finished, finished)
    assert frame.index.get_level_values(0).unique().tolist() == list(finished.scenarios)
    assert set(frame["difference"].dropna()) == {0.0}
    study = finsim.study(transactions={"accounts": 300, "days": 3}, evaluation={"enabled": False})
    other = finsim.run(study, output=tmp_path / "p", progress=False)
    loans = finsim.study(credit=BOOK, evaluation={"enabled": False})
    book_run = finsim.run(loans, output=tmp_path / "c", progress=False)
    with pytest.raises(finsim.FinsimError, match="no key figure in common"):
        finsim.compare(other, book_run)


def changed(run: Run, folder: Path, **sections: object) -> Run:
    """A run whose manifest says something else."""
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({**run.manifest, **sections}))
    (folder / "scorecard.json").write_text((run.path / "scorecard.json").read_text())
    return Run(folder)


def test_a_broken_rule_fails_a_run_and_a_rare_row_does_not(finished: Run, tmp_path: Path) -> None:
    counts = {"after": 3, "level": "invariant"}
    broken = changed(finished, tmp_path / "a", rules={"market/base": {"rules": {"high": counts}}})
    assert broken_rules(broken) == ["market/base: high (3 rows)"]
    assert failed(broken)
    assert any("rules broken: market/base: high" in line for line in answer_lines(broken))
    rare = {"after": 3, "level": "plausible"}
    fine = changed(finished, tmp_path / "b", rules={"market/base": {"rules": {"gap": rare}}})
    assert not failed(fine)
    assert not failed(finished)


def test_a_verdict_that_fails_fails_a_run(finished: Run, tmp_path: Path) -> None:
    run = changed(finished, tmp_path / "run")
    score = Score(
        "two_sample", "windows", 0.9, 0.85, 0.95, 9, None, None, 0.6, "fail", "backtest", "AUC", "told apart"
    )
    Scorecard((score,)).write(run.path / "scorecard.json")
    assert failed(Run(run.path))
    assert problems_of(Run(run.path)) == ["backtest: fail"]


def test_a_verdict_that_was_taken_over_says_of_which_run_it_is(finished: Run, tmp_path: Path) -> None:
    verdict = {"verdict": "pass", "reasons": [], "counts": {}}
    scores = {**finished.manifest["scores"], "verdicts": {"share": verdict}}
    own = changed(finished, tmp_path / "own", scores=scores)
    assert own.judged_on is None
    assert not [line for line in answer_lines(own) if line.startswith("judged on")]
    taken = changed(
        finished, tmp_path / "hit", scores={**scores, "evidence_of": {"label": "base", "run": "runs/a"}}
    )
    assert taken.judged_on == ("base", "runs/a")
    lines = answer_lines(taken)
    said = lines.index("judged on base of runs/a, of the same model; on this run only for copies")
    assert lines[said - 1] == "share: pass"
    assert answer_dict(taken)["judged_on"] == {"label": "base", "run": "runs/a"}


def test_a_world_is_told_phases_and_remarks_first_and_its_totals_last() -> None:
    stories = {f"story_{k}": {"schemes": 1, "rows": 2, "decoy": k == 1} for k in range(10)}
    phase = {"narrative": "story_0", "phase": "hit", "planned": 2, "posted": 2, "declined": 0, "dropped": 0}
    facts = {
        "rows": 100, "accounts": 9, "illicit_rows": 20, "illicit_share": 0.2, "declined_share": 0.0,
        "schemes": 10, "narratives": stories, "phases": [phase], "remarks": ["story_0: nobody fits"],
    }  # fmt: skip
    lines = world_lines(facts)
    assert lines[1].split() == ["story_0", "hit", "2", "2", "0", "0"]
    assert lines[2] == "remark     story_0: nobody fits"
    assert lines[3].startswith("100 rows of 9 accounts; illicit 20 (20.0000%) in 10 schemes")
    assert len(lines[3:]) <= 13  # data: and next: come below
    assert lines[-1] == "and 2 more narratives"
    assert lines[6].split() == ["story_1", "1", "2", "decoy"]
