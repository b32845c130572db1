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


def test_the_remarks_of_a_scenario_are_shown_as_they_are_at_its_severity() -> None:
    hard, mild = finsim.show("dfast-severely-adverse-2026"), finsim.show("dfast-severely-adverse-2026@0.5")
    assert "macro.bbb_spread: a move of 3.4 pp" in hard.to_dict()["remarks"][0]
    assert any(line.startswith("remark: ") for line in hard.lines)
    assert mild.to_dict()["remarks"] == []  # half the move is within six standard deviations
