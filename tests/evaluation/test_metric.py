import json
import math
from dataclasses import replace

import numpy as np
import pytest

from finsim.errors import RecordError, StudyError
from finsim.evaluation import METRICS
from finsim.evaluation.metric import (
    BACKTEST,
    FAIL,
    NO_POWER,
    NOT_COMPUTED,
    PASS,
    SHARE,
    WARN,
    Evidence,
    Metric,
    Score,
)  # fmt: skip
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings


def metric(**changed: object) -> Metric:
    fields = {
        "name": "gap", "case": "paths", "use": BACKTEST, "unit": "points", "lowest": 0.0, "highest": 1.0,
        "best": 0.0, "delta": 0.1, "origin": "assumption", "order_free": True, "era": 0.2,
        "compute": lambda case: [],
    }  # fmt: skip
    return Metric(**{**fields, **changed})


def evidence(value: float, spread: float = 0.0, few: bool = False, holdout: float | None = None) -> Evidence:
    draws = value + spread * np.linspace(-1, 1, 101)
    return Evidence(value, draws, np.linspace(0.0, 0.2, 101), holdout, few)


def score(verdict: str = PASS, use: str = BACKTEST, **changed: object) -> Score:
    fields = {
        "metric": "gap", "subject": "x", "value": 0.1, "low": 0.0, "high": 0.2, "n": 9, "floor": 0.05,
        "ceiling": 1.0, "goal": 0.3, "verdict": verdict, "use": use, "unit": "points",
        "reason": "" if verdict == PASS else "because",
    }  # fmt: skip
    return Score(**{**fields, **changed})


def test_the_goal_is_the_real_spread_and_delta():
    found = metric().compared("x", evidence(0.25))
    assert found.goal == pytest.approx(0.19 + 0.1)
    assert found.floor == pytest.approx(0.1)
    assert found.verdict == PASS


def judged(found: Score) -> str:
    """Return the verdict of a score that is alone in its use."""
    return Scorecard((found,)).scores[0].verdict


def test_a_value_above_the_goal_warns_and_fails_when_real_data_would_hardly_be_there():
    near = metric().compared("x", evidence(0.295))
    assert (near.verdict, judged(replace(near, p=0.06))) == (WARN, WARN)
    far = metric().compared("x", evidence(0.5, spread=0.1))
    assert far.verdict == WARN
    assert far.p < 0.01
    assert judged(far) == FAIL
    assert "0.5" in far.reason


def test_the_chance_of_a_value_is_its_rank_among_the_real_draws_less_the_margin():
    # Floors 0, .002, ..., .2; .25 - .1 = .15: 26 of 101 draws lie at or above it.
    assert metric().compared("x", evidence(0.25)).p == pytest.approx(27 / 102)


def test_a_two_sided_statistic_is_judged_on_its_own_side_and_its_chance_is_doubled():
    signed = np.linspace(-0.2, 0.2, 201)
    found = metric().compared("x", Evidence(0.25, signed, signed, two_sided=True, floor=0.1))
    assert found.goal == pytest.approx(np.quantile(signed, 0.975) + 0.1)
    assert found.floor == 0.1
    assert found.p == pytest.approx(2 * 27 / 202, abs=0.011)
    assert metric().compared("x", Evidence(0.01, signed, signed, two_sided=True, floor=0.1)).p == 1.0


def test_a_given_interval_stands_and_what_is_told_goes_into_the_note():
    found = metric().compared(
        "x",
        Evidence(0.1, np.zeros(3), np.linspace(0, 0.2, 101), interval=(0.05, 0.4), told="7 paths"),
        note="a",
    )
    assert (found.low, found.high, found.note) == (0.05, 0.4, "a; 7 paths")


def test_one_path_may_be_another_era_and_fails_with_its_whole_interval_only():
    assert metric().compared("x", evidence(0.45, few=True)).verdict == PASS
    assert judged(metric().compared("x", evidence(0.45))) == FAIL
    assert judged(metric().compared("x", evidence(0.9, few=True))) == FAIL
    wide = metric().compared("x", evidence(0.9, spread=0.6, few=True))
    assert (wide.p, judged(replace(wide, p=wide.p + 0.01))) == (0.05, WARN)


def test_a_hold_out_is_the_floor_of_one_path_and_can_only_widen_its_goal():
    found = metric().compared("x", evidence(0.45, few=True, holdout=0.4))
    assert (found.floor, found.verdict) == (0.4, PASS)
    assert found.goal == pytest.approx(0.19 + (0.4 - 0.1) + 0.1 + 0.2)
    assert metric().compared("x", evidence(0.1, few=True, holdout=0.01)).goal == pytest.approx(0.49)


def test_a_hold_out_of_another_era_does_not_excuse_many_paths():
    found = metric().compared("x", evidence(0.45, holdout=0.4))
    assert judged(found) == FAIL
    assert found.goal == pytest.approx(0.29)
    assert "hold-out 0.4" in found.note


def test_a_goal_that_a_useless_twin_reaches_is_no_power():
    found = metric().compared("x", evidence(0.1), ceiling=0.29)
    assert found.verdict == NO_POWER
    assert "useless twin" in found.reason
    assert metric().compared("x", evidence(0.1), ceiling=0.9).verdict == PASS
    assert metric().compared("x", evidence(0.35), ceiling=0.2).verdict == WARN


def test_an_undefined_statistic_is_not_computed():
    found = metric().compared("x", evidence(math.nan))
    assert found.verdict == NOT_COMPUTED
    assert found.value is None
    assert found.reason


def test_scores_survive_json_and_nan_becomes_none():
    found = score(floor=math.nan)
    assert found.floor is None
    assert Score.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    with pytest.raises(RecordError, match="verdict"):
        Score.from_dict({"metric": "gap"})


@pytest.mark.parametrize("changed", [{"verdict": "good"}, {"use": "fun"}, {"direction": "up"}])
def test_unknown_words_are_refused(changed):
    with pytest.raises(RecordError, match="expected"):
        score(**changed)


@pytest.mark.parametrize(
    ("name", "direction"),
    [("kolmogorov", "lower"), ("bar_copies", "lower"), ("shortcuts", "lower"), ("detector", "higher"),
     ("default_clusters", "higher"), ("scheme_counts", "target"), ("loss_tail", "neither")],
)  # fmt: skip
def test_scores_say_which_values_are_better(name, direction):
    found = METRICS.load(name).missing("x", "nothing here")
    assert found.to_dict()["direction"] == direction
    told = METRICS.load(name).scored("x", 0.5, (0.4, 0.6), 3, (None, None, 1.0), (PASS, ""))
    assert told.direction == direction


def test_a_best_value_at_the_top_means_higher():
    for name in METRICS:
        line = METRICS.load(name)
        if line.best == line.highest:
            assert line.direction == "higher", name


def test_a_use_fails_with_one_fail_and_warns_above_one_warning_in_ten():
    ten = [score() for _ in range(9)]
    assert Scorecard((*ten, score(WARN))).verdicts()[BACKTEST].verdict == PASS
    assert Scorecard((*ten, score(WARN), score(WARN))).verdicts()[BACKTEST].verdict == WARN
    assert Scorecard((*ten, score(FAIL))).verdicts()[BACKTEST].verdict == FAIL
    nothing = Scorecard((score(NOT_COMPUTED, use=SHARE),)).verdicts()
    assert nothing[SHARE].verdict == NOT_COMPUTED
    assert BACKTEST not in nothing


def test_reasons_list_failures_first_and_name_the_metric():
    card = Scorecard((score(WARN), score(FAIL, subject="y")))
    reasons = card.verdicts()[BACKTEST].reasons
    assert reasons == ("fail: gap of y: because", "warn: gap of x: because")


def test_a_scorecard_round_trips_and_prints(tmp_path):
    card = Scorecard([score(), score(FAIL, value=None, low=None)])
    card.write(tmp_path / "scorecard.json")
    read = json.loads((tmp_path / "scorecard.json").read_text())
    assert Scorecard.from_dict(read) == card
    assert set(read) == {"scores", "verdicts"}
    assert "backtest: fail" in card.table()
    assert len(card.of("gap", "x")) == 2


@pytest.mark.parametrize(
    "changed", [{"bootstrap": 3}, {"window": 2}, {"budgets": (2.0,)}, {"holdout_share": 0.0}]
)
def test_settings_that_give_no_interval_are_refused(changed):
    with pytest.raises(StudyError, match="expected"):
        Settings(**changed)
