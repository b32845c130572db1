"""A study finds the narratives, scenarios and rule packs that lie beside it, from any working folder."""

from pathlib import Path

import pytest
from made_ledgers import ACCOUNTS_ONLY as NARRATIVE

from finsim.engine.study.study_file import load_study
from finsim.errors import FinsimError

SLUMP = """\
finsim: scenario/1
id: slump
title: Slump
kind: hypothetical
extends: base
horizon: {length: 4, step: quarter}
macro:
  unemployment: {unit: pp, as: delta, path: [1.0, 2.0, 2.0, 1.0]}
probability: {weight: 0.1, basis: judgement}
"""
STUDY = """\
finsim: study/1
id: mine
transactions: {accounts: 500, days: 5, narratives: [{name: mule_ring.yaml, count: 1}, account_takeover]}
scenarios: [base, "parts/slump.yaml@0.5"]
"""


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "studies"
    (folder / "parts").mkdir(parents=True)
    (folder / "mule_ring.yaml").write_text(NARRATIVE)
    (folder / "parts" / "slump.yaml").write_text(SLUMP)
    (folder / "mine.yaml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    return folder


def test_files_are_found_beside_the_study(away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = load_study("studies/mine.yaml")
    assert study.transactions is not None
    assert [one.name for one in study.transactions.narratives] == [
        "studies/mule_ring.yaml",
        "account_takeover",
    ]
    assert [choice.label for choice in study.scenarios] == ["base", "slump@0.5"]
    monkeypatch.chdir(away)
    here = load_study("mine.yaml")
    assert here.transactions is not None
    assert here.transactions.narratives[0].name == "mule_ring.yaml"


def test_a_file_of_the_working_folder_is_still_found(away: Path) -> None:
    (away / "mule_ring.yaml").rename(away.parent / "mule_ring.yaml")
    study = load_study("studies/mine.yaml")
    assert study.transactions is not None
    assert study.transactions.narratives[0].name == "mule_ring.yaml"


@pytest.mark.parametrize(
    ("old", "new", "place", "remedy"),
    [
        ("mule_ring.yaml", "mule_rinng.yaml", ":3:54", "did you mean 'mule_ring.yaml'?"),
        ("parts/slump.yaml", "slump.yaml", ":4:19", "check the path"),
        ("days: 5", "days: 5, rules: own.yaml", ":3:40", "check the path"),
    ],
)
def test_a_missing_file_is_told_with_all_paths_that_were_tried(
    away: Path, old: str, new: str, place: str, remedy: str
) -> None:
    (away / "mine.yaml").write_text(STUDY.replace(old, new))
    with pytest.raises(FinsimError) as caught:
        load_study("studies/mine.yaml")
    (problem,) = caught.value.problems
    name = new.split(" ")[-1]
    assert str(away / name) in problem.found
    assert str(away.parent / name) in problem.found
    assert (problem.place, problem.remedy) == (f"studies/mine.yaml{place}", remedy)


def test_a_problem_inside_a_file_beside_the_study_is_told_at_its_place(away: Path) -> None:
    (away / "mule_ring.yaml").write_text(NARRATIVE.replace("share: 1.0", "share: 1.5"))
    (away / "mine.yaml").write_text(STUDY.replace("days: 5", "days: five"))
    with pytest.raises(FinsimError, match=r"studies/mule_ring.yaml:\d+:\d+.*share"):
        load_study("studies/mine.yaml")
