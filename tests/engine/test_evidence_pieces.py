"""Evidence in pieces is the evidence of a whole: nothing twice, nothing lost, one order."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from finsim.engine.stages import evidence_pieces, evidence_stage, share_payments
from finsim.engine.stages.evidence_pieces import (
    COPIES,
    TOLD_APART,
    UNSEEN,
    WORLD,
    pieces,
    put_together,
    read_scores,
    write_scores,
)
from finsim.engine.study.study_file import study_of
from finsim.engine.study.study_resolution import resolve
from finsim.errors import FitError
from finsim.evaluation import METRICS, paths
from finsim.evaluation.metric import Score
from finsim.evaluation.uses import NOT_COMPUTED

MARKET = {"data": "wiki_aapl_ibm_2000_2013", "generator": "bootstrap", "paths": 2, "sessions": 70}
LEDGER = {
    "data": "amlsim_transfers", "schema": "amlsim_transfers", "entities": 300, "days": 9, "currency": "USD",
}  # fmt: skip


def missing(metric: str, reason: str = "too few") -> Score:
    return METRICS.load(metric).missing("x", reason)


def test_scores_are_read_as_they_were_written(tmp_path: Path) -> None:
    scores = [missing("near_rows"), missing("membership", "é < 1")]
    write_scores(tmp_path, "market/bars/gfc-2008@0.5", scores)
    assert read_scores(tmp_path, "market/bars/gfc-2008@0.5") == scores


def test_what_unseen_entities_settle_stands_for_what_was_open(tmp_path: Path) -> None:
    write_scores(tmp_path, WORLD, [missing("shortcuts")])
    write_scores(tmp_path, COPIES, [missing("near_rows"), missing("membership"), missing("linkability")])
    write_scores(tmp_path, UNSEEN, [missing("membership", "settled")])
    found = put_together(tmp_path, [WORLD, COPIES, UNSEEN], [missing("margins")])
    assert [(one.metric, one.reason) for one in found] == [
        ("margins", "too few"), ("shortcuts", "too few"), ("near_rows", "too few"),
        ("linkability", "too few"), ("membership", "settled"),
    ]  # fmt: skip


def test_assets_that_never_move_are_named_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert f'"{evidence_stage.STILL}"' in inspect.getsource(paths)
    monkeypatch.setattr(evidence_pieces, "MUCH", 0)
    monkeypatch.setattr(evidence_stage, "_some_paths", lambda *given: None)
    asked: list[list[str]] = []

    def judge(*given: Any, **more: Any) -> list[Score]:
        asked.append(given[5])
        return [missing(given[5][0], evidence_stage.STILL), missing(given[5][0])]

    monkeypatch.setattr("finsim.evaluation.paths.evaluate_paths", judge)
    plan = resolve(study_of({"id": "p", "market": MARKET, "scenarios": ["base"]}))
    names = [one.name for one in pieces(plan) if one.name.startswith("market/likeness")]
    chosen = evidence_stage.settings(plan)
    found = [one for name in names for one in evidence_stage.piece_scores(tmp_path, plan, name, chosen)]
    assert [one.reason for one in found].count(evidence_stage.STILL) == 1
    assert len(found) == len(names) + 1
    assert [name for group in asked for name in group] == list(METRICS.of_case("paths"))


def test_bars_that_cannot_be_judged_say_so_for_every_metric(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = resolve(study_of({"id": "p", "market": {**MARKET, "sessions": 5}, "scenarios": ["base"]}))
    monkeypatch.setattr(evidence_stage, "_some_paths", lambda *given: evidence_stage._history(plan)[0])
    monkeypatch.setattr(evidence_pieces, "MUCH", 0)

    def refuse(*given: Any, **more: Any) -> list[Score]:
        raise evidence_stage.DataError("5 rows", expected="64 rows")

    monkeypatch.setattr("finsim.evaluation.paths.evaluate_paths", refuse)
    names = [one.name for one in pieces(plan) if one.name.startswith("market/likeness")]
    scores = [
        one
        for name in names
        for one in evidence_stage.piece_scores(tmp_path, plan, name, evidence_stage.settings(plan))
    ]
    assert [one.metric for one in scores] == list(METRICS.of_case("paths"))
    assert {one.verdict for one in scores} == {NOT_COMPUTED}
    assert all("5 rows; expected 64 rows" in one.reason for one in scores)


@pytest.mark.parametrize("body", [None, "habits"])
def test_a_twin_waits_for_the_choice_of_a_body_where_none_is_named(body: str | None, tmp_path: Path) -> None:
    from finsim.engine.graph.task_graph import graph_of

    ledger = LEDGER if body is None else {**LEDGER, "body": body}
    plan = resolve(study_of({"id": "p", "transactions": ledger, "scenarios": ["base"]}))
    tasks = {task.key: task for task in graph_of(tmp_path, plan)}
    assert tasks["twin"].needs == (("learn",) if body is None else ())
    for name in (UNSEEN, *(f"transactions/told_apart-{one}" for one in TOLD_APART)):
        assert "twin" in tasks[f"evidence/{name}"].needs


def test_a_body_that_cannot_be_fitted_again_has_lines_that_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = resolve(study_of({"id": "p", "transactions": {**LEDGER, "body": "habits"}, "scenarios": ["base"]}))

    def refuse(*given: Any, **more: Any) -> None:
        raise FitError("too few entities")

    monkeypatch.setattr(share_payments, "fit_events", refuse)
    done = share_payments.twin_task(tmp_path, plan, share_payments.Task(str(tmp_path), "twin"))
    assert done.facts == {"refused": "too few entities"}
    share_payments_done = "finsim.engine.stages.share_payments.load_done"
    monkeypatch.setattr(share_payments_done, lambda run, key: done)
    write_scores(tmp_path, COPIES, [missing("membership")])
    chosen = evidence_stage.settings(plan)
    apart = evidence_stage.piece_scores(tmp_path, plan, f"transactions/told_apart-{TOLD_APART[0]}", chosen)
    assert [(one.metric, one.reason) for one in apart] == [(TOLD_APART[0], "too few entities")]
    assert evidence_stage.piece_scores(tmp_path, plan, UNSEEN, chosen) == []
