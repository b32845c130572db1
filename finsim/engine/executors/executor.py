"""The executor interface: an ordered map over tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Executor(Protocol):
    """Runs pure functions of tasks; results come back in the order of the tasks."""

    def map(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """Yield ``work(task)`` for every task, in order."""

    def stop(self) -> None:
        """Stop the work that is under way, within two seconds; ``close`` follows."""

    def close(self) -> None:
        """Release all workers."""
