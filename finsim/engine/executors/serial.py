"""Run tasks one after the other in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from finsim.engine.task_progress import Report, reporting_to, silent

Task = TypeVar("Task")
Result = TypeVar("Result")


class Serial:
    """The built-in map; ``progress`` is told what tasks report from inside."""

    def __init__(self, progress: Report = silent) -> None:
        self._progress = progress

    def map(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """Yield ``work(task)`` for every task, in order."""
        for task in tasks:
            with reporting_to(self._progress):
                done = work(task)
            yield done

    def stop(self) -> None:
        """Do nothing: what is under way is this process."""

    def close(self) -> None:
        """Do nothing: there are no workers."""
