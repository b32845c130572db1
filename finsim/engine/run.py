"""``run`` and ``resume``: the order of work of a study, in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from finsim.engine.executors import executor
from finsim.engine.finished_run import Run
from finsim.engine.finished_tasks import forget_damaged, read_plan, refuse_other_versions, write_plan
from finsim.engine.planning.refusals import not_empty, refuse_before_work, refuse_output
from finsim.engine.run_completion import close_run
from finsim.engine.run_folder.owner_lock import owning
from finsim.engine.run_folder.stopping import noting_stops
from finsim.engine.run_folder.unstarted import clear, is_free, refuse_links
from finsim.engine.study.study_file import Study, load_study
from finsim.engine.study.study_resolution import Plan, plan_of, resolve
from finsim.engine.tasks import Task, perform
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
    "evidence": "judging",
}
"""Stage of a task -> what progress says of it."""

Progress = Callable[[str, int, int], None]


def _silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def run(
    study: str | Study,
    *,
    seed: int | None = None,
    scale: float = 1.0,
    output: str | Path | None = None,
    workers: int = 1,
    progress: Progress = _silent,
) -> Run:
    """Run a study into a new folder and return the finished run.

    ``study`` is a shipped name, a path or a Study; ``output`` defaults to ``runs/<study id>-<seed>``.
    Raises StudyError when the folder is in use, and any FinsimError of the files named, before
    anything is written.
    """
    loaded = load_study(study) if isinstance(study, str) else study
    wanted = loaded.with_seed(seed).scaled(scale)
    folder = Path(output) if output else Path("runs") / f"{wanted.id}-{wanted.seed}"
    return run_resolved(wanted, folder, workers, progress)


def run_resolved(
    study: Study,
    folder: Path,
    workers: int = 1,
    progress: Progress = _silent,
    prepare: Callable[[Path], None] = lambda folder: None,
) -> Run:
    """Run a study as it is into a new folder; ``prepare`` may put finished tasks there first."""
    refuse_output(folder, workers)
    plan = resolve(study)
    refuse_before_work(plan)
    with owning(folder):
        if not is_free(folder):  # another run was faster
            raise StudyError.of([not_empty(folder)])
        clear(folder, keep=LOCK)
        prepare(folder)
        write_plan(folder, plan.record())
        return _work(folder, plan, workers, progress)


def resume(
    folder: str | Path, *, workers: int = 1, accept_versions: bool = False, progress: Progress = _silent
) -> Run:
    """Continue a stopped run; finished tasks are kept, the result is that of an undisturbed run.

    A task whose record or output was lost or damaged is done again, and the log names the file.
    Raises ResumeError when the folder holds no run, when a file it started from has changed, and when it was
    started under other versions, unless ``accept_versions``; StudyError when another process works in it.
    """
    path = Path(folder)
    if is_finished(path):
        return Run(path)
    read_plan(path)  # before anything is written: there may be no run here
    with owning(path):
        record = read_plan(path)
        refuse_links(path)
        if not accept_versions:
            refuse_other_versions(path, record)
        plan = plan_of(record)
        remove_leftovers(path)
        (path / ATTESTATION).unlink(missing_ok=True)  # of a manifest that was lost
        log = _log(path, plan)
        versions = {"versions": numeric_versions()} if accept_versions else {}
        log.append(RESUMED, plan.study.id, versions)
        for name, found in forget_damaged(path):
            log.append("done_again", name, {"found": found})
        return _work(path, plan, workers, progress)


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


def _work(folder: Path, plan: Plan, workers: int, progress: Progress) -> Run:
    """Do all tasks, group after group; tasks of one group do not need each other."""
    log = _log(folder, plan)
    order = groups(folder, plan)
    with noting_stops(folder, plan.study.id, log):
        pool = executor(workers, progress)
        try:
            for stage, tasks in order:
                progress(stage, 0, len(tasks))
                for number, done in enumerate(pool.map(perform, tasks), start=1):
                    for name, facts in done.outputs.items():
                        log.append("written", name, {"sha256": facts["sha256"], "rows": facts["rows"]})
                    progress(stage, number, len(tasks))
        except STOPS:
            pool.stop()
            raise
        finally:
            pool.close()
        progress("closing the run", 0, 1)
        finished = close_run(folder, plan, log, [task.key for _, tasks in order for task in tasks])
        progress("closing the run", 1, 1)
    return finished


def groups(folder: Path, plan: Plan) -> list[tuple[str, list[Task]]]:
    """Return the order of work: learn and order, sample and post, write and lend, judge.

    Payments that are learned are ordered where others are posted already, and posted last.
    """
    run, study = str(folder), plan.study
    labels = list(plan.scenarios)
    learn: list[Task] = []
    sample: list[Task] = []
    write: list[Task] = []
    post: list[Task] = []
    judge: list[Task] = []
    if study.market:
        from finsim.engine.stages.market_stage import shards

        learn.append(Task(run, "fit"))
        sample += [Task(run, "sample", "", shard) for shard in range(shards(study.market))]
        write += [Task(run, "bars", label) for label in labels]
        judge.append(Task(run, "evidence", "market"))
    if study.transactions:
        from finsim.engine.stages.payment_world import is_learned, order_keys, order_shards

        keys = sorted(set(order_keys(plan).values()))
        shard_range = range(order_shards(plan))
        ordinary = [Task(run, "orders", key, shard) for key in keys for shard in shard_range]
        posting = [Task(run, "transactions", label) for label in labels]
        if is_learned(plan):
            learn.append(Task(run, "learn"))
            sample += [Task(run, "life", "", shard) for shard in shard_range]
            write += ordinary
            post += posting
        else:
            learn += ordinary
            sample += posting
        judge.append(Task(run, "evidence", "transactions"))
    if study.credit:
        write += [Task(run, "credit", label) for label in labels]
        judge.append(Task(run, "evidence", "credit"))
    ordered = [learn, sample, write, post, judge if study.evaluation.enabled else []]
    return [(_named(tasks), tasks) for tasks in ordered if tasks]


def _named(tasks: list[Task]) -> str:
    """Return what a group of tasks does, in the words of its stages."""
    return " and ".join(dict.fromkeys(WORDS[task.stage] for task in tasks))
