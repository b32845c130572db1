"""Which tasks of a graph may start: those whose needs are finished, in the order in which they were given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar


class Node(Protocol):
    """A task of a graph: its key, and the keys of the tasks that it needs."""

    @property
    def key(self) -> str:
        """The name of the task in its run."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The keys of the tasks that must be finished before."""


Task = TypeVar("Task", bound=Node)


class WaitingTasks(Generic[Task]):
    """The tasks of a graph that have not started; a need that is no task of the graph is finished already."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        known = {task.key for task in tasks}
        self._open = {task.key: {need for need in task.needs if need in known} for task in tasks}
        self._tasks = list(tasks)

    def __bool__(self) -> bool:
        """Tell whether any task has not started."""
        return bool(self._tasks)

    def next(self) -> Task | None:
        """Take the first task that may start, None while every one waits for another."""
        for place, task in enumerate(self._tasks):
            if not self._open[task.key]:
                return self._tasks.pop(place)
        return None

    def finished(self, key: str) -> None:
        """Let the tasks start that waited for this one alone."""
        for needs in self._open.values():
            needs.discard(key)


def in_order_of_need(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks so that each comes after those it needs, else in the given order."""
    waiting: WaitingTasks[Task] = WaitingTasks(tasks)
    found: list[Task] = []
    while (task := waiting.next()) is not None:
        waiting.finished(task.key)
        found.append(task)
    return found
