"""The law of the drivers, and the file that a breach becomes."""

import numpy as np
import pytest

from finsim.scenarios.compile import drivers
from finsim.scenarios.plausible.coherence import given, year_moves
from finsim.scenarios.resolve import flat_scenario
from finsim.scenarios.reverse.breach_text import BreachText, breach_text, with_moves
from finsim.scenarios.reverse.prior_law import prior_law, without_history

NAMES = ("unemployment", "bbb_spread", "house_prices")


def test_the_covariance_is_that_of_the_history():
    law = prior_law(NAMES)
    past = np.column_stack([year_moves()[name] for name in NAMES])
    assert law.root @ law.root.T == pytest.approx(np.cov(past.T), rel=1e-12)


def test_what_goes_along_stands_at_its_mean_given_the_others():
    law = prior_law(("equity",), ("unemployment",))
    assert law.free == 1
    equity, unemployment = law.root @ np.array([-2.0])
    slope = given("unemployment", "equity", 1.0)[0] - given("unemployment", "equity", 0.0)[0]
    assert unemployment == pytest.approx(slope * equity, rel=1e-9)
    assert equity < 0.0 < unemployment


def test_prices_move_in_percent_and_never_reach_zero():
    law = prior_law(("house_prices", "unemployment"), factor=0.5)
    assert law.names == ("house_prices", "unemployment", "credit_factor")
    far = law.moves(np.array([[-60.0, 0.0, 2.0]]))[0]
    assert -100.0 < far[0] < -95.0
    assert far[2] == 1.0
    assert law.moves(np.zeros((1, 3)))[0] == pytest.approx([0.0, 0.0, 0.0])


def test_variables_without_a_history_are_told():
    assert without_history(("payment_shock", "unemployment", "oil_price")) == ("payment_shock", "oil_price")


def test_the_file_of_a_breach_loads_and_says_its_moves(tmp_path, clock):
    moves = {"unemployment": 4.0, "house_prices": -20.0, "credit_factor": -1.5, "equity": -30.0}
    text = breach_text(
        BreachText("breach-1", 'A "title": here', "what\nhappens", moves, "a law; assumption: x", 1.25e-5,
                   "credit.loss_rate", 0.06)
    )  # fmt: skip
    path = tmp_path / "breach-1.yaml"
    path.write_text(text)
    scenario = flat_scenario(str(path))
    assert scenario.kind == "reverse"
    assert scenario.warnings == ()
    assert [claim.metric for claim in scenario.expect] == ["credit.loss_rate"]
    found = drivers(scenario, clock)
    for name in ("unemployment", "house_prices", "credit_factor"):
        assert found.macro[name][-1] == pytest.approx(moves[name])
        assert found.macro_steps[name] == pytest.approx(moves[name] * np.array([0.25, 0.5, 0.75, 1.0]))
    assert found.anchors[-1].move == pytest.approx(-0.3)
    assert not drivers(scenario, clock, 0.0).macro
    moved = {name: 0.37 * move for name, move in moves.items()}
    other = tmp_path / "b" / "breach-1.yaml"
    other.parent.mkdir()
    other.write_text(
        breach_text(
            BreachText("breach-1", "t", "n", moved, "a law; assumption: x", 0.1, "credit.loss_rate", 0.06)
        )
    )
    one, two = (drivers(one, clock) for one in (with_moves(scenario, moved), flat_scenario(str(other))))
    assert one.anchors == two.anchors
    assert all((one.macro[name] == two.macro[name]).all() for name in two.macro)
