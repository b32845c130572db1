"""A run resolves its study once."""

import pytest

from finsim.engine import run as running
from finsim.engine import tasks
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
