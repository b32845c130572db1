"""Tasks on a Dask cluster: the same tables, errors in our words, addresses that are none."""

from __future__ import annotations

import logging
import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plain_page import PAGES

from finsim import extras
from finsim.engine import run as running
from finsim.engine import run_completion
from finsim.engine.executors import cluster as on_cluster
from finsim.engine.executors import executor, refuse_cluster
from finsim.engine.study.study_file import study_of
from finsim.engine.tasks import Task
from finsim.errors import FitError, StudyError
from finsim.provenance.verify import verify_run

distributed = pytest.importorskip("distributed")
MARKET = {
    "id": "m",
    "market": {
        "data": "wiki_aapl_ibm_2000_2013", "generator": "bootstrap", "paths": 2, "sessions": 40,
        "shard_paths": 1,
    },
    "scenarios": ["base"],
    "evaluation": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a scheduler whose two workers are threads of this process."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the event loop, when its threads end
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=False, protocol="tcp", dashboard_address=None,
            host="127.0.0.1",
        ) as found:  # fmt: skip
            yield found.scheduler_address


@pytest.fixture(autouse=True)
def plain_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs of these tests have a page of one line."""
    monkeypatch.setattr(run_completion, "PAGES", PAGES)


def tables(run: Path) -> dict[str, bytes]:
    found = (path for path in run.rglob("*") if path.suffix in (".parquet", ".safetensors"))
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in found}


def test_a_run_on_a_cluster_has_the_tables_of_a_serial_one(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    work = running.Work(cluster=address, say=said.append)
    far = running.run(study_of(MARKET), output="far", work=work).path
    near = running.run(study_of(MARKET), output="near").path
    assert tables(far) == tables(near)
    assert len(tables(near)) > 4
    assert verify_run(far).ok
    assert said
    assert said[0].startswith("dashboard of the cluster: http")


def refusing(task: Task) -> str:
    if task.stage == "bad":
        raise FitError("too short", place="p.csv", remedy="more rows")
    return task.key


def test_an_error_of_a_task_is_tried_once_and_keeps_its_words(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_cluster, "_sees", lambda run: (True, on_cluster.numeric_versions()))
    tasks = [Task("r", "a"), Task("r", "bad", needs=("a",)), Task("r", "c", needs=("bad",))]
    pool = executor(1, cluster=address)
    done = []
    try:
        with pytest.raises(FitError, match="too short") as caught:
            done.extend(task.key for task, _ in pool.run(refusing, tasks))
    finally:
        pool.close()
    assert done == ["a"]
    assert caught.value.problems[0].remedy == "more rows"


def test_what_needs_a_refused_task_is_not_done() -> None:
    refused = on_cluster.Refused(FitError("too short"))
    assert on_cluster._after(refusing, Task("r", "c"), "a", refused) is refused
    assert on_cluster._after(refusing, Task("r", "c"), "a") == "c"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((False, None), "does not see"),
        ((True, {"numpy": "0.1", "python": "3.11"}), r"numpy 0\.1 \(here "),
    ],
)
def test_workers_that_would_do_something_else_are_refused(
    address: str, answer: tuple[bool, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sees, versions = answer
    told = versions or on_cluster.numeric_versions()
    monkeypatch.setattr(on_cluster, "_sees", lambda run: (sees, told))
    pool = executor(1, cluster=address)
    try:
        with pytest.raises(StudyError, match=words):
            list(pool.run(refusing, [Task("r", "a")]))
    finally:
        pool.close()


@pytest.mark.parametrize(
    "text",
    [
        "", "local", "local:", "local:0", "local:-1", "local:2.5", "local:99999", "4", "tcp://", "tcp://h",
        "tcp://h:", "tcp://h:0", "tcp://h:70000", "http://h:8786", "tcp://h:8786/x", "tcp://a b:8786", "TCP://h:1",
        "local:2\n",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_any_work(text: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="is no cluster"):
        running.run(study_of(MARKET), output=tmp_path / "run", work=running.Work(cluster=text))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "text", ["local:1", "local:64", "tcp://10.0.0.1:8786", "tls://a.b-c.d:1", "tcp://[::1]:8786"]
)
def test_addresses_are_taken(text: str) -> None:
    refuse_cluster(text)


def test_without_the_extra_the_pip_line_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(extras, "_is_installed", lambda module: module != "distributed")
    with pytest.raises(StudyError, match="distributed") as caught:
        running.run(study_of(MARKET), output=tmp_path / "run", work=running.Work(cluster="local:2"))
    assert caught.value.problems[0].remedy == 'pip install "finsim[cluster]"'
    assert not (tmp_path / "run").exists()


def test_nobody_at_the_address_is_told_in_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(on_cluster, "_CONNECT_SECONDS", 0.2)
    with pytest.raises(StudyError, match="no scheduler answers"):
        executor(1, cluster="tcp://127.0.0.1:9")


def killing(task: Task) -> str:
    """Kill the worker at the first try of each task."""
    mark = Path(task.run) / task.stage
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task.key


@pytest.mark.slow
def test_tasks_of_killed_workers_are_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".finsim").mkdir()
    (tmp_path / ".finsim/plan.json").touch()
    tasks = [Task(str(tmp_path), "a"), Task(str(tmp_path), "b"), Task(str(tmp_path), "c", needs=("a", "b"))]
    pool = executor(1, cluster="local:2")
    try:
        assert sorted(key for _, key in pool.run(killing, tasks)) == ["a", "b", "c"]
    finally:
        pool.close()
