"""The judging stage hands every stored path to the copy checks, a block at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from finsim.engine.finished_run import Run
from finsim.engine.stages import evidence_stage
from finsim.engine.study.study_file import Study
from finsim.engine.study.study_resolution import resolve


def test_copy_checks_get_all_paths(tiny: Study, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def judge(train: Any, holdout: Any, synthetic: Any, *rest: Any, stored: Any, **others: Any) -> list[Any]:
        seen.setdefault("synthetic", synthetic)
        seen.setdefault("stored", stored)
        return []

    monkeypatch.setattr("finsim.evaluation.paths.evaluate_paths", judge)
    monkeypatch.setattr(evidence_stage, "BLOCK", 4)
    plan = resolve(tiny)
    chosen = replace(evidence_stage.settings(plan), max_paths=2)
    evidence_stage.piece_scores(finished.path, plan, "market/likeness-1", chosen)
    assert seen["synthetic"].count == 2
    blocks = list(seen["stored"])
    assert [block.count for block in blocks] == [4, 2]
    assert [block.first_path for block in blocks] == [0, 4]
    assert seen["stored"].count == 6
    close = np.concatenate([block.close for block in blocks])
    assert np.array_equal(close, finished.paths.close)
    assert np.array_equal(close, np.concatenate([block.close for block in seen["stored"]]))
