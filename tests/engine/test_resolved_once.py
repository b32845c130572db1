"""A run resolves its study once, and its process keeps the memory that blocks of rows free."""

import sys

import pytest

from finsim.engine import run as running
from finsim.engine import tasks
from finsim.engine.executors import freed_memory
from finsim.engine.executors.freed_memory import keep_freed_memory
from finsim.engine.finished_tasks import write_plan
from finsim.engine.study.study_file import study_of
from finsim.engine.study.study_resolution import resolve

TINY = {
    "id": "once",
    "market": {
        "data": "wiki_aapl_ibm_2000_2013", "generator": "bootstrap", "paths": 1, "sessions": 32,
    },
    "scenarios": ["base"],
    "evaluation": False,
}  # fmt: skip


def test_tasks_of_a_run_use_the_plan_that_it_resolved_and_others_do_not(tmp_path, monkeypatch):
    def again(record):
        raise AssertionError("the study was resolved again")

    monkeypatch.setattr(tasks, "_resolved", {})
    place, study = tmp_path / "run", study_of(TINY)
    assert tasks.taken_plan(place) is None
    with monkeypatch.context() as patch:
        patch.setattr(tasks, "plan_of", again)
        running.run(study, output=place)
    plan = tasks.taken_plan(place)
    assert plan is not None
    assert plan.record() == resolve(study).record()

    write_plan(place, {**plan.record(), "inputs": {"wiki_aapl_ibm_2000_2013": "0" * 64}})
    assert tasks.taken_plan(place) is None, "a record of other inputs is another plan"
    with monkeypatch.context() as patch:
        patch.setattr(tasks, "plan_of", again)
        tasks._known_plan.cache_clear()
        with pytest.raises(AssertionError, match="resolved again"):
            tasks._plan(str(place))
    (place / ".finsim" / "plan.json").write_text("{")
    assert tasks.taken_plan(place) is None


def test_freed_memory_is_kept_unless_the_environment_says_how(monkeypatch):
    asked = []

    class Library:
        def mallopt(self, name, value):
            asked.append((name, value))
            return 1

    for name in freed_memory._OWN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda name: Library())
    monkeypatch.setattr(sys, "platform", "linux")
    work = keep_freed_memory.__wrapped__
    assert work()
    assert asked == [(-1, 256 * 2**20), (-3, 64 * 2**20)]
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda name: object())
    assert not work(), "a C library without mallopt"
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda name: Library())
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.trim_threshold=1")
    assert not work()
    monkeypatch.delenv("GLIBC_TUNABLES")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not work()
    assert len(asked) == 2
