"""``stress``: one scenario at any severity, or the question turned round, on a study or a finished run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from finsim.engine.answers.comparison import BASE
from finsim.engine.carried_evidence import carry
from finsim.engine.compared_with import compared_with, note
from finsim.engine.finished_run import Run
from finsim.engine.finished_tasks import load_done, save_done
from finsim.engine.learned_payments.places_in_run import MODEL
from finsim.engine.reverse.breaches import Breaches
from finsim.engine.reverse.question import POINTS, read_question
from finsim.engine.reverse.reverse_stress import reverse_stress
from finsim.engine.run import Work, run_resolved
from finsim.engine.study.study_file import ScenarioChoice, Study, load_study, recorded_study


@dataclass(frozen=True)
class Sizes:
    """How big and how wide: the factor on all sizes, and the number of local processes."""

    scale: float = 1.0
    workers: int = 1


def _silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def stress(
    subject: str | Study | Run,
    scenario: str,
    *,
    severity: float | None = None,
    output: str | Path | None = None,
    seed: int | None = None,
    sizes: Sizes = Sizes(),
    progress: Callable[[str, int, int], None] = _silent,
) -> Run:
    """Apply one scenario to all worlds of a study, or of a finished run (its model is used again).

    A run stressed again holds the scenario alone and notes the figures of the scenario that it is set
    against (``base``, or the run's first); a study runs ``base`` beside the scenario. Severity 0 gives the
    bytes of ``base``.
    """
    run, study = _subject(subject)
    choice = ScenarioChoice.of(scenario, severity)
    scaled = study.with_seed(seed).scaled(sizes.scale)
    both = [choice] if run is not None or choice.name == BASE else [choice, ScenarioChoice(name=BASE)]
    wanted = scaled.with_scenarios(*both)
    folder = Path(output) if output else Path("runs") / f"{wanted.id}-{choice.label}"
    same = run is not None and seed is None and sizes.scale == 1.0
    before = None if run is None else compared_with(run)

    def prepare(path: Path) -> None:
        if before is not None:
            note(path, before)
        if run is not None and same:
            _reuse(run.path, path)
            carry(run, path)

    return run_resolved(wanted, folder, Work(sizes.workers), progress, prepare=prepare)


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


def _reuse(body: Path, folder: Path) -> None:
    """Copy fitted models and their records into a new run: equal study and seed give an equal fit."""
    for task, model in (("fit", "model"), ("learn", MODEL)):
        done = load_done(body, task)
        if done is not None:
            shutil.copytree(body / model, folder / model)
            save_done(folder, done)
