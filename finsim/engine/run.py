"""``run`` and ``resume``: the order of work of a study, in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from finsim.engine.executors import executor
from finsim.engine.finished_run import Run
from finsim.engine.finished_tasks import read_plan, write_plan
from finsim.engine.planning.refusals import refuse_before_work, refuse_output
from finsim.engine.run_completion import close_run
from finsim.engine.study.study_file import Study, load_study
from finsim.engine.study.study_resolution import Plan, plan_of, resolve
from finsim.engine.tasks import Task, perform
from finsim.provenance.audit_log import AuditLog
from finsim.provenance.seal import RESUMED, is_sealed

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
    folder.mkdir(parents=True, exist_ok=True)
    record = plan.record()
    write_plan(folder, record)
    begun = {"study_sha256": study.digest, "files": record["files"]}
    AuditLog(folder / "audit.log").append("run_started", study.id, begun)
    prepare(folder)
    return _work(folder, plan, workers, progress)


def resume(folder: str | Path, *, workers: int = 1, progress: Progress = _silent) -> Run:
    """Continue a stopped run; finished tasks are kept, the result is that of an undisturbed run.

    Raises ResumeError when the folder holds no run, or when a file it started from has changed.
    """
    path = Path(folder)
    if (path / "manifest.json").is_file() and is_sealed(path):
        return Run(path)
    plan = plan_of(read_plan(path))
    AuditLog(path / "audit.log").append(RESUMED, plan.study.id, {})
    return _work(path, plan, workers, progress)


def _work(folder: Path, plan: Plan, workers: int, progress: Progress) -> Run:
    """Do all tasks, group after group; tasks of one group do not need each other."""
    log = AuditLog(folder / "audit.log")
    pool = executor(workers, progress)
    try:
        for stage, tasks in groups(folder, plan):
            progress(stage, 0, len(tasks))
            for number, done in enumerate(pool.map(perform, tasks), start=1):
                for name, facts in done.outputs.items():
                    log.append("written", name, {"sha256": facts["sha256"], "rows": facts["rows"]})
                progress(stage, number, len(tasks))
    finally:
        pool.close()
    progress("closing the run", 0, 1)
    finished = close_run(folder, plan, log)
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
