"""A wrong study: every problem at once, each at its line and column, and nothing of it loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from finsim.engine.study.study_file import ScenarioChoice, Study, load_study
from finsim.engine.study.study_resolution import resolve
from finsim.errors import FinsimError, ScenarioError, StudyError

WRONG = """\
finsim: study/1
id: wrong
market:
  data: no_prices.csv
  generator: {name: flwo}
  paths: many
  rules: ohlc
transactions:
  days: 10
  narratives:
    - account_takover
    - {name: card_testing_escalatoin, count: 1}
credit: {data: german_crdit, lones: 5}
scenarios: [base, gcf-2008, {name: mine.yaml, severity: 0.5}]
"""

SCENARIO = """\
finsim: scenario/1
id: mine
title: Mine
kind: hypothetical
extends: base
horizon: {length: 4, step: quarter}
macro:
  unemployment: {unit: pct, as: delta, path: [1.0, 2.0, 2.0, 1.0]}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    (tmp_path / "mine.yaml").write_text(SCENARIO)
    return tmp_path


def test_every_problem_of_a_study_is_reported_at_once(here: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study("wrong.yaml")
    found = {problem.place: problem for problem in caught.value.problems}
    expected = {
        "wrong.yaml:4:3": "no data file 'no_prices.csv'",
        "wrong.yaml:5:15": "no generator is called 'flwo'",
        "wrong.yaml:6:3": "market.paths",
        "wrong.yaml:7:3": "no rule pack is called 'ohlc'",
        "wrong.yaml:11:7": "no narrative is called 'account_takover'",
        "wrong.yaml:12:8": "no narrative is called 'card_testing_escalatoin'",
        "wrong.yaml:13:10": "no data file 'german_crdit'",
        "wrong.yaml:13:30": "unknown key 'lones'",
        "wrong.yaml:14:19": "no scenario is called 'gcf-2008'",
    }
    for place, words in expected.items():
        assert words in found[place].found, place
    for place, name in (
        ("wrong.yaml:5:15", "flow"),
        ("wrong.yaml:7:3", "ohlcv"),
        ("wrong.yaml:11:7", "account_takeover"),
        ("wrong.yaml:12:8", "card_testing_escalation"),
        ("wrong.yaml:13:30", "loans"),
        ("wrong.yaml:14:19", "gfc-2008"),
    ):
        assert found[place].remedy == f"did you mean {name!r}?"
    inside = [problem for place, problem in found.items() if place.startswith("mine.yaml:8")]
    assert "pp" in str(inside[0])
    assert len(found) == len(expected) + 1


def test_faults_of_several_files_come_together(here: Path) -> None:
    (here / "pack.yaml").write_text("finsim-rules: 1\npack: {id: mine}\ntable: bars\n")
    study = Study.model_validate(
        {
            "finsim": "study/1",
            "id": "s",
            "market": {
                "data": "shipped:wiki_aapl_ibm_2000_2013.csv.gz",
                "generator": {"name": "bootstrap", "settings": {"blok": 3}},
                "rules": "pack.yaml",
            },
            "scenarios": ["mine.yaml", "nosuch"],
        }
    )
    with pytest.raises(StudyError) as caught:
        resolve(study)
    text = str(caught.value)
    for words in ("mine.yaml:8", "no scenario is called 'nosuch'", "'blok'", "pack.yaml"):
        assert words in text
    only = study.model_copy(update={"market": None, "credit": None})
    with pytest.raises(ScenarioError):
        resolve(only)


def test_an_unknown_asset_stops_before_the_run(tiny: Study, tmp_path: Path) -> None:
    from finsim.engine.run import run

    assert tiny.market
    market = tiny.market.model_copy(update={"betas": {"APPL": 1.0}})
    with pytest.raises(FinsimError, match="did you mean 'AAPL'"):
        run(tiny.model_copy(update={"market": market}), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_missing_data_file_is_bad_input(tiny: Study) -> None:
    assert tiny.market
    market = tiny.market.model_copy(update={"data": "gone.csv"})
    with pytest.raises(StudyError, match=r"gone\.csv"):
        resolve(tiny.model_copy(update={"market": market}))


def test_a_scenario_twice_and_no_world(here: Path) -> None:
    (here / "s.yaml").write_text("finsim: study/1\nid: s\nscenarios: [base, base]\n")
    with pytest.raises(StudyError) as caught:
        load_study("s.yaml")
    found = [problem.found for problem in caught.value.problems]
    assert found == ["the study has no world", "a scenario is listed twice at one severity: base"]
    assert ScenarioChoice(name="base", severity=0.5).label == "base@0.5"


def test_remarks_name_shipped_files_by_their_shipped_name() -> None:
    from finsim.scenarios.scenario import load

    (remark,) = load("covid-2020").warnings
    assert remark.startswith("scenarios/stress/covid-2020.yaml:")


@pytest.mark.parametrize("key", ["data", "schema"])
def test_a_missing_file_of_a_study_is_named_by_the_one_like_it(here: Path, key: str) -> None:
    """The path is that from the study, whose folder need not be the present one; far names are no remedy."""
    (here / "inner").mkdir()
    for name in ("umsaetze.csv", "umsaetze.schema.yaml"):
        (here / "inner" / name).write_text("a;b\n1;2\n")
    files = {"data": "umsaetze.csv", "schema": "umsaetze.schema.yaml"}
    for wrong, remedy in (
        (files[key].replace("tze", "tz"), f"did you mean '{files[key]}'?"),
        ("x" * 400, ""),
    ):
        lines = [f"  {one}: {wrong if one == key else name}" for one, name in files.items()]
        (here / "inner" / "s.yaml").write_text("\n".join(["finsim: study/1", "transactions:", *lines]) + "\n")
        with pytest.raises(StudyError) as caught:
            load_study(here / "inner" / "s.yaml")
        problem = next(one for one in caught.value.problems if f"no {key} file" in one.found)
        assert problem.remedy == remedy or (not remedy and "did you mean" not in problem.remedy)
