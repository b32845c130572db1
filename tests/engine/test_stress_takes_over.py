"""A stressed run takes over the evidence that no scenario changes, and only from the very run it stresses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from plain_page import PAGES

from finsim.engine import run_completion
from finsim.engine.carried_evidence import CARRIED, Carried, carried, carry
from finsim.engine.finished_run import Run
from finsim.engine.run import Work, run
from finsim.engine.stages import evidence_stage
from finsim.engine.stress import stress
from finsim.engine.study.study_file import study_of
from finsim.errors import ProvenanceError, ResumeError
from finsim.evaluation import METRICS
from finsim.evaluation.metric import SHARE
from finsim.provenance.verify import verify_run

STUDY: dict[str, Any] = {
    "id": "t",
    "market": {"data": "wiki_aapl_ibm_2000_2013", "generator": "bootstrap", "paths": 2, "sessions": 80},
    "credit": {"data": "german_credit", "loans": 200, "months": 3, "draws": 5_000},
    "scenarios": ["base", "covid-2020"],
    "evaluation": {"bootstrap": 50, "judge_refits": 0},
}


FEW = {"kolmogorov", "bar_copies", "margins", "row_copies", "model_values", "loss_tail"}


@pytest.fixture(autouse=True, scope="module")
def plain_page() -> Iterator[None]:
    """Let runs of these tests have a page of one line, and few metrics."""
    of_case, of_use = type(METRICS).of_case, type(METRICS).of_use
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_completion, "PAGES", PAGES)
        patch.setattr(type(METRICS), "of_case", lambda *asked: few(of_case(*asked)))
        patch.setattr(type(METRICS), "of_use", lambda *asked: few(of_use(*asked)))
        yield


def few(names: Iterable[str]) -> list[str]:
    return [name for name in names if name in FEW]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("judged") / "run"
    return run(study_of(STUDY), output=folder, work=Work(keep_checkpoints=True))


@pytest.fixture(scope="module")
def asked(judged: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[str]]:
    """The run under another scenario, and the pieces of evidence that were computed for it."""
    seen: list[str] = []
    compute = evidence_stage.piece_scores
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence_stage, "piece_scores", lambda *given: seen.append(given[2]) or compute(*given))
        hit = stress(judged, "gfc-2008", output=tmp_path_factory.mktemp("hit") / "hit")
    return hit, seen


def test_only_what_the_scenario_changed_is_judged(judged: Run, asked: tuple[Run, list[str]]) -> None:
    hit, seen = asked
    assert sorted(seen) == ["credit/scenarios", "market/bars/gfc-2008"]
    before = {(one.metric, one.subject): one for one in judged.scorecard.scores if one.table == "bars"}
    after = {(one.metric, one.subject): one for one in hit.scorecard.scores if one.table == "bars"}
    assert before.keys() == after.keys()
    assert all(after[key].value == before[key].value for key in before)
    assert all("judged on base of run" in one.note for one in after.values())
    tables = {one.table for one in hit.scorecard.scores if one.use == SHARE}
    assert tables == {"bars", "bars, gfc-2008", "model", "loans", "loans, gfc-2008"}
    told = hit.manifest["scores"]["evidence_of"]
    assert (told["label"], told["manifest_sha256"]) == ("base", judged.digest)
    assert verify_run(hit.path).ok


def test_the_very_loans_have_the_very_scores(asked: tuple[Run, list[str]]) -> None:
    hit, _ = asked
    mine = [one for one in hit.scorecard.scores if one.table == "loans, gfc-2008"]
    assert mine
    assert all(one.note.endswith("the same loans") for one in mine)


@pytest.mark.slow
def test_another_seed_takes_over_nothing(judged: Run, tmp_path: Path) -> None:
    study = study_of({**STUDY, "evaluation": False})
    bare = run(study, output=tmp_path / "bare")
    carry(bare, tmp_path)
    assert carried(tmp_path) is None
    other = stress(bare, "gfc-2008", seed=11, output=tmp_path / "other")
    assert not (other.path / CARRIED).exists()
    fits = [(one.path / ".finsim/done/fit.json").read_text() for one in (bare, other)]
    assert fits[0] != fits[1]  # fitted anew: the record of a reused fit has its very CPU seconds


def test_a_run_stressed_twice_keeps_what_was_judged_first(
    judged: Run, asked: tuple[Run, list[str]], tmp_path: Path
) -> None:
    carry(asked[0], tmp_path)
    again, first = carried(tmp_path), carried(asked[0].path)
    assert again == first
    assert again is not None
    assert again.run == str(judged.path)
    assert not {one.table for one in again.scores} & {"bars, covid-2020", "bars, gfc-2008"}


def test_a_changed_scorecard_and_a_damaged_note_are_refused(judged: Run, tmp_path: Path) -> None:
    card = judged.path / "scorecard.json"
    kept = card.read_bytes()
    try:
        card.write_bytes(kept.replace(b'"pass"', b'"warn"', 1))
        with pytest.raises(ProvenanceError, match="not the one that the manifest names"):
            carry(judged, tmp_path)
    finally:
        card.write_bytes(kept)
    carry(judged, tmp_path)
    note = tmp_path / CARRIED
    note.write_text(note.read_text().replace("base", "bass", 1))
    with pytest.raises(ResumeError, match="is damaged"):
        carried(tmp_path)


def test_bytes_decide_whether_a_table_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("1")
    known = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    one = Carried("r", "", "base", {"bars": known}, ())
    assert one.has_same(file, "bars")
    assert not one.has_same(file, "loans")
    assert not replace(one, tables={"bars": known[::-1]}).has_same(file, "bars")


def test_a_finished_run_keeps_no_checkpoints_unless_told(judged: Run, asked: tuple[Run, list[str]]) -> None:
    assert (judged.path / ".finsim/features").is_dir()
    assert sorted(path.name for path in (asked[0].path / ".finsim").iterdir()) == [
        "carried_evidence.json", "compared_with.json", "done", "plan.json", "scores",
    ]  # fmt: skip
    record = json.loads((asked[0].path / ".finsim/done/sample--00000.json").read_text())
    assert record["cpu_seconds"] > 0
