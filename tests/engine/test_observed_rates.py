"""Rates of what banks come to know: read from a study, refused where they are none, and no part of others."""

from __future__ import annotations

from typing import Any

import pytest

from finsim.agents.observed_rates import USUAL
from finsim.engine.study.study_file import Study
from finsim.engine.study.study_resolution import agent_settings, resolve
from finsim.errors import StudyError


def study(**more: Any) -> Study:
    return Study.model_validate(
        {"finsim": "study/1", "id": "x", "transactions": {"accounts": 300, "days": 5, **more}}
    )


def test_rates_of_a_study_reach_the_world_and_the_rest_is_as_usual() -> None:
    told = {"card": {"found": "70%", "delay": 14}, "monitoring": {"false": 0.001}}
    found = agent_settings(resolve(study(observed=told))).observed
    assert (found.card.found, found.card.delay, found.monitoring.false) == (0.7, 14.0, 0.001)
    assert (found.card.upheld, found.transfer, found.screening) == (
        USUAL.card.upheld, USUAL.transfer, USUAL.screening,
    )  # fmt: skip
    assert agent_settings(resolve(study())).observed == USUAL


def test_a_study_says_what_it_was_told_and_no_more() -> None:
    told = {"card": {"found": 0.7}}
    written = study(observed=told).model_dump()["transactions"]["observed"]
    assert written == {"card": {"found": 0.7}, "transfer": {}, "screening": {}, "monitoring": {}}
    assert "observed" not in study().model_dump()["transactions"]


@pytest.mark.parametrize(
    "wrong",
    [{"card": {"found": 1.5}}, {"cards": {}}, {"card": {"lookalikes": 0.1}}, {"transfer": {"delay": -1}},
     {"monitoring": {"spread": 6}}],
)  # fmt: skip
def test_rates_that_are_none_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((StudyError, ValueError), match=r"observed|cards|lookalikes|delay|spread|found"):
        study(observed=wrong)
