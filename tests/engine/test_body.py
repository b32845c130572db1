"""Settings of a generator are read in one place: unknown keys and wrong types are refused by name."""

from __future__ import annotations

import pytest

from finsim.engine.market_model.fit_and_sample import Learner, settings_of
from finsim.errors import StudyError


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(StudyError) as caught:
        settings_of(Learner("bootstrap", {"blok": 3, "kind": 7, "block": "long"}))
    assert len(caught.value.problems) >= 2
    assert {problem.place.partition(".")[0] for problem in caught.value.problems} == {"generator"}
