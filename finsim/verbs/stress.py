"""``stress``: one scenario, at any severity, or the question turned round, on a study or a finished run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, overload

from finsim.call_errors import public
from finsim.engine import stress as engine
from finsim.engine.finished_run import Run
from finsim.engine.reverse.breaches import Breaches
from finsim.engine.run import Work
from finsim.engine.study.study_file import Study
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.calling.local_places import remote_url
from finsim.verbs.calling.progress import Progress, reporting, say
from finsim.verbs.handover.open_run import opened

__all__ = ["stress"]

Subject = str | Path | Study | Run


@overload
def stress(
    subject: Subject, scenario: str | Path, *, output: str | Path | None = ..., severity: float | None = ...,
    seed: int | None = ..., workers: int = ..., cluster: str | None = ..., scale: float = ...,
    progress: Progress = ...,
) -> Run: ...  # fmt: skip
@overload
def stress(
    subject: Subject, scenario: None = None, *, reverse: str, points: int | None = ...,
    output: str | Path | None = ..., seed: int | None = ..., scale: float = ..., progress: Progress = ...,
) -> Breaches: ...  # fmt: skip
@public
def stress(
    subject: Subject,
    scenario: str | Path | None = None,
    *,
    reverse: str | None = None,
    points: int | None = None,
    output: str | Path | None = None,
    severity: float | None = None,
    seed: int | None = None,
    workers: int = 1,
    cluster: str | None = None,
    scale: float = 1.0,
    progress: Progress = True,
) -> Run | Breaches:
    """Apply one scenario to markets, payments and credit together, or ask which would break a limit.

    Args:
        subject: a finished Run, its folder or its URL in an object store (its fitted model is used again), or
            a study as in ``run``.
        scenario: scenario file or shipped name; ``gfc-2008@0.5`` is ``gfc-2008`` at severity 0.5.
        reverse: instead of a scenario, ``"METRIC >= VALUE"``, a share such as 0.06 or 6%: the most plausible
            scenarios that take the metric there. Metrics: ``credit.loss_rate`` (over the panel's months, in
            the world of the study's seed), ``credit.expected_loss`` (of twelve months),
            ``equity.max_drawdown`` (of the index within four quarters), ``fraud.loss_rate`` (of posted
            payments, by amount) and ``liquidity.shortfall_rate`` (payments that the payer could not cover).
        points: with ``reverse``, how many distinct scenarios; 3 when left out.
        output: folder to create; ``runs/<study id>-<scenario>``, or ``-reverse``, when left out. With a
            scenario also a URL of an object store, as in ``run``.
        severity: 0 is the identity, 1 (when left out) is as written, up to 3.
        seed: root seed, instead of the study's.
        workers: local processes; the result does not depend on them.
        cluster: address of a Dask scheduler, or ``local:4``, instead of workers, as in ``run``.
        scale: factor on sizes, as in ``run``.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        The new Run. It holds the scenario, and ``base`` beside it where a study was given; of a finished
        run the figures of the scenario that it is compared with are noted. ``expectations`` are the claims
        of the scenario's file, each met, not met or not judged; ``finsim.compare`` gives all figures.
        With ``reverse`` Breaches: ``to_pandas`` has the points with distance and probability, ``estimate``
        the probability of any breach with its interval, and the folder holds each as a scenario file.

    Raises:
        StudyError: for wrong arguments and studies, all at once. ScenarioError: for a wrong scenario, and a
            limit that is broken already or out of reach; both before anything is written.

    Example:
        >>> import finsim
        >>> run = finsim.open_run("runs/mine")
        >>> hit = finsim.stress(run, "gfc-2008", severity=0.5, output="runs/hit", progress=False)
        >>> bool(finsim.compare(run, hit)["difference"].iloc[1] > 0)  # expected loss
        True

    """
    forward = {"scenario": scenario, "severity": severity, "workers": workers, "cluster": cluster}
    _check(subject, reverse, forward, {"seed": seed, "scale": scale, "points": points}, output, progress)
    known = _known(subject)
    with reporting(progress) as step:
        if reverse is not None:
            return engine.reverse(
                known, reverse, points, output=output, seed=seed, scale=scale, progress=step
            )
        return engine.stress(
            known,
            str(scenario),
            severity=severity,
            output=output,
            seed=seed,
            scale=scale,
            work=Work(workers, cluster, say=say if progress is True else lambda text: None),
            progress=step,
        )


def _check(
    subject: object, reverse: object, forward: Mapping[str, Any], numbers: Mapping[str, Any], output: Any,
    progress: Progress,
) -> None:  # fmt: skip
    """Raise StudyError for every wrong argument; ``forward`` mean nothing beside ``reverse``."""
    scenario, workers, cluster = forward["scenario"], forward["workers"], forward["cluster"]
    wrong = Arguments("stress").kinds(
        "subject", subject, (str, Path, Study, Run), "a study or a finished run", "write 'runs/mine'"
    )
    many = None if workers == 1 else workers
    if reverse is None:
        wrong.kinds("scenario", scenario, (str, Path), "a scenario by name or file", "write 'covid-2020'")
    else:
        _beside(wrong, reverse, {**forward, "workers": many})
    wrong.needed("reverse", reverse, {"points": numbers["points"]})
    wrong.numbers(
        {"severity": forward["severity"], "workers": workers, **numbers}, "seed", "severity", "points"
    )
    if reverse is None:
        wrong.workers_or_cluster(workers, cluster)
    wrong.files({"output": output}, remote=reverse is None).progress(progress).settle()


def _known(subject: Subject) -> str | Study | Run:
    if isinstance(subject, Study | Run):
        return subject
    return opened(subject, "stress: subject") if remote_url(subject) else str(subject)


def _beside(wrong: Arguments, reverse: object, others: Mapping[str, object]) -> None:
    """Check a question in reverse, and that nothing is given that means nothing beside it."""
    example = "write reverse='credit.loss_rate >= 0.06'"
    wrong.kinds("reverse", reverse, (str,), "METRIC >= VALUE as text", example)
    for name, value in others.items():
        wrong.one_of({name: value, "reverse": reverse})
