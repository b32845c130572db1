"""The graph of a run: order by need and by the longest chain, complete needs, what is left to do."""

from __future__ import annotations

import itertools
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from finsim.engine.executors.serial import Serial
from finsim.engine.executors.waiting_tasks import WaitingTasks, in_order_of_need
from finsim.engine.finished_tasks import Done, load_done, output, read_plan, save_done, write_plan
from finsim.engine.graph.longest_chain import chains, critical_path, finish_time, longest_first
from finsim.engine.graph.task_costs import recorded_costs, usual_costs
from finsim.engine.graph.task_graph import graph_of
from finsim.engine.graph.unfinished import unfinished
from finsim.engine.stages.evidence_pieces import LONG, likeness_groups
from finsim.engine.study.study_file import Study, study_of
from finsim.engine.study.study_resolution import Plan, plan_of, resolve
from finsim.engine.tasks import Task, perform
from finsim.evaluation import METRICS

SMALL = {
    "id": "s",
    "market": {
        "data": "wiki_aapl_ibm_2000_2013", "generator": "bootstrap", "paths": 3, "sessions": 70,
        "shard_paths": 2,
    },
    "transactions": {"accounts": 300, "banks": 2, "days": 20, "shard_accounts": 150},
    "credit": {"data": "german_credit", "loans": 120, "months": 3, "draws": 5_000},
    "scenarios": ["base", "gfc-2008"],
    "evaluation": False,
}  # fmt: skip
LEARNED = {
    **SMALL,
    "transactions": {
        "data": "amlsim_transfers", "schema": "amlsim_transfers", "body": "habits", "entities": 300,
        "days": 9, "currency": "USD", "shard_accounts": 150,
    },
    "evaluation": True,
}  # fmt: skip


def drawn(rng: random.Random, count: int) -> tuple[list[Task], dict[str, float]]:
    """Return a random graph, tasks in any order, and what each costs."""
    names = [f"t{k}" for k in range(count)]
    tasks = [
        Task("r", name, needs=tuple(rng.sample(names[:k], rng.randint(0, min(k, 3)))))
        for k, name in enumerate(names)
    ]
    rng.shuffle(tasks)
    return tasks, {name: rng.choice([0.0, 1.0, rng.random() * 9]) for name in names}


def longest(tasks: list[Task], costs: dict[str, float], key: str) -> float:
    """The naive twin of ``chains``: every chain that begins with a task."""
    after = [longest(tasks, costs, task.key) for task in tasks if key in task.needs]
    return costs[key] + max(after, default=0.0)


@pytest.mark.parametrize("seed", range(12))
def test_order_path_and_schedule_of_random_graphs(seed: int) -> None:
    rng = random.Random(seed)
    tasks, costs = drawn(rng, rng.randint(1, 11))
    length = chains(tasks, costs)
    assert length == pytest.approx({task.key: longest(tasks, costs, task.key) for task in tasks})
    place = {task.key: k for k, task in enumerate(in_order_of_need(tasks))}
    assert len(place) == len(tasks)
    assert all(place[need] < place[task.key] for task in tasks for need in task.needs)
    first = [length[task.key] for task in longest_first(tasks, costs)]
    assert first == sorted(first, reverse=True)
    path = critical_path(tasks, costs)
    assert sum(costs[task.key] for task in path) == pytest.approx(max(length.values()))
    assert all(one.key in other.needs for one, other in itertools.pairwise(path))
    total, bound = sum(costs.values()), max(length.values())
    assert finish_time(tasks, costs, 1) == pytest.approx(total)
    assert finish_time(tasks, costs, len(tasks)) == pytest.approx(bound)
    for workers in (2, 3):
        took = finish_time(tasks, costs, workers)
        assert max(bound, total / workers) - 1e-9 <= took <= bound + total / workers + 1e-9  # Graham 1966


def test_an_executor_takes_the_first_task_that_may_start() -> None:
    tasks = [Task("r", "c", needs=("b",)), Task("r", "a"), Task("r", "b", needs=("a", "elsewhere"))]
    assert [task.key for task, _ in Serial().run(lambda task: task.key, tasks)] == ["a", "b", "c"]
    waiting = WaitingTasks(tasks)
    assert waiting.next() == tasks[1]
    assert waiting.next() is None
    assert waiting
    waiting.finished("a")
    assert waiting.next() == tasks[2]


def first_that_may_start(tasks: list[Task], begun: set[str], ended: set[str]) -> Task | None:
    """Look through all tasks: the plain twin of ``WaitingTasks.next``."""
    known = {task.key for task in tasks}
    free = (task for task in tasks if task.key not in begun and set(task.needs) & known <= ended)
    return next(free, None)


@pytest.mark.parametrize("seed", range(30))
def test_tasks_that_end_in_any_order_let_the_same_ones_start(seed: int) -> None:
    rng = random.Random(seed)
    names = [f"t{k}" for k in range(rng.randrange(1, 25))]
    tasks = [
        Task("r", name, needs=(*rng.sample(names[:k], min(k, rng.randrange(4))), "elsewhere"))
        for k, name in enumerate(names)
    ]
    rng.shuffle(tasks)
    waiting, begun, ended = WaitingTasks(tasks), set[str](), set[str]()
    while waiting or begun - ended:
        assert bool(waiting) == (len(begun) < len(tasks))
        wanted = first_that_may_start(tasks, begun, ended)
        assert waiting.next() == wanted
        if wanted is not None:
            begun.add(wanted.key)
        if begun - ended and (wanted is None or rng.random() < 0.4):
            key = rng.choice(sorted(begun - ended))
            ended.add(key)
            for _ in range(rng.randrange(1, 3)):  # said twice, it is nothing new
                waiting.finished(key)
    assert ended == set(names)


def test_many_tasks_are_put_in_order() -> None:
    tasks = [Task("r", str(k), needs=() if not k else (str(k - 1), str(k // 2))) for k in range(20_000)]
    assert [task.key for task in in_order_of_need(tasks[::-1])] == [str(k) for k in range(20_000)]


def started(folder: Path, study: Study) -> tuple[Plan, tuple[Task, ...]]:
    write_plan(folder, resolve(study).record())
    plan = plan_of(read_plan(folder))
    return plan, graph_of(folder, plan)


@pytest.mark.parametrize("settings", [SMALL, LEARNED], ids=["simulated", "learned"])
def test_every_need_is_a_task_and_long_tasks_begin_first(settings: dict[str, Any], tmp_path: Path) -> None:
    plan, tasks = started(tmp_path, study_of(settings))
    keys = [task.key for task in tasks]
    assert len(set(keys)) == len(keys)
    assert {need for task in tasks for need in task.needs} <= set(keys)
    costs = usual_costs(plan, tasks)
    assert min(costs.values()) > 0
    begun = [task.key for task in longest_first(tasks, costs)]
    assert begun[0] == ("learn" if settings is LEARNED else "credit/base")
    assert recorded_costs(tmp_path, tasks) == {}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of which every task was done, each as late as its readers allow."""
    run = tmp_path_factory.mktemp("graph") / "run"
    _, tasks = started(run, study_of(SMALL))
    for task in in_order_of_need(tasks):
        perform(task)
    return run


def written(run: Path) -> dict[str, bytes]:
    found = (path for path in run.rglob("*") if path.is_file() and "done" not in path.parts)
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in found if path.suffix != ".json"}


def test_needs_are_complete_so_that_any_order_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    _, tasks = started(tmp_path, study_of(SMALL))
    for task in in_order_of_need(tasks[::-1]):
        perform(task)
    assert written(tmp_path) == written(made)


def test_checkpoints_that_nobody_reads_any_more_are_no_loss(made: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(made, run)
    tasks = graph_of(run, plan_of(read_plan(run)))
    for name in ("features", "orders"):
        shutil.rmtree(run / ".finsim" / name)
    left = unfinished(run, tasks)
    assert (left.to_do, left.faults) == ([], [])
    assert {done.key for done in left.done} == {task.key for task in tasks}


def test_a_damaged_checkpoint_is_made_again_though_nobody_reads_it(made: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(made, run)
    file = run / ".finsim/features/00001.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    left = unfinished(run, graph_of(run, plan_of(read_plan(run))))
    assert [task.key for task in left.to_do] == ["sample/00001"]
    assert left.faults == [(".finsim/features/00001.npy", "damaged")]


def test_a_lost_table_brings_back_what_its_task_reads_and_no_more(made: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(made, run)
    tasks = graph_of(run, plan_of(read_plan(run)))
    shutil.rmtree(run / ".finsim/features")
    (run / "bars/scenario=gfc-2008/bars.parquet").unlink()
    left = unfinished(run, tasks)
    assert [task.key for task in left.to_do] == ["sample/00000", "sample/00001", "bars/gfc-2008"]
    assert len(left.faults) == 3
    assert not (run / ".finsim/done/sample--00000.json").exists()
    for task in in_order_of_need(left.to_do):
        perform(task)
    assert written(run) == written(made)


def test_a_lost_file_outside_the_checkpoints_is_made_again_though_nobody_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "model/weights"
    file.parent.mkdir()
    file.write_text("x")
    save_done(tmp_path, Done("fit", dict([output(tmp_path, file, 1)])))
    task = Task(str(tmp_path), "fit")
    assert unfinished(tmp_path, [task]).to_do == []
    file.unlink()
    left = unfinished(tmp_path, [task])
    assert (left.to_do, left.faults) == ([task], [("model/weights", "lost")])
    assert load_done(tmp_path, "fit") is None


def test_long_studies_have_their_evidence_in_pieces_that_hold_every_metric_once() -> None:
    for paths, pieces in ((2, 1), (1_000, 1 + len(LONG))):
        market = {**SMALL["market"], "paths": paths, "sessions": 300}  # type: ignore[dict-item]
        groups = likeness_groups(resolve(study_of({**SMALL, "market": market})))
        assert len(groups) == pieces
        assert [name for group in groups for name in group] == list(METRICS.of_case("paths"))
    assert [group[0] for group in groups[1:]] == list(LONG)
