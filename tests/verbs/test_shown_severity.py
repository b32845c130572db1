"""A scenario is shown at the severity by which a study or a run calls it."""

import pytest

import finsim
from finsim.errors import StudyError


def test_a_scenario_at_half_severity_is_shown_so() -> None:
    whole, half = finsim.show("gfc-2008").to_dict(), finsim.show("gfc-2008@0.5").to_dict()
    jump_off = 4.7
    moves = [told["numbers"]["macro.unemployment.peak"] - jump_off for told in (whole, half)]
    assert moves[1] == pytest.approx(moves[0] / 2)
    assert whole["expects"]
    assert not half["expects"]
    with pytest.raises(StudyError, match="did you mean 'gfc-2008'"):
        finsim.show("gfc-2008@9")
