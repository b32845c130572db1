"""``GraphView``: the tasks of a study, what each part costs, and the chain that no worker can shorten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim.engine.finished_tasks import is_started, read_plan
from finsim.engine.graph.longest_chain import critical_path, finish_time
from finsim.engine.graph.task_costs import predicted_costs, recorded_costs
from finsim.engine.graph.task_graph import graph_of
from finsim.engine.planning.cost_prediction import units
from finsim.engine.planning.plan_summary import PlanSummary
from finsim.engine.study.study_resolution import Plan
from finsim.engine.tasks import STAGES, Task
from finsim.errors import ResumeError

WORKERS = (1, 2, 4, 8)
ALONE = (
    "reading and trying the study before",
    "the order of work and the log",
    "drivers, lineage, scorecard, manifest and page at the end",
)
"""What the process that was started does itself."""
WHOLE = ("the fit of a model", "the posting and the file of a table in one scenario")
"""What one worker does from its beginning to its end, however large it is."""
_WIDTH, _MOST_NAMES = 118, 8


@dataclass(frozen=True)
class GraphView:
    """The graph of a study: ``tasks``, the CPU seconds of each, and where the figures are from.

    ``start_and_end`` are the CPU seconds of what is no task, as predicted.
    """

    study: str
    tasks: tuple[Task, ...]
    seconds: Mapping[str, float]
    source: str
    start_and_end: float

    @property
    def critical_path(self) -> tuple[Task, ...]:
        """The longest chain of tasks that need one another."""
        return tuple(critical_path(self.tasks, self.seconds))

    @property
    def total(self) -> float:
        """CPU seconds of all tasks."""
        return float(sum(self.seconds.values()))

    def finish(self, workers: int) -> float:
        """Return the seconds until the last task ends with so many workers, one CPU each, all at rest."""
        return finish_time(self.tasks, self.seconds, workers)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data for JSON."""
        return {
            "study": self.study,
            "cpu_seconds_from": self.source,
            "cpu_seconds": round(self.total, 2),
            "cpu_seconds_outside": round(self.start_and_end, 2),
            "tasks": [
                {
                    "task": task.key,
                    "stage": task.stage,
                    "needs": list(task.needs),
                    "cpu_seconds": round(self.seconds.get(task.key, 0.0), 3),
                }
                for task in self.tasks
            ],
            "critical_path": {
                "tasks": [task.key for task in self.critical_path],
                "cpu_seconds": round(sum(self.seconds.get(one.key, 0.0) for one in self.critical_path), 2),
            },
            "finish_seconds": {str(workers): round(self.finish(workers), 2) for workers in WORKERS},
            "not_distributed": [*ALONE],
            "not_divided": [*WHOLE],
        }

    def to_text(self) -> str:
        """Return at most one screen: a line for each kind of task, then the chain and the schedule."""
        head = f"{len(self.tasks)} tasks of {self.study}, {self.total:,.1f} CPU seconds {self.source}"
        lines = [f"graph      {head}", *self._kinds(), *self._path(), self._schedule()]
        lines.append(f"alone      about {self.start_and_end:,.1f} CPU seconds more are not distributed:")
        lines.append(f"           {'; '.join(ALONE)}")
        lines.append(f"whole      not divided among workers: {'; '.join(WHOLE)}")
        return "\n".join(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..." for line in lines)

    def __repr__(self) -> str:
        """Return the text."""
        return self.to_text()

    def _kinds(self) -> Iterator[str]:
        kinds: dict[str, list[Task]] = {}
        for task in self.tasks:
            kinds.setdefault(_kind(task), []).append(task)
        for kind, tasks in kinds.items():
            seconds = [self.seconds.get(task.key, 0.0) for task in tasks]
            many = f"{len(tasks)} tasks" if len(tasks) > 1 else "1 task"
            longest = f", longest {max(seconds):,.1f}" if len(tasks) > 1 else ""
            needs = dict.fromkeys(_kind_of_key(need) for task in tasks for need in task.needs)
            after = f"  after {', '.join(needs)}" if needs else ""
            yield f"  {kind:<28}{many:>9}{sum(seconds):>8,.1f} s{longest:<15}{after}".rstrip()

    def _path(self) -> Iterator[str]:
        path = self.critical_path
        seconds = sum(self.seconds.get(task.key, 0.0) for task in path)
        names = [f"{task.key} {self.seconds.get(task.key, 0.0):,.1f}" for task in path[:_MOST_NAMES]]
        yield f"critical   {seconds:,.1f} CPU seconds that no number of workers shortens:"
        yield f"           {' > '.join(names)}"

    def _schedule(self) -> str:
        one = self.finish(1)
        told = [
            f"{many} workers {one / took:,.1f} times" for many in WORKERS[1:] if (took := self.finish(many))
        ]
        return f"faster     {', '.join(told)} (simulated: every worker a CPU at rest)"


def _kind(task: Task) -> str:
    return _kind_of_key(task.key)


def _kind_of_key(key: str) -> str:
    """Return what tasks of a kind are called: the stage; of evidence the world and the piece."""
    stage, _, rest = key.partition("/")
    if stage not in STAGES or stage != "evidence":
        return stage
    world, _, piece = rest.partition("/")
    return f"{stage} {world} {piece.partition('/')[0].partition('-')[0]}"


def graph_view(summary: PlanSummary, run: Path | None = None) -> GraphView:
    """Return the graph of a planned study, with the figures of a run of it where one is given or found."""
    plan = summary.plan
    tasks = graph_of(run or Path("."), plan)
    predicted = predicted_costs(tasks, _units(summary), summary.cost.machine)
    taken = {} if run is None else recorded_costs(run, tasks)
    source = "as predicted"
    if taken:
        missing = len(tasks) - len(taken)
        source = f"as {run} took" + (f" ({missing} not done: as predicted)" if missing else "")
    alone = summary.cost.parts.get("start and end", 0.0)
    return GraphView(plan.study.id, tasks, {**predicted, **taken}, source, alone)


def _units(summary: PlanSummary) -> Mapping[str, Mapping[str, float]]:
    prices = next((one for one in summary.data if one.world == "market"), None)
    found = units(summary.plan, summary.sizes, prices.rows if prices else 0, 1)
    return {part: amounts for part, amounts in found.items() if part != "start and end"}


def run_of(plan: Plan, folder: Path | None) -> Path | None:
    """Return a run of the very study, started or finished: in a folder, or where it would lie by itself."""
    place = folder or Path("runs") / f"{plan.study.id}-{plan.study.seed}"
    try:
        is_same = is_started(place) and read_plan(place)["study_sha256"] == plan.study.digest
    except ResumeError:  # a damaged plan: its figures are of nobody knows what
        return None
    return place if is_same else None
