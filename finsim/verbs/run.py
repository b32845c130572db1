"""``run``: a whole study, from real data to an audited world."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finsim.call_errors import public
from finsim.engine import run as engine
from finsim.engine.finished_run import Run
from finsim.engine.study.study_file import Study, study_of
from finsim.errors import StudyError
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.calling.local_places import remote_url
from finsim.verbs.calling.progress import Progress, reporting, say

__all__ = ["run"]


@public
def run(
    study: str | Path | Study | Mapping[str, Any] | None = None,
    *,
    output: str | Path | None = None,
    seed: int | None = None,
    workers: int = 1,
    cluster: str | None = None,
    keep_checkpoints: bool = False,
    scale: float = 1.0,
    resume: str | Path | None = None,
    accept_versions: bool = False,
    progress: Progress = True,
) -> Run:
    """Run a study into a new folder: learn, simulate, stress, check, judge, report.

    Args:
        study: shipped name, path of a study file, a Study (``finsim.study``), or a mapping with the keys of a
            study file.
        output: folder to create; ``runs/<study id>-<seed>`` when left out. A URL of an object store
            (``s3://bucket/run``, ``gs://``, ``memory://``; the extra ``remote``) holds the run as it grows.
        seed: root seed, instead of the study's; the same seed gives the same bytes.
        workers: local processes; the result does not depend on them.
        cluster: address of a Dask scheduler (``tcp://HOST:PORT``), or ``local:4`` for four workers of this
            machine that end with the run; instead of workers.
        keep_checkpoints: keep what only an unfinished run reads; removed after success when left out.
        scale: factor on paths, accounts, loans and loss draws; below 1 on training steps too.
        resume: folder or URL of a stopped run to continue, instead of a study.
        accept_versions: resume a run that other versions of finsim or its libraries began; its tables may
            then be of two kinds, and its log says so.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        The finished Run.

    Raises:
        StudyError: for wrong arguments, a wrong study, an output folder in use; any FinsimError of the
            files named, before anything is written. ResumeError: for a folder that cannot be continued.

    Example:
        >>> import finsim
        >>> study = finsim.study(credit={"data": "german_credit", "loans": 200, "months": 12, "draws": 5000})
        >>> run = finsim.run(study, output="runs/new", progress=False)
        >>> len(run.portfolio.loans)
        200

    """
    wrong = Arguments("run").kinds(
        "study", study, (str, Path, Study, Mapping, type(None)), "a study: a name, file, a Study, a mapping",
        "write 'quickstart'",
    )  # fmt: skip
    wrong.numbers({"seed": seed, "workers": workers, "scale": scale}, "seed")
    wrong.kinds("keep_checkpoints", keep_checkpoints, (bool,), "True or False", "write keep_checkpoints=True")
    wrong.workers_or_cluster(workers, cluster)
    wrong.kinds("accept_versions", accept_versions, (bool,), "True or False", "write accept_versions=True")
    wrong.needed("resume", resume, {"accept_versions": accept_versions or None})
    wrong.files({"output": output, "resume": resume}, remote=True).progress(progress).settle()
    if (study is None) == (resume is None):
        raise StudyError(
            "neither a study nor resume" if study is None else "a study and resume",
            place="run: study",
            expected="one of them",
            remedy="write study='quickstart', or resume='runs/mine'",
        )
    work = engine.Work(workers, cluster, keep_checkpoints, say if progress is True else lambda text: None)
    with reporting(progress) as step:
        if remote_url(resume) or remote_url(output):
            from finsim.engine.remote.remote_runs import resume_remote, run_remote

            if resume is not None:
                return resume_remote(remote_url(resume), work, accept_versions, step)
            assert study is not None
            return run_remote(engine.wanted(_named(study), seed, scale), remote_url(output), work, step)
        if resume is not None:
            return engine.resume(resume, work=work, accept_versions=accept_versions, progress=step)
        assert study is not None
        return engine.run(_named(study), seed=seed, scale=scale, output=output, work=work, progress=step)


def _named(study: str | Path | Study | Mapping[str, Any]) -> str | Study:
    if isinstance(study, Mapping):
        return study_of(dict(study), Path.cwd())
    return study if isinstance(study, Study) else str(study)
