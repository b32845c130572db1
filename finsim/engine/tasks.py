"""Tasks: pure units of work that an executor runs; a finished task is not run again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from threadpoolctl import threadpool_limits

from finsim.catalog import Catalog, Entry
from finsim.engine.finished_tasks import Done, load_done, read_plan, save_done
from finsim.engine.study.study_resolution import Plan, plan_of
from finsim.errors import FinsimError, ResumeError

STAGES = Catalog(
    "stage",
    {
        "fit": Entry("finsim.engine.stages.market_stage:fit_task", "fit the market generator"),
        "sample": Entry("finsim.engine.stages.market_stage:sample_task", "sample one shard of paths"),
        "bars": Entry("finsim.engine.stages.market_stage:bars_task", "stress and write one scenario's bars"),
        "learn": Entry("finsim.engine.stages.learned_payments_stage:learn_task", "learn a ledger's entities"),
        "life": Entry(
            "finsim.engine.stages.learned_payments_stage:life_task", "sample one shard of learned entities"
        ),
        "orders": Entry("finsim.engine.stages.transaction_stage:orders_task", "ordinary orders of one shard"),
        "transactions": Entry(
            "finsim.engine.stages.transaction_stage:transactions_task", "post and write one scenario"
        ),
        "credit": Entry("finsim.engine.stages.credit_stage:credit_task", "write one scenario's loan book"),
        "twin": Entry(
            "finsim.engine.stages.share_payments:twin_task", "fit the body again without some entities"
        ),
        "evidence": Entry("finsim.engine.stages.evidence_stage:evidence_task", "one piece of the evidence"),
    },
)


@dataclass(frozen=True)
class Task:
    """One unit of work of a run: a stage, which scenario, shard or world it is for, and what it needs.

    ``needs`` are the keys of the tasks whose files it reads.
    """

    run: str
    stage: str
    name: str = ""
    shard: int = -1
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The task's name inside its run."""
        parts = [self.stage, self.name, f"{self.shard:05d}" if self.shard >= 0 else ""]
        return "/".join(part for part in parts if part)


_resolved: dict[str, Plan] = {}
"""The plan that this process resolved for the run it is in, by its record."""


def take_plan(run: Path, plan: Plan) -> None:
    """Let tasks of this process use a plan that was resolved just now, instead of resolving it again."""
    _resolved.clear()
    _resolved[_recorded(str(run))] = plan


def taken_plan(run: Path) -> Plan | None:
    """Return the plan that this process took for a run; None for other runs, and without a sound record."""
    try:
        return _resolved.get(_recorded(str(run))) if _resolved else None
    except ResumeError:
        return None


@lru_cache(maxsize=2)
def _known_plan(record: str) -> Plan:
    return plan_of(json.loads(record))


def _recorded(run: str) -> str:
    return json.dumps(read_plan(Path(run)), sort_keys=True)


def _plan(run: str) -> Plan:
    """Return the plan of a run folder, known by its contents: a folder may be made anew in one process."""
    record = _recorded(run)
    return _resolved.get(record) or _known_plan(record)


def perform(task: Task) -> Done:
    """Do one task, unless its record says it is done; one numeric thread, so bytes never differ."""
    run = Path(task.run)
    finished = load_done(run, task.key)
    if finished is not None:
        return finished
    work: Callable[[Path, Plan, Task], Done] = STAGES.load(task.stage)
    started = time.process_time()
    with threadpool_limits(limits=1):
        try:
            done = work(run, _plan(task.run), task)
        except FinsimError as error:
            error.add_note(f"in {task.key}")
            raise
    spent = done.cpu_seconds + time.process_time() - started  # what the task says was paid for it before
    done = Done(task.key, done.outputs, done.facts, spent)
    save_done(run, done)
    return done
