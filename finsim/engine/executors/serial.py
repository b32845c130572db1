"""Run tasks one after the other in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Serial:
    """The built-in map."""

    def map(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """Yield ``work(task)`` for every task, in order."""
        return map(work, tasks)

    def close(self) -> None:
        """Do nothing: there are no workers."""
