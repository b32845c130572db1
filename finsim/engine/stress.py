"""``stress``: one scenario at any severity, on a study or on a finished run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from finsim.engine.finished_run import Run
from finsim.engine.finished_tasks import load_done, save_done
from finsim.engine.run import run_resolved
from finsim.engine.study.study_file import ScenarioChoice, Study, load_study, recorded_study
from finsim.scenarios.expectations import Outcome, check_expectations
from finsim.scenarios.scenario import load as load_scenario
from finsim.scenarios.severity_and_overlays import scaled


@dataclass(frozen=True)
class Sizes:
    """How big and how wide: the factor on all sizes, and the number of local processes."""

    scale: float = 1.0
    workers: int = 1


def _silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def stress(
    subject: str | Run,
    scenario: str,
    *,
    severity: float = 1.0,
    output: str | Path | None = None,
    seed: int | None = None,
    sizes: Sizes = Sizes(),
    progress: Callable[[str, int, int], None] = _silent,
) -> tuple[Run, tuple[Outcome, ...]]:
    """Apply one scenario to all worlds of a study, or of a finished run (its model is used again).

    Returns the new run, which holds this scenario alone, and the outcomes of the scenario's own
    expectations. Severity 0 gives the bytes of ``base``.
    """
    body, study = _subject(subject)
    choice = ScenarioChoice(name=scenario, severity=severity)
    wanted = study.with_seed(seed).scaled(sizes.scale).with_scenarios(choice)
    folder = Path(output) if output else Path("runs") / f"{wanted.id}-{choice.label}"
    same = body is not None and seed is None and sizes.scale == 1.0
    source = body if same else None
    done = run_resolved(wanted, folder, sizes.workers, progress, prepare=lambda path: _reuse(source, path))
    as_run = scaled(load_scenario(scenario), severity)
    measured = done.manifest["scores"]["measures"].get(choice.label, {})
    return done, check_expectations(as_run, measured)


def _subject(subject: str | Run) -> tuple[Path | None, Study]:
    if isinstance(subject, Run):
        return subject.path, recorded_study(
            subject.manifest["study"]["resolved"], str(subject.path / "manifest.json")
        )
    if (Path(subject) / "manifest.json").is_file():
        return _subject(Run(Path(subject)))
    return None, load_study(subject)


def _reuse(body: Path | None, folder: Path) -> None:
    """Copy a fitted model and its record into a new run: equal study and seed give an equal fit."""
    done = load_done(body, "fit") if body is not None else None
    if body is None or done is None:
        return
    shutil.copytree(body / "model", folder / "model")
    save_done(folder, done)
