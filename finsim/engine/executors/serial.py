"""Run tasks one after the other in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from finsim.engine.executors.waiting_tasks import Node, WaitingTasks
from finsim.engine.task_progress import Report, reporting_to, silent

Task = TypeVar("Task", bound=Node)
Result = TypeVar("Result")


class Serial:
    """One task at a time; ``progress`` is told what tasks report from inside."""

    def __init__(self, progress: Report = silent) -> None:
        self._progress = progress

    def run(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Result]]:
        """Yield every task with ``work(task)``, each after those that it needs."""
        waiting = WaitingTasks(tasks)
        while (task := waiting.next()) is not None:
            with reporting_to(self._progress):
                done = work(task)
            waiting.finished(task.key)
            yield task, done

    def stop(self) -> None:
        """Do nothing: what is under way is this process."""

    def close(self) -> None:
        """Do nothing: there are no workers."""
