"""A finished run shows itself and gives its tables by name."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest

import finsim
from finsim.agents.narratives.narrative import Narrative
from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.documents import shipped
from finsim.engine.finished_run import Run
from finsim.engine.market_model.fit_and_sample import fit
from finsim.errors import FinsimError, StudyError
from finsim.evaluation.metric import FAIL, PASS, USES, Score
from finsim.evaluation.scorecard import Scorecard
from finsim.generators.generator import FitReport
from finsim.records.display.shown_record import ShownRecord
from finsim.scenarios.scenario import Scenario

pytestmark = pytest.mark.sweep

WILD = "<b>Größe 漢字\n" + "n" * 200


def small(shown: ShownRecord) -> bool:
    text, html = repr(shown), shown._repr_html_()
    assert len(text) <= 600
    assert len(text.splitlines()) <= 12
    assert "http" not in html
    assert "<b>" not in html
    return len(html) < 60_000


def card_of(scores: int) -> Scorecard:
    made = [
        Score(WILD, f"{WILD} {k}", 1.0, None, None, 9, None, None, 2.0, verdict, use, "", f"{WILD} reason")
        for k in range(scores)
        for use in USES
        for verdict in (PASS, FAIL)
    ]
    return Scorecard(tuple(made))


def test_a_run_shows_scenarios_verdicts_rows_and_page(finished: Run) -> None:
    assert small(finished)
    text = repr(finished)
    assert "base, dfast-severely-adverse-2026, fraud-wave-mule-surge" in text
    assert "verdicts   none: nothing was judged" in text
    assert "study      tiny, seed 7" in text
    assert "report.html" in text
    assert finished


def test_a_run_lists_its_tables(finished: Run) -> None:
    frame = finished.head(10_000)
    assert len(finished) == len(frame) == len(finished.manifest["outputs"])
    assert finished.columns == list(frame.columns)
    assert len(finished.head()) == 5
    assert set(frame["scenario"]) == set(finished.scenarios)
    assert not hasattr(finished, "__arrow_c_stream__")


@pytest.mark.parametrize("scenario", [None, "fraud-wave-mule-surge"])
def test_tables_by_name_hold_what_the_manifest_counts(finished: Run, scenario: str | None) -> None:
    tables = finished.tables_of(scenario)
    assert small(tables)
    assert {"transactions", "accounts", "patterns", "bars", "loans", "months", "provisions", "losses"} <= set(
        tables
    )
    for name, rows in tables.rows().items():
        assert len(tables[name]) == rows
        assert small(tables[name])
    known = finished.transactions_of(scenario).patterns
    assert tables["patterns"]["instance"].tolist() == known["instance"].to_pylist()
    assert tables["patterns"]["amount"].tolist() == known["amount"].to_pylist()


def test_customers_and_merchants_are_the_same_in_every_scenario(finished: Run) -> None:
    for name in ("customers", "merchants"):
        files = {finished.file(name, scenario).read_bytes() for scenario in finished.scenarios}
        assert len(files) == 1
        found = getattr(finished.transactions_of("fraud-wave-mule-surge"), name)
        assert found.equals(getattr(finished.transactions, name))
        assert found.num_rows == len(finished.tables[name])


def test_the_weighted_allowance_follows_from_the_provisions_of_each_scenario(finished: Run) -> None:
    """The manifest's weighted table, by stage, from the rows of the jump-off day alone."""
    facts = finished.manifest["scores"]["facts"]
    told = facts["credit/base"]["weighted"]
    sums, pd_ = 0.0, finished.portfolio.loans["pd"].to_numpy()
    for name, weight in told["weights"].items():
        rows = finished.tables_of(name)["provisions"].to_pandas()
        assert sum(one["allowance"] for one in facts[f"credit/{name}"]["provisions"]) == pytest.approx(
            rows["allowance"].sum()
        )
        rows = rows[rows["date"] == rows["date"].min()]
        hazard = -np.log1p(-rows["lifetime_pd"])
        usual = -np.log1p(-rows["usual_lifetime_pd"])
        sums = sums + weight * np.array([rows["ecl_12m"], rows["ecl_lifetime"], hazard, usual])
    twelve, lifetime, hazard, usual = np.array(sums)
    second = (hazard > 3.2 * np.maximum(usual, 1e-12)) & (pd_ >= 0.003)
    allowance = np.where(second, lifetime, twelve)
    for one, mine in zip(told["stages"], (~second, second), strict=True):
        assert one["loans"] == mine.sum()
        assert one["allowance"] == pytest.approx(allowance[mine].sum())


def test_unknown_names_are_refused_with_the_nearest(finished: Run) -> None:
    with pytest.raises(StudyError, match="did you mean 'accounts'"):
        finished.tables["acounts"]
    with pytest.raises(StudyError, match="did you mean 'base'"):
        finished.tables_of("bace")
    assert finished.tables.get("acounts") is None
    assert "acounts" not in finished.tables


def test_accounts_and_patterns_are_records_with_money(finished: Run) -> None:
    accounts = finished.accounts
    assert len(accounts) == len(finished.transactions.accounts)
    cents, units = accounts.to_pandas(), accounts.to_pandas(money="units")
    assert cents.attrs == {"money": "cents", "currency": "USD"}
    assert units["opening_balance"].tolist() == [x / 100 for x in cents["opening_balance"]]
    assert len(finished.patterns.head(3)) == 3
    assert finished.patterns["narrative"].notna().all()
    months = finished.tables["months"].to_pandas(money="units")
    expected = finished.portfolio.to_pandas("months", money="units")
    pd.testing.assert_frame_equal(months, expected)
    assert months.attrs == expected.attrs


def test_records_of_a_run_show_themselves_and_stream(finished: Run) -> None:
    for record in (finished.transactions, finished.paths, finished.portfolio):
        assert small(record)
        assert "<svg" in record._repr_html_()
        assert polars.DataFrame(record).height == len(record) == pa.table(record).num_rows
    wave = finished.transactions_of("fraud-wave-mule-surge")
    assert f"schemes     {wave.patterns.num_rows}" in repr(wave)


def test_the_scorecard_of_a_run_is_a_scorecard(finished: Run) -> None:
    assert isinstance(finished.scorecard, Scorecard)
    assert finished.verdicts == {}
    assert finished.scorecard.table()


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}"])
def test_a_run_that_cannot_be_read_says_so(finished: Run, tmp_path: Path, damage: str) -> None:
    shutil.copy(finished.path / "scorecard.json", tmp_path / "scorecard.json")
    (tmp_path / "manifest.json").write_text(damage)
    broken = Run(tmp_path)
    assert small(broken)
    assert "unreadable" in repr(broken)
    assert "finsim verify" in repr(broken)


@pytest.mark.parametrize("scores", [0, 1, 40])
def test_scorecards_are_short_and_tables_long(scores: int) -> None:
    card = card_of(scores)
    assert small(card)
    frame = card.to_pandas()
    assert len(card) == len(frame) == 8 * scores == len(card.scores)
    assert card.columns == list(frame.columns)
    pd.testing.assert_frame_equal(card.head(3), frame.head(3))
    assert pa.table(card).num_rows == len(card)
    assert len(card.table().splitlines()) >= len(card)
    for use in card.verdicts():
        assert use in repr(card)
    assert card == Scorecard(card.scores)
    assert bool(card)


def test_a_fitted_model_shows_its_training() -> None:
    model = fit(shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz", "bootstrap", seed=1)
    assert small(model)
    assert "AAPL, IBM" in repr(model)
    assert "closed form" in repr(model)
    assert len(model) == 0
    assert model
    report = FitReport({"flow": (3.0, 2.0, 1.5), WILD: (1.0,)}, 60, 1.25, "steps", 0.5)
    model.generator.report = report
    assert small(model)
    assert model.to_pandas()["loss"].tolist() == [3.0, 2.0, 1.5, 1.0]
    assert model.columns == ["curve", "stretch", "loss"]
    assert "60 steps in 1.25 CPU s, ended by steps" in repr(model)
    assert "<svg" in model._repr_html_()
    many = replace(model, encoding=replace(model.encoding, assets=tuple(f"{WILD}{k}" for k in range(100))))
    assert small(many)
    assert "and 99 more" in repr(many)


def test_rule_reports_show_what_broke(finished: Run) -> None:
    rules = RuleSet.load("ohlcv")
    bars = finished.paths.to_pandas()
    report = check(bars, rules)
    assert small(report)
    assert len(report) == len(report.to_pandas()) == len(report.results)
    assert "result  ok" in repr(report)
    assert report["positive_prices"].id == "positive_prices"
    bars.loc[[3, 5], "low"] = 1e6
    broken = check(bars, rules)
    assert "result  not ok" in repr(broken)
    assert broken.broken()[0] in repr(broken)
    frame = broken.to_pandas().set_index("id")
    assert frame["violations"].to_dict() == broken.counts()
    done = repair(bars, rules)[1]
    assert small(done)
    assert done.to_pandas().set_index("id")["touched"].to_dict() == done.touched()
    many = replace(broken, results=tuple(replace(one, id=WILD) for one in broken.results * 40), pack=WILD)
    assert small(many)


@pytest.mark.parametrize("folder", ["scenarios/narratives", "scenarios/stress", "constraints"])
def test_every_shipped_file_shows_itself(folder: str) -> None:
    load = {
        "scenarios/narratives": Narrative.load,
        "scenarios/stress": Scenario.load,
        "constraints": RuleSet.load,
    }
    files = sorted(shipped(folder).glob("*.yaml"))
    assert files
    for file in files:
        try:
            item = load[folder](file.stem)
        except FinsimError:  # a part that other files build on
            continue
        assert small(item)
        assert file.stem.split("-")[0] in repr(item)
        assert str(item) == repr(item)


def test_equality_of_reports_and_scenarios_is_that_of_their_values(finished: Run) -> None:
    rules = RuleSet.load("ohlcv")
    bars = finished.paths.to_pandas()
    assert check(bars, rules) == check(bars, rules)
    assert Scenario.load("covid-2020") == Scenario.load("covid-2020")
    assert Scenario.load("covid-2020") != Scenario.load("gfc-2008")
    assert Run(finished.path) == finished
    assert np.unique([hash(Run(finished.path)), hash(finished)]).size == 1


def test_a_study_and_a_story_show_themselves_in_twelve_lines(small_run: Run) -> None:
    """Both are plain records of many keys, which their own words would fill a screen with."""
    for shown in (finsim.load_study("quickstart"), finsim.trace(small_run, "loans", 0)):
        lines = repr(shown).splitlines()
        assert 4 <= len(lines) <= 12
        assert max(len(line) for line in lines) <= 118
    assert "200 paths x 2,520 sessions" in repr(finsim.load_study("quickstart"))
    assert repr(finsim.trace(small_run, "loans", 0)).startswith("loans/base, row 0\n")
