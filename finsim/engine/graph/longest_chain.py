"""Order, critical path and simulated schedule of a graph of tasks, by what each task costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from finsim.engine.executors.waiting_tasks import WaitingTasks, in_order_of_need
from finsim.engine.tasks import Task


def chains(tasks: Sequence[Task], costs: Mapping[str, float]) -> dict[str, float]:
    """Return for each task the cost of the longest chain that begins with it."""
    followers: dict[str, list[str]] = {task.key: [] for task in tasks}
    for task in tasks:
        for need in task.needs:
            if need in followers:
                followers[need].append(task.key)
    found: dict[str, float] = {}
    for task in reversed(in_order_of_need(tasks)):
        after = max((found[key] for key in followers[task.key]), default=0.0)
        found[task.key] = costs.get(task.key, 0.0) + after
    return found


def longest_first(tasks: Sequence[Task], costs: Mapping[str, float]) -> list[Task]:
    """Return the tasks by the length of the chain that begins with each, the longest first."""
    length = chains(tasks, costs)
    return sorted(tasks, key=lambda task: -length[task.key])


def critical_path(tasks: Sequence[Task], costs: Mapping[str, float]) -> list[Task]:
    """Return the longest chain of tasks: no number of workers is faster than it."""
    length, path = chains(tasks, costs), list[Task]()
    choice = list(tasks)
    while choice:
        path.append(max(choice, key=lambda task: length[task.key]))
        choice = [task for task in tasks if path[-1].key in task.needs]
    return path


def finish_time(tasks: Sequence[Task], costs: Mapping[str, float], workers: int) -> float:
    """Return when the last task ends if so many workers take the longest chain first (list scheduling)."""
    waiting = WaitingTasks(longest_first(tasks, costs))
    under_way: list[tuple[float, str]] = []
    now = 0.0
    while waiting or under_way:
        while len(under_way) < workers and (task := waiting.next()) is not None:
            heappush(under_way, (now + costs.get(task.key, 0.0), task.key))
        now, key = heappop(under_way)
        waiting.finished(key)
    return now
