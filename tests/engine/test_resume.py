"""A run whose files changed cannot go on, and says which file it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from finsim import documents
from finsim.engine.finished_tasks import read_plan, write_plan
from finsim.engine.study.study_file import Study
from finsim.engine.study.study_resolution import plan_of, resolve
from finsim.errors import ResumeError

CHILD = """\
finsim: scenario/1
id: child
title: Child
kind: hypothetical
extends: parent
horizon: {length: 4, step: quarter}
"""

PARENT = """\
finsim: scenario/1
id: parent
title: Parent
kind: hypothetical
extends: base
horizon: {length: 4, step: quarter}
macro:
  unemployment: {unit: pp, as: delta, path: [1.0, 2.0, 2.0, 1.0]}
"""


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A started run on files of its own; the folder it works in is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "child.yaml").write_text(CHILD)
    (tmp_path / "parent.yaml").write_text(PARENT)
    for folder, name in (("scenarios/narratives", "account_takeover"), ("constraints", "retail-tx")):
        shutil.copy(documents.shipped(folder) / f"{name}.yaml", tmp_path)
    shutil.copy(documents.shipped("data") / "german_credit.csv.gz", tmp_path)
    study = Study.model_validate(
        {
            "finsim": "study/1",
            "id": "s",
            "transactions": {"rules": "retail-tx.yaml", "narratives": ["account_takeover.yaml"]},
            "credit": {"data": "german_credit.csv.gz"},
            "scenarios": ["base", "child.yaml"],
        }
    )
    write_plan(tmp_path / "run", resolve(study).record())
    plan_of(read_plan(tmp_path / "run"))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("parent.yaml", "2.0, 2.0", "3.0, 2.0"),
        ("child.yaml", "horizon", "severity: 0.5\nhorizon"),
        ("retail-tx.yaml", "version: ", "version: 9"),
        ("account_takeover.yaml", "title: ", "title: A "),
    ],
)
def test_the_changed_file_is_named(started: Path, name: str, old: str, new: str) -> None:
    text = (started / name).read_text()
    assert old in text
    (started / name).write_text(text.replace(old, new, 1))
    with pytest.raises(ResumeError) as caught:
        plan_of(read_plan(started / "run"))
    assert [problem.place for problem in caught.value.problems] == [name]
    assert "changed since the run started" in str(caught.value)


def test_changed_data_are_named(started: Path) -> None:
    shutil.copy(documents.shipped("data") / "dfast_2025.csv.gz", started / "german_credit.csv.gz")
    with pytest.raises(ResumeError) as caught:
        plan_of(read_plan(started / "run"))
    assert [problem.place for problem in caught.value.problems] == ["german_credit.csv.gz"]
