"""``run`` and ``resume``: the order of work of a study, in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from finsim.engine.executors import executor, refuse_cluster
from finsim.engine.finished_run import Run
from finsim.engine.finished_tasks import read_plan, refuse_other_versions, write_plan
from finsim.engine.graph.longest_chain import longest_first
from finsim.engine.graph.task_costs import usual_costs
from finsim.engine.graph.task_graph import graph_of
from finsim.engine.graph.unfinished import Unfinished, standing, unfinished
from finsim.engine.kept_copy import Copy, NoCopy
from finsim.engine.planning.refusals import not_empty, refuse_before_work, refuse_output
from finsim.engine.run_completion import close_run
from finsim.engine.run_folder.owner_lock import owning
from finsim.engine.run_folder.stopping import noting_stops
from finsim.engine.run_folder.unstarted import clear, is_free, refuse_links
from finsim.engine.study.study_file import Study, load_study
from finsim.engine.study.study_resolution import Plan, plan_of, resolve
from finsim.engine.task_progress import SHARES
from finsim.engine.tasks import Task, perform, take_plan
from finsim.errors import STOPS, ProvenanceError, StudyError
from finsim.provenance.audit_log import AuditLog
from finsim.provenance.environment import numeric_versions
from finsim.provenance.manifest import read_manifest
from finsim.provenance.outputs import LOCK, remove_leftovers
from finsim.provenance.seal import ATTESTATION, RESUMED, is_sealed

WORDS = {
    "fit": "fitting the model",
    "sample": "sampling paths",
    "bars": "writing prices",
    "learn": "learning payments",
    "life": "sampling payments",
    "orders": "ordinary payments",
    "transactions": "posting payments",
    "credit": "loans and losses",
    "twin": "judging",
    "evidence": "judging",
}
"""Stage of a task -> what progress says of it."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Work:
    """Who does the work of a run, and what stays of it.

    ``workers`` local processes, or the workers of a ``cluster`` (``tcp://HOST:PORT`` or ``local:N``);
    ``keep_checkpoints`` leaves what only unfinished tasks read; ``say`` is told where a cluster shows
    its work; ``copy`` is kept in step with the folder.
    """

    workers: int = 1
    cluster: str | None = None
    keep_checkpoints: bool = False
    say: Callable[[str], None] = lambda text: None
    copy: Copy = field(default_factory=NoCopy)


def _silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def run(
    study: str | Study,
    *,
    seed: int | None = None,
    scale: float = 1.0,
    output: str | Path | None = None,
    work: Work = Work(),
    progress: Progress = _silent,
) -> Run:
    """Run a study into a new folder and return the finished run.

    ``study`` is a shipped name, a path or a Study; ``output`` defaults to ``runs/<study id>-<seed>``.
    Raises StudyError when the folder is in use, and any FinsimError of the files named, before
    anything is written.
    """
    told = wanted(study, seed, scale)
    folder = Path(output) if output else Path("runs") / f"{told.id}-{told.seed}"
    return run_resolved(told, folder, work, progress)


def wanted(study: str | Study, seed: int | None, scale: float) -> Study:
    """Return a study, given or by its name or path, with another seed and scaled."""
    loaded = load_study(study) if isinstance(study, str) else study
    return loaded.with_seed(seed).scaled(scale)


def run_resolved(
    study: Study,
    folder: Path,
    work: Work = Work(),
    progress: Progress = _silent,
    prepare: Callable[[Path, Plan], None] = lambda folder, plan: None,
) -> Run:
    """Run a study as it is into a new folder; ``prepare`` may put finished tasks there first."""
    refuse_output(folder, work.workers)
    refuse_cluster(work.cluster)
    plan = resolve(study)
    refuse_before_work(plan)
    with owning(folder):
        if not is_free(folder):  # another run was faster
            raise StudyError.of([not_empty(folder)])
        clear(folder, keep=LOCK)
        prepare(folder, plan)
        write_plan(folder, plan.record())
        take_plan(folder, plan)
        return _work(folder, plan, work, progress)


def resume(
    folder: str | Path,
    *,
    work: Work = Work(),
    accept_versions: bool = False,
    progress: Progress = _silent,
) -> Run:
    """Continue a stopped run; finished tasks are kept, the result is that of an undisturbed run.

    A task whose record or output was lost or damaged is done again, and the log names the file.
    Raises ResumeError when the folder holds no run, when a file it started from has changed, and when it was
    started under other versions, unless ``accept_versions``; StudyError when another process works in it.
    """
    path = Path(folder)
    if is_finished(path):
        return Run(path)
    refuse_cluster(work.cluster)
    read_plan(path)  # before anything is written: there may be no run here
    with owning(path):
        record = read_plan(path)
        refuse_links(path)
        if not accept_versions:
            refuse_other_versions(path, record)
        plan = plan_of(record)
        take_plan(path, plan)
        remove_leftovers(path)
        (path / ATTESTATION).unlink(missing_ok=True)  # of a manifest that was lost
        log = _log(path, plan)
        versions = {"versions": numeric_versions()} if accept_versions else {}
        log.append(RESUMED, plan.study.id, versions)
        return _work(path, plan, work, progress)


def is_finished(run: Path) -> bool:
    """Tell whether a folder holds a finished run: a sound manifest, and a seal on it."""
    try:
        read_manifest(run)
    except ProvenanceError:
        return False
    return is_sealed(run)


def _log(folder: Path, plan: Plan) -> AuditLog:
    """Return the log of a run; one that a kill kept from beginning begins with the start of the run."""
    log = AuditLog(folder / "audit.log")
    if not len(log):
        begun = {"study_sha256": plan.study.digest, "files": plan.record()["files"]}
        log.append("run_started", plan.study.id, begun)
    return log


def _work(folder: Path, plan: Plan, how: Work, progress: Progress) -> Run:
    """Do what is left of the graph, each task after those it needs, those first that most waits for."""
    log = _log(folder, plan)
    with noting_stops(folder, plan.study.id, log, how.copy.place):
        # Workers of a cluster may work in other folders.
        tasks = graph_of(folder if how.cluster is None else folder.resolve(), plan)
        left = unfinished(folder, tasks)
        for name, found in left.faults:
            log.append("done_again", name, {"found": found})
        for name, sha256, rows in standing(folder, left.done):
            log.append("written", name, {"sha256": sha256, "rows": rows})
        how.copy.begun()
        _perform(left, plan, how, log, progress)
        progress("closing the run", 0, 1)
        keys = [task.key for task in tasks]
        finished = close_run(folder, plan, log, keys, keep_checkpoints=how.keep_checkpoints)
        how.copy.closed()
        progress("closing the run", 1, 1)
    return finished


def _perform(left: Unfinished, plan: Plan, how: Work, log: AuditLog, progress: Progress) -> None:
    costs = usual_costs(plan, left.to_do)
    order = longest_first(left.to_do, costs)
    shown = _Shown(costs, progress)
    pool = executor(how.workers, progress, how.cluster, how.say)
    try:
        for task, done in pool.run(perform, order):
            for name, facts in done.outputs.items():
                log.append("written", name, {"sha256": facts["sha256"], "rows": facts["rows"]})
            how.copy.finished(done)
            shown.finished(task)
    except STOPS:
        pool.stop()
        raise
    finally:
        pool.close()


class _Shown:
    """Says what share of the work is done, by what tasks usually cost, and which kind was finished last."""

    def __init__(self, costs: Mapping[str, float], progress: Progress) -> None:
        self._progress, self._costs = progress, costs
        self._done = 0.0
        progress("run", 0, SHARES)

    def finished(self, task: Task) -> None:
        """Say that a task is done."""
        self._done += self._costs[task.key] / sum(self._costs.values())
        self._progress(f"run, {WORDS[task.stage]}", min(round(SHARES * self._done), SHARES), SHARES)
