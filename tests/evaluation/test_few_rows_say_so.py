"""Verdict, figures and reason agree where few rows, or a few of many, decide."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.evaluation.added_rows.separation import GOAL, Separation
from finsim.evaluation.metric import FAIL, HIGHER, LOWER, NO_POWER, PASS, TARGET, WARN, Score
from finsim.evaluation.privacy.near_copy_test import NearCopies, discoveries, familywise, judged
from finsim.evaluation.privacy.near_rows import METRIC as NEAR
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.utility.detection import Detection
from finsim.evaluation.utility.detector import _score
from finsim.notation import Float1D


@pytest.mark.parametrize(
    ("direction", "ceiling", "goal", "verdict"),
    [
        (LOWER, 0.5, 0.667, NO_POWER), (LOWER, 0.6, 0.6, NO_POWER), (LOWER, 0.7, 0.6, PASS),
        (LOWER, None, 0.6, PASS), (HIGHER, 0.7, 0.6, NO_POWER), (HIGHER, 0.6, 0.6, PASS),
        (HIGHER, 0.5, 0.6, PASS), (TARGET, 0.5, 0.6, PASS),
    ],
)  # fmt: skip
def test_no_score_of_any_metric_passes_by_a_goal_that_a_useless_twin_reaches(
    direction: str, ceiling: float | None, goal: float, verdict: str
) -> None:
    given = (
        "table_two_sample",
        "x",
        0.65,
        0.6,
        0.7,
        9,
        0.5,
        ceiling,
        goal,
        PASS,
        "stress a portfolio",
        "AUC",
    )
    score = Score(*given, direction=direction)
    assert score.verdict == verdict
    assert bool(score.reason) == (verdict == NO_POWER)
    assert Scorecard((score,)).scores[0].verdict == verdict
    assert Score.from_dict({**score.to_dict(), "verdict": PASS}).verdict == verdict


def test_near_copies_that_fail_together_are_above_their_goal_and_said_in_words() -> None:
    p = np.concatenate([np.full(8, 2e-4), np.linspace(0.01, 1.0, 2_992)])
    found = NearCopies(discoveries(p, 0.1), p, 4_000, 200, 1e-5, 1, 0.1)
    assert int(found.flagged.sum()) == 8
    score = familywise(judged(NEAR, "rows", found, "rows", 0.05, 3), found, None, 3, 0.005)
    assert score.verdict == WARN
    assert score.value > score.goal == 0.0
    (told,) = Scorecard((score,)).scores
    assert told.verdict == FAIL
    assert "8 of 3,000 rows are nearer to training data than rows never seen in training are" in told.reason
    assert "no single one is beyond doubt; together they are more than chance gives" in told.reason


def detection(illicit: int, schemes: int, rows: int) -> Detection:
    marked = np.arange(rows) < illicit
    instance = np.where(marked, np.arange(rows) % schemes, -1)
    return Detection(np.zeros(rows), np.ones(rows), marked, instance, np.zeros(rows, dtype=bool), "told")


def low_from_zero(high: float) -> Float1D:
    """Return draws of which a tenth are zero: the interval begins there."""
    return np.concatenate([np.zeros(5), np.linspace(0.0, high, 45)])


def test_a_recall_that_few_schemes_leave_open_has_no_power_and_says_how_few() -> None:
    few = detection(36, 5, 5_362)
    open_ = _score("recall", 0.161, low_from_zero(0.33), few, 0.005, "")
    assert open_.verdict == NO_POWER
    assert open_.reason.startswith(
        "0.161 is above alerts at random (0.005), but 36 illicit rows of 5 schemes are too few to tell"
    )
    short = _score("recall", 0.0, np.zeros(50), detection(36, 5, 2_000), 0.001, "")
    assert (short.verdict, short.reason) == (NO_POWER, "2 rows alerted; needs 5,000 test rows")


def test_a_recall_that_is_surely_near_chance_fails() -> None:
    many = detection(2_000, 1_000, 100_000)
    near = _score("recall", 0.0055, np.linspace(0.003, 0.008, 50), many, 0.005, "")
    assert (near.verdict, near.reason) == (
        FAIL, "no better than alerts at random (0.005) on 2,000 illicit rows of 1,000 schemes",
    )  # fmt: skip
    assert _score("recall", 0.001, low_from_zero(0.3), many, 0.005, "").verdict == FAIL
    assert _score("recall", 0.2, np.linspace(0.1, 0.3, 50), many, 0.005, "").verdict == PASS
    assert _score("average precision", 0.99, np.linspace(0.98, 1.0, 50), many, None, "").verdict == WARN


def test_rows_that_real_ones_in_their_place_reach_are_no_giveaway() -> None:
    few = Separation("story", 5, 1, "amount", 0.7, "amount and hour", 0.988, 0.6, 0.991, 0.8, 0.995)
    assert few.meets_goal
    assert few.told == "5 rows are too few to tell: real ones reach 0.995"
    sure = Separation("story", 500, 50, "amount", 0.7, "amount and hour", 0.988, 0.55, 0.6, 0.57, 0.62)
    assert sure.findings == (("amount and hour", 0.988),)
    assert sure.told == f"above the goal of {GOAL:g}"
    assert Separation("story", 500, 50, "a", 0.6, "a and b", 0.7, 0.5, 0.5, 0.5, 0.5).told == ""
