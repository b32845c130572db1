"""The executor interface: it takes a whole graph of tasks, and gives back what each of them returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from finsim.engine.executors.waiting_tasks import Node

Task = TypeVar("Task", bound=Node)
Result = TypeVar("Result")


class Executor(Protocol):
    """Runs pure functions of tasks, each after those that it needs; of those that may start the first."""

    def run(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Result]]:
        """Yield every task with ``work(task)`` as it finishes."""

    def stop(self) -> None:
        """Stop the work that is under way, within two seconds; ``close`` follows."""

    def close(self) -> None:
        """Release all workers."""
