"""Files to start from are short, commented, and run as written; wrong words are answered."""

from __future__ import annotations

from pathlib import Path

import pytest

import finsim
from finsim.documents import shipped
from finsim.verbs.new import TEMPLATES

STUDIES = ("fraud", "risk", "quant", "tiny")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("like", STUDIES)
def test_a_study_of_a_job_is_short_commented_and_resolves(like: str) -> None:
    made = finsim.new("mine.yaml", like=like)
    lines = made.text.splitlines()
    assert len(lines) <= 40
    assert sum("#" in line for line in lines) >= 5
    assert finsim.load_study("mine.yaml").id == "mine"
    assert f"id: {like}" not in made.text
    assert finsim.plan(made.path, scale=0.1).to_dict()["study"]["id"] == "mine"


def test_the_smallest_study_runs_as_written() -> None:
    finsim.new("mine.yaml", like="tiny")
    run = finsim.run("mine.yaml", output="run", progress=False)
    assert run.scenarios == ("base", "covid-2020")
    assert set(finsim.compare(run, run)["difference"].dropna()) == {0.0}


def test_a_study_by_its_kind_is_the_small_one_and_without_a_word_the_bundled_one() -> None:
    assert len(finsim.new("mine.yaml", kind="study").text.splitlines()) <= 40
    assert finsim.plan("mine.yaml").cost.cpu_seconds < 20
    assert "amlsim_transfers" in finsim.new("other.yaml").text
    assert "amlsim_transfers" in finsim.new("third.yaml", kind="study", like="quickstart").text
    with pytest.raises(finsim.FinsimError, match="a rule pack cannot be called 'My_rules'"):
        finsim.new("My_rules", kind="rules")


@pytest.mark.slow
@pytest.mark.parametrize("like", STUDIES)
def test_every_study_of_a_job_runs_as_written(like: str) -> None:
    finsim.new("mine.yaml", like=like)
    run = finsim.run("mine.yaml", output="run", progress=False)
    assert run.manifest["cost"]["cpu_seconds_total"] < 20  # promised on the page
    if like == "fraud":
        assert run.verdicts["train a detector"] == "pass"


@pytest.mark.parametrize("kind", [kind for kind in TEMPLATES if kind != "study"])
def test_a_template_has_at_most_forty_lines_and_its_number_says_what_it_is(kind: str) -> None:
    text = (shipped("scenarios/templates") / f"{kind}.yaml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert "assumption" in text or "source" in text


def test_a_narrative_is_simulated_as_the_next_line_says() -> None:
    made = finsim.new("my_tale", kind="narrative")
    assert made.path == Path("my_tale.yaml")
    world = finsim.simulate(
        accounts=400, days=15, narrative=made.path, schemes={"my_tale": 6}, progress=False
    )
    assert world.patterns["narrative"].to_pylist() == ["my_tale"] * 6
    assert "--schemes my_tale=50" in made.to_text()


@pytest.mark.slow
def test_a_scenario_holds_what_it_claims() -> None:
    made = finsim.new("my-slump.yaml", kind="scenario")
    study = finsim.study(credit={"data": "german_credit", "loans": 200, "months": 12, "draws": 5000})
    hit = finsim.stress(study, made.path, output="hit", progress=False)
    assert [outcome.met for outcome in hit.expectations] == [True]
    assert finsim.compare(hit, hit).index.get_level_values(0).unique().tolist() == ["my-slump", "base"]


def test_a_rule_pack_checks_the_table_it_is_written_for() -> None:
    made = finsim.new("my-rules.yaml", kind="rules")
    report = finsim.check(finsim.example_data("german_credit"), made.path, progress=False)
    assert report.all_passed


def test_a_file_that_exists_is_kept() -> None:
    Path("mine.yaml").write_text("mine")
    for kind in ("", *TEMPLATES):
        with pytest.raises(finsim.FinsimError, match="the file exists"):
            finsim.new("mine.yaml", kind=kind)
    assert Path("mine.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"what": "a.yaml", "kind": "narative"}, "did you mean 'narrative'"),
        ({"what": "a.yaml", "like": "frud"}, "did you mean 'fraud'"),
        ({"what": "My-Tale.yaml", "kind": "narrative"}, "my_story.yaml"),
        ({"what": "my_slump.yaml", "kind": "scenario"}, "my-scenario.yaml"),
        ({"what": "a.yaml", "output": "b.yaml"}, "finsim new schema DATA"),
        ({"what": "schema"}, "no table is named"),
        ({"what": "schema", "data": "t.csv", "kind": "lones"}, "did you mean 'loans'"),
    ],
)
def test_wrong_words_are_answered(call: dict[str, str], words: str) -> None:
    with pytest.raises(finsim.FinsimError) as caught:
        finsim.new(**call)
    assert words in str(caught.value)
    assert caught.value.problems[0].place
    assert not list(Path.cwd().iterdir())
