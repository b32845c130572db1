"""``stress``: one scenario, at any severity, on a study or on a finished run."""

from __future__ import annotations

from pathlib import Path

from finsim.engine import stress as engine
from finsim.engine.finished_run import Run
from finsim.engine.study.study_file import Study
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.calling.progress import Progress, reporting

__all__ = ["stress"]


def stress(
    subject: str | Path | Study | Run,
    scenario: str | Path,
    *,
    output: str | Path | None = None,
    severity: float | None = None,
    seed: int | None = None,
    workers: int = 1,
    scale: float = 1.0,
    progress: Progress = True,
) -> Run:
    """Apply one scenario to markets, payments and credit together.

    Args:
        subject: a finished Run or its folder (its fitted model is used again), or a study as in ``run``.
        scenario: scenario file or shipped name; ``gfc-2008@0.5`` is ``gfc-2008`` at severity 0.5.
        output: folder to create; ``runs/<study id>-<scenario>`` when left out.
        severity: 0 is the identity, 1 (when left out) is as written, up to 3.
        seed: root seed, instead of the study's.
        workers: local processes; the result does not depend on them.
        scale: factor on sizes, as in ``run``.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        The new Run. It holds the scenario, and ``base`` beside it where a study was given; of a finished
        run the figures of the scenario that it is compared with are noted. ``expectations`` are the claims
        of the scenario's file, each met, not met or not judged; ``finsim.compare`` gives all figures.

    Raises:
        StudyError: for wrong arguments and studies, all at once. ScenarioError: for a wrong scenario; both
            before anything is written.

    Example:
        >>> import finsim
        >>> run = finsim.open_run("runs/mine")
        >>> hit = finsim.stress(run, "gfc-2008", severity=0.5, output="runs/hit", progress=False)
        >>> bool(finsim.compare(run, hit)["difference"].iloc[1] > 0)  # expected loss
        True

    """
    wrong = Arguments("stress").kinds(
        "subject", subject, (str, Path, Study, Run), "a study or a finished run", "write 'runs/mine'"
    )
    wrong.kinds("scenario", scenario, (str, Path), "a scenario by name or file", "write 'covid-2020'")
    wrong.numbers(
        {"severity": severity, "seed": seed, "workers": workers, "scale": scale}, "seed", "severity"
    )
    wrong.files({"output": output}).progress(progress).settle()
    with reporting(progress) as step:
        return engine.stress(
            subject if isinstance(subject, Study | Run) else str(subject),
            str(scenario),
            severity=severity,
            output=output,
            seed=seed,
            sizes=engine.Sizes(scale, workers),
            progress=step,
        )
