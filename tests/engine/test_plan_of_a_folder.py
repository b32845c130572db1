"""A run folder that is made anew in one process has its own plan, not that of the one before."""

from finsim.engine import tasks


def test_the_plan_is_known_by_its_contents(monkeypatch, tmp_path):
    record = {"months": 6}
    monkeypatch.setattr(tasks, "read_plan", lambda run: dict(record))
    monkeypatch.setattr(tasks, "plan_of", lambda known: known["months"])
    assert tasks._plan(str(tmp_path)) == 6
    record["months"] = 3
    assert tasks._plan(str(tmp_path)) == 3
