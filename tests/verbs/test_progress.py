"""Progress: a line every ten seconds, share and time left, nothing left in a notebook."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import finsim
from finsim.engine.executors import executor
from finsim.engine.task_progress import as_share, at_most_every, task_progress
from finsim.engine.tasks import Task
from finsim.evaluation import METRICS
from finsim.verbs.calling import progress as module


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that goes by hand."""
    hand = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module.time, "monotonic", lambda: hand.now)
    return hand


def test_one_line_every_ten_seconds(clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    with module.reporting(True) as step:
        for second in range(41):
            clock.now = 100.0 + second
            step(f"fitting flow, step {second}", second, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "fitting flow, step 10: 10%, 1 min 30 s left",
        "fitting flow, step 20: 20%, 1 min 20 s left",
        "fitting flow, step 30: 30%, 1 min 10 s left",
        "fitting flow, step 40: 40%, 1 min 00 s left",
    ]


def test_time_left_counts_from_where_a_stage_began(clock: SimpleNamespace) -> None:
    timed = module._Timed()
    assert timed.text("judging", 50, 100, 0.0) == "judging: 50%"
    assert timed.text("judging, drift", 60, 100, 10.0) == "judging, drift: 60%, 40 s left"
    assert timed.text("judging", 100, 100, 20.0) == "judging: 100%"
    assert timed.text("reading", 12_345, 0, 20.0) == "reading: 12,345"
    assert timed.text("slow", 0, 10, 0.0) == "slow: 0%"
    assert timed.text("slow", 1, 10, 3600.0) == "slow: 10%, 9 h 00 min left"


def test_false_is_silent_and_a_function_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[Any] = []
    with module.reporting(False) as step:
        step("x", 1, 1)
    with module.reporting(lambda *words: said.append(words)) as step:
        step("x", 1, 2)
    assert said == [("x", 1, 2)]
    assert capsys.readouterr() == ("", "")


def test_a_notebook_shows_one_line_and_keeps_none(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    screen = SimpleNamespace(
        HTML=lambda text: text,
        display=lambda text, display_id: (shown.append(text), SimpleNamespace(update=shown.append))[1],
    )
    kernel = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=1))
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    monkeypatch.setitem(sys.modules, "IPython.display", screen)
    with module.reporting(True) as step:
        step("fitting", 0, 10)
        assert not shown  # short work leaves nothing
        for second in (2.0, 2.1, 4.0):
            clock.now = 100.0 + second
            step("fitting", int(second), 10)
    assert len(shown) == 3
    assert "20%" in shown[0]
    assert "40%, 6 s left" in shown[1]
    assert shown[2] == ""


def reported(task: Task) -> int:
    """A task that tells what it does."""
    number = int(task.run)
    as_share(task_progress(), "fitting flow")(0.25, f"step {number}")
    task_progress()("fitting flow", 1, 1)
    return number * number


@pytest.mark.parametrize("workers", [1, 2])
def test_tasks_report_from_inside_in_any_process(workers: int) -> None:
    said: list[Any] = []
    pool = executor(workers, lambda *words: said.append(words))
    try:
        tasks = [Task("3", "a"), Task("4", "b"), Task("5", "c", needs=("a",))]
        assert sorted((task.key, done) for task, done in pool.run(reported, tasks)) == [
            ("a", 9), ("b", 16), ("c", 25),
        ]  # fmt: skip
    finally:
        pool.close()
    assert ("fitting flow", 1, 1) in said
    assert any(stage.startswith("fitting flow, step") and done == 250 for stage, done, _ in said)


def test_a_sparse_report_keeps_the_last_of_a_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[int] = []
    sparse = at_most_every(1e9, lambda stage, done, total: said.append(done))
    for done in range(11):
        sparse("x, y", done, 10)
    assert said == [0, 10]


@pytest.mark.slow
def test_fitting_and_judging_say_step_loss_and_metric(tmp_path: Path) -> None:
    said: list[Any] = []
    prices = finsim.example_data("wiki_aapl_ibm_2000_2013")
    short = pd.read_csv(prices).iloc[-700:]
    finsim.fit(short, "flow", steps=100, progress=lambda *words: said.append(words))
    last = [stage for stage, _, _ in said][-1]
    assert last.startswith("fitting flow, step 100: loss flow ")
    assert [done for _, done, _ in said] == sorted(done for _, done, _ in said)
    assert said[-1][1:] == (1_000, 1_000)
    body = finsim.fit(prices, "bootstrap", progress=False)
    made = finsim.sample(body, 4, 300, progress=False)
    told: list[Any] = []
    quick = finsim.EvaluationSettings(bootstrap=20, judge_refits=0)
    finsim.evaluate(prices, made, settings=quick, progress=lambda *words: told.append(words))
    metrics = [stage.partition(", ")[2] for stage, _, _ in told if stage.startswith("judging prices, ")]
    assert metrics == [name for name in METRICS.of_case("paths") if name in metrics]
    assert len(metrics) == len(set(metrics)) > 10
    assert told[-1][1] == told[-1][2]
