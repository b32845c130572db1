"""``stress``: one scenario at any severity, or the question turned round, on a study or a finished run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from finsim.engine.answers.comparison import BASE
from finsim.engine.carried_evidence import carry
from finsim.engine.compared_with import compared_with, note
from finsim.engine.finished_run import Run
from finsim.engine.finished_tasks import load_done, save_done
from finsim.engine.graph.task_graph import graph_of
from finsim.engine.learned_payments.places_in_run import MODEL
from finsim.engine.remote.remote_runs import new_remote
from finsim.engine.reverse.breaches import Breaches
from finsim.engine.reverse.question import POINTS, read_question
from finsim.engine.reverse.reverse_stress import reverse_stress
from finsim.engine.run import Work, run_resolved
from finsim.engine.study.study_file import ScenarioChoice, Study, load_study, recorded_study
from finsim.engine.study.study_resolution import Plan
from finsim.engine.tasks import Task
from finsim.records.stores.urls import remote_url

_ALONE = Work()
UNMOVED = ("fit", "learn", "sample", "life", "orders")
"""Stages whose tasks write the same bytes under every scenario of a study; orders are named by behaviour."""


def _silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def stress(
    subject: str | Study | Run,
    scenario: str,
    *,
    severity: float | None = None,
    output: str | Path | None = None,
    seed: int | None = None,
    scale: float = 1.0,
    work: Work = _ALONE,
    progress: Callable[[str, int, int], None] = _silent,
) -> Run:
    """Apply one scenario to all worlds of a study, or of a finished run (its model is used again).

    A run stressed again holds the scenario alone and notes the figures of the scenario that it is set
    against (``base``, or the run's first); a study runs ``base`` beside the scenario. Severity 0 gives the
    bytes of ``base``. An output behind a URL holds the run as it grows, as in ``run``.
    """
    run, study = _subject(subject)
    choice = ScenarioChoice.of(scenario, severity)
    scaled = study.with_seed(seed).scaled(scale)
    both = [choice] if run is not None or choice.name == BASE else [choice, ScenarioChoice(name=BASE)]
    wanted = scaled.with_scenarios(*both)
    same = run is not None and seed is None and scale == 1.0
    before = None if run is None else compared_with(run)

    def prepare(path: Path, plan: Plan) -> None:
        if before is not None:
            note(path, before)
        if run is not None and same:
            _reuse(run.path, path, plan)
            carry(run, path)

    if url := remote_url(output):
        with new_remote(url) as copy:
            run_resolved(wanted, copy.folder, replace(work, copy=copy), progress, prepare=prepare)
        return Run(copy.folder, url=url)
    folder = Path(output) if output else Path("runs") / f"{wanted.id}-{choice.label}"
    return run_resolved(wanted, folder, work, progress, prepare=prepare)


def reverse(
    subject: str | Study | Run,
    question: str,
    points: int | None = None,
    *,
    output: str | Path | None = None,
    seed: int | None = None,
    scale: float = 1.0,
    progress: Callable[[str, int, int], None] = _silent,
) -> Breaches:
    """Find the most plausible scenarios that take a metric of a study, or of a run's study, to a limit."""
    asked = read_question(question)
    _, study = _subject(subject)
    wanted = study.with_seed(seed).scaled(scale)
    folder = Path(output) if output else Path("runs") / f"{wanted.id}-reverse"
    named = str(subject) if isinstance(subject, str) else wanted.id
    return reverse_stress(wanted, asked, points or POINTS, folder, progress, named)


def _subject(subject: str | Study | Run) -> tuple[Run | None, Study]:
    if isinstance(subject, Study):
        return None, subject
    if isinstance(subject, Run):
        place = str(subject.path / "manifest.json")
        return subject, recorded_study(subject.manifest["study"]["resolved"], place)
    if (Path(subject) / "manifest.json").is_file() or (Path(subject) / ".finsim").is_dir():
        return _subject(Run(Path(subject)))
    return None, load_study(subject)


def _reuse(old: Path, folder: Path, plan: Plan) -> None:
    """Copy what no scenario moves, with its records, into a new run: equal study and seed give equal bytes.

    Fitted models always; paths, lives and orders where the old run kept its checkpoints.
    """
    for task in graph_of(folder, plan):
        done = load_done(old, task.key) if task.stage in UNMOVED else None
        if done is None:
            continue
        for name in [*done.outputs, *_beside(old, task)]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(old / name, folder / name)
        save_done(folder, done)


def _beside(old: Path, task: Task) -> list[str]:
    """Return the files of a model's folder: what the clock said of a fit is no output of it."""
    folder = {"fit": "model", "learn": MODEL}.get(task.stage)
    return [] if folder is None else [f"{folder}/{path.name}" for path in sorted((old / folder).iterdir())]
