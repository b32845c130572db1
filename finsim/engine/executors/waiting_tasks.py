"""Which tasks of a graph may start: those whose needs are finished, in the order in which they were given."""

from __future__ import annotations

import heapq
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
        self._tasks = list(tasks)
        self._left = len(self._tasks)
        places = {task.key: place for place, task in enumerate(self._tasks)}
        self._missing = [0] * self._left
        self._waiters: dict[str, list[int]] = {}
        for place, task in enumerate(self._tasks):
            for need in {need for need in task.needs if need in places}:
                self._missing[place] += 1
                self._waiters.setdefault(need, []).append(place)
        # a heap, as places come in order
        self._ready = [
            place for place, missing in enumerate(self._missing) if not missing
        ]  # a heap, as sorted

    def __bool__(self) -> bool:
        """Tell whether any task has not started."""
        return self._left > 0

    def next(self) -> Task | None:
        """Take the first task that may start, None while every one waits for another."""
        if not self._ready:
            return None
        self._left -= 1
        return self._tasks[heapq.heappop(self._ready)]

    def finished(self, key: str) -> None:
        """Let the tasks start that waited for this one alone; said again, it is nothing new."""
        for place in self._waiters.pop(key, ()):
            self._missing[place] -= 1
            if not self._missing[place]:
                heapq.heappush(self._ready, place)


def in_order_of_need(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks so that each comes after those it needs, else in the given order."""
    waiting: WaitingTasks[Task] = WaitingTasks(tasks)
    found: list[Task] = []
    while (task := waiting.next()) is not None:
        waiting.finished(task.key)
        found.append(task)
    return found
