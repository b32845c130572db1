"""A run that dies before any of its file operations is finished by a resume, to the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from crash_points import KILLED, WORKER_AT, apart, began, killed_at, perform_or_die
from plain_page import PAGES

from finsim.engine import run as running
from finsim.engine import run_completion
from finsim.engine.study.study_file import Study, study_of
from finsim.evaluation import METRICS
from finsim.provenance.verify import verify_run

STUDY = {
    "id": "c",
    "market": {
        "data": "wiki_aapl_ibm_2000_2013", "generator": "bootstrap", "paths": 2, "sessions": 64,
        "shard_paths": 1,
    },
    "transactions": {"accounts": 200, "banks": 2, "days": 10, "shard_accounts": 100, "narratives": []},
    "credit": {"data": "german_credit", "loans": 60, "months": 2, "draws": 5_000},
    "scenarios": ["base"],
    "evaluation": {"bootstrap": 50, "judge_refits": 0},
}  # fmt: skip
FEW = {"bar_copies", "row_copies", "model_values"}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few metrics, a page of one line, workers that may be told to die."""
    of_case, of_use = type(METRICS).of_case, type(METRICS).of_use

    def some(of: Callable[..., Iterable[str]]) -> Callable[..., list[str]]:
        return lambda *asked: [name for name in of(*asked) if name in FEW]

    monkeypatch.setattr(type(METRICS), "of_case", some(of_case))
    monkeypatch.setattr(type(METRICS), "of_use", some(of_use))
    monkeypatch.setattr(run_completion, "PAGES", PAGES)
    monkeypatch.setattr(running, "perform", perform_or_die)


def bytes_of(run: Path) -> dict[str, bytes]:
    found = (path for path in run.rglob("*") if path.suffix in (".parquet", ".safetensors"))
    tables = {path.relative_to(run).as_posix(): path.read_bytes() for path in found}
    return {**tables, "scorecard.json": (run / "scorecard.json").read_bytes()}


def finish(run: Path, study: Study, work: running.Work) -> None:
    if began(run):
        running.resume(run, work=work)
    else:
        running.run(study, output=run, work=work)


def check(run: Path, whole: dict[str, bytes], what: str) -> None:
    assert bytes_of(run) == whole, what
    assert verify_run(run).ok, what
    left = [path.name for path in run.rglob("*") if path.name.endswith((".part", ".old", "lock"))]
    assert not left, what


def count_of(folder: Path, study: Study, work: running.Work) -> int:
    """Return the number of file operations of a whole run."""
    told = folder / "count"

    def act() -> None:
        count = killed_at(0)
        running.run(study, output=folder / "run", work=work)
        number = count[0]
        told.write_text(json.dumps(number))

    assert apart(act) == 0
    return int(json.loads(told.read_text()))


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "step"), [(1, 1), (2, 6)])
def test_a_run_killed_at_any_file_operation_resumes_to_the_same_bytes(
    few: None, tmp_path: Path, workers: int, step: int
) -> None:
    study = study_of(STUDY if workers == 1 else {**STUDY, "evaluation": False})
    work = running.Work(workers)
    running.run(study, output=tmp_path / "whole/run")  # in this process, so that forks know compiled code
    whole = bytes_of(tmp_path / "whole/run")
    (tmp_path / "counted").mkdir()
    operations = count_of(tmp_path / "counted", study, work)
    check(tmp_path / "counted/run", whole, "undisturbed")
    assert operations > 60
    for number in range(1, operations + 1, step):
        run = tmp_path / str(number) / "run"
        run.parent.mkdir()

        def dying(run: Path = run, number: int = number) -> None:
            killed_at(number)
            running.run(study, output=run, work=work)

        assert apart(dying) == KILLED, number
        assert apart(lambda run=run: finish(run, study, work)) == 0, number  # type: ignore[misc]
        check(run, whole, f"{workers} workers, killed before operation {number} of {operations}")


@pytest.mark.slow
def test_a_worker_that_dies_at_a_file_operation_is_made_up_for(
    few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, work = study_of({**STUDY, "evaluation": False}), running.Work(2)
    running.run(study, output=tmp_path / "whole/run")
    whole = bytes_of(tmp_path / "whole/run")
    for number in (1, 4, 9, 14, 20):
        run = tmp_path / str(number) / "run"
        run.parent.mkdir()
        monkeypatch.setenv(WORKER_AT, str(number))
        ended = apart(lambda run=run: running.run(study, output=run, work=work))  # type: ignore[misc]
        assert ended == 1, number  # "a worker process died"
        monkeypatch.setenv(WORKER_AT, "0")
        assert apart(lambda run=run: finish(run, study, work)) == 0, number  # type: ignore[misc]
        check(run, whole, f"worker killed before its operation {number}")
