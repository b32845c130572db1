"""A scaled study: every size shrinks, training too, down to a floor and never above what was written."""

from __future__ import annotations

from typing import Any

import pytest

from finsim.engine.study.study_file import Study, load_study
from finsim.errors import StudyError
from finsim.generators.daily.daily_flow import DailyFlow


def market(**generator: Any) -> Study:
    part = {"data": "shipped:wiki_aapl_ibm_2000_2013.csv.gz", "generator": generator}
    return Study.model_validate({"finsim": "study/1", "id": "s", "market": part})


def steps(study: Study) -> int | None:
    assert study.market
    return study.market.generator.steps


def test_training_shrinks_when_the_study_leaves_the_steps_open() -> None:
    default = DailyFlow.Settings().steps
    study = load_study("quickstart")
    assert steps(study) is None
    assert steps(study.scaled(0.5)) == round(default * 0.5)
    assert steps(study.scaled(0.05)) == 100


def test_scale_1_changes_nothing_and_above_1_steps_stay() -> None:
    study = load_study("quickstart")
    assert study.scaled(1.0) == study
    assert study.scaled(1.0).digest == study.digest
    assert steps(study.scaled(3.0)) is None
    assert steps(market(name="flow", steps=600).scaled(3.0)) == 600


@pytest.mark.parametrize(
    ("generator", "factor", "expected"),
    [
        ({"name": "flow", "steps": 600}, 0.5, 300),
        ({"name": "flow", "steps": 600}, 0.01, 100),
        ({"name": "flow", "steps": 30}, 0.01, 30),
        ({"name": "flow", "settings": {"steps": 1000}}, 0.3, 300),
        ({"name": "bootstrap"}, 0.5, None),
        ({"name": "no_such"}, 0.5, None),
    ],
)
def test_steps(generator: dict[str, Any], factor: float, expected: int | None) -> None:
    assert steps(market(**generator).scaled(factor)) == expected


def test_a_small_study_is_never_made_larger() -> None:
    study = market(name="bootstrap")
    assert study.market
    small = study.model_copy(update={"market": study.market.model_copy(update={"paths": 2})})
    scaled = small.scaled(0.5).market
    assert scaled
    assert scaled.paths == 2


@pytest.mark.parametrize("factor", [0.0, -1.0, 20_000.0])
def test_impossible_factors_are_refused(factor: float) -> None:
    with pytest.raises(StudyError, match="scale"):
        market(name="bootstrap").scaled(factor)
