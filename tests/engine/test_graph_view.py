"""``finsim plan STUDY --graph``: one screen, the cost of each part, the chain, what is not distributed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import finsim
from finsim.cli.main import main
from finsim.engine.finished_tasks import Done, save_done, write_plan
from finsim.engine.graph.graph_view import GraphView, graph_view, run_of
from finsim.engine.planning.plan_summary import describe
from finsim.engine.study.study_file import load_study
from finsim.engine.study.study_resolution import resolve
from finsim.errors import StudyError

pytestmark = pytest.mark.sweep


@pytest.fixture(scope="module")
def quick() -> GraphView:
    return graph_view(describe(resolve(load_study("quickstart"))))


def test_the_quickstart_fits_a_screen_and_says_where_the_time_goes(quick: GraphView) -> None:
    lines = quick.to_text().splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 118
    assert lines[0].startswith(f"graph      {len(quick.tasks)} tasks of quickstart, ")
    assert lines[0].endswith("as predicted")
    assert any(line.startswith("alone ") and "not distributed" in line for line in lines)
    assert any(line.startswith("whole ") for line in lines)
    path = [task.key for task in quick.critical_path]
    assert path[:2] == ["fit", "sample/00000"]


def test_every_predicted_second_is_that_of_a_task(quick: GraphView) -> None:
    cost = describe(resolve(load_study("quickstart"))).cost
    parts = sum(seconds for name, seconds in cost.parts.items() if name != "start and end")
    assert quick.total == pytest.approx(parts, rel=0.02)
    assert quick.finish(1) == pytest.approx(quick.total)
    assert quick.finish(64) >= sum(quick.seconds[task.key] for task in quick.critical_path) - 1e-9


@pytest.mark.slow
def test_json_has_needs_costs_and_path(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plan", "tiny", "--graph", "--json"])
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)["result"]
    keys = {one["task"] for one in told["tasks"]}
    assert {need for one in told["tasks"] for need in one["needs"]} <= keys
    assert set(told["critical_path"]["tasks"]) <= keys
    assert told["cpu_seconds"] == pytest.approx(sum(one["cpu_seconds"] for one in told["tasks"]), abs=0.1)
    assert told["not_distributed"]


@pytest.mark.slow
def test_figures_are_those_of_a_run_of_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = load_study("tiny")
    plan = resolve(study)
    place = Path("runs/tiny-7")
    write_plan(place, plan.record())
    save_done(place, Done("fit", {}, {}, 41.0))
    view = finsim.plan("tiny", graph=True)
    assert isinstance(view, GraphView)
    assert view.seconds["fit"] == 41.0
    assert "as runs/tiny-7 took (" in view.to_text()
    assert finsim.plan(place, graph=True).seconds == view.seconds
    assert run_of(resolve(study.with_seed(8)), place) is None
    assert finsim.plan("tiny", seed=8, graph=True).seconds["fit"] < 41.0
    (place / ".finsim/plan.json").write_text("{")
    assert finsim.plan("tiny", graph=True).source == "as predicted"
    with pytest.raises(StudyError, match="both are given"):
        finsim.plan("tiny", graph=True, csv="sep=;")
