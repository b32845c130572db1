"""What is left of a graph: tasks without a sound record, and those whose files they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from finsim.engine.executors.waiting_tasks import in_order_of_need
from finsim.engine.finished_tasks import LOST, PIECES, WORK, Done, forget, state_of
from finsim.engine.tasks import Task

_SPENT = {(WORK, piece) for piece in PIECES}


@dataclass
class Unfinished:
    """Tasks to do, those that are done with what they wrote, and the files that were lost or damaged."""

    to_do: list[Task] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)


def unfinished(run: Path, tasks: Sequence[Task]) -> Unfinished:
    """Return what is left to do of a run; records of what must be done again are removed.

    Checkpoints that are gone are no loss as long as every task that reads them is finished.
    """
    found = Unfinished()
    needed: set[str] = set()
    to_do: set[str] = set()
    for task in reversed(in_order_of_need(tasks)):  # whoever reads a file is looked at before its writer
        done, losses = state_of(run, task.key)
        if done is not None and (not losses or (task.key not in needed and spent(losses))):
            found.done.append(done)
            continue
        if losses:
            forget(run, task.key)
        found.faults += losses
        to_do.add(task.key)
        needed |= set(task.needs)
    found.to_do = [task for task in tasks if task.key in to_do]
    found.done.reverse()
    return found


def spent(losses: Sequence[tuple[str, str]]) -> bool:
    """Tell whether all losses are checkpoints that are gone."""
    return all(how == LOST and PurePosixPath(name).parts[:2] in _SPENT for name, how in losses)


def standing(run: Path, done: Sequence[Done]) -> Iterator[tuple[str, str, int]]:
    """Yield name, sha256 and rows of every output of finished tasks that is still there."""
    for one in done:
        for name, facts in one.outputs.items():
            if (run / name).is_file():
                yield name, str(facts["sha256"]), int(facts["rows"])
