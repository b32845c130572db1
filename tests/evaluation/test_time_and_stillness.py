"""Time asymmetry and still days: plain twins, the faults that they see, and where they see nothing."""

from __future__ import annotations

import importlib
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from finsim.evaluation import METRICS
from finsim.evaluation.case import path_case
from finsim.evaluation.long_run.still_days import still_share
from finsim.evaluation.long_run.time_asymmetry import aftermath
from finsim.evaluation.metric import Score
from finsim.evaluation.settings import Settings
from finsim.evaluation.verdicts import judged_together
from finsim.randomness import Streams

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
laws = importlib.import_module("price_laws")
HEAVY, MILD = laws.LAWS
BACKWARDS, TURNED, STALE = "time reversed", "signs turned", "a tenth of days without a move"


def plain(path: np.ndarray) -> float:
    """Return the aftermath of one path, day by day."""
    weights = [0.9**k for k in range(30)]
    least = 1e-3 * float(np.abs(path).mean())
    moves, changes = [], []
    for day in range(30, len(path) - 30):
        after = sum(w * abs(path[day + 1 + k]) for k, w in enumerate(weights)) / sum(weights) + least
        before = sum(w * abs(path[day - 1 - k]) for k, w in enumerate(weights)) / sum(weights) + least
        moves.append(min(max(path[day] / ((after + before) / 2), -4.0), 4.0))
        changes.append(math.log(after / before))
    return float(np.corrcoef(moves, changes)[0, 1])


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """One real path and forty synthetic ones of the law."""
    rng = np.random.default_rng(71)
    return laws.returns(rng, 1, laws.LAWS[HEAVY]), laws.returns(rng, 40, laws.LAWS[HEAVY])


def scores(name: str, real: np.ndarray, made: np.ndarray) -> list[Score]:
    sides = laws.prices(real, "2000-01-03"), laws.prices(made, "2013-01-01")
    case = path_case(sides[0], None, sides[1], Streams(3), Settings())
    return list(judged_together(METRICS.load(name).compute(case)))


@pytest.mark.parametrize("rows", [252, 400])
def test_the_aftermath_of_falls_is_what_it_is_day_by_day(rows: int) -> None:
    paths = np.random.default_rng(rows).standard_t(4, (5, rows))
    paths[0, 100:150] = 0.0
    assert aftermath(paths) == pytest.approx([plain(path) for path in paths])


def test_turned_signs_and_reversed_time_turn_the_aftermath() -> None:
    paths = laws.returns(np.random.default_rng(8), 20, laws.LAWS[MILD])[:, :, 0]
    assert aftermath(-paths) == pytest.approx(-aftermath(paths))
    assert aftermath(paths[:, ::-1]) == pytest.approx(-aftermath(paths))
    assert aftermath(7.0 * paths) == pytest.approx(aftermath(paths))
    assert -0.08 < aftermath(paths).mean() < -0.02  # the law: falls raise volatility


@pytest.mark.parametrize("fault", [BACKWARDS, TURNED])
@pytest.mark.parametrize("law", [HEAVY, MILD])
def test_backward_prices_and_turned_signs_fail(law: str, fault: str) -> None:
    rng = np.random.default_rng(9)
    real, made = (laws.returns(rng, count, laws.LAWS[law]) for count in (1, 40))
    found = scores("time_asymmetry", real, laws.faults(laws.LAWS[law])[fault](made, rng))
    assert found[0].subject.startswith("all assets")
    assert found[0].verdict == "fail"
    good = scores("time_asymmetry", real, made)
    assert good[0].verdict == "pass"
    assert {score.verdict for score in good} <= {"pass", "no power"}
    means = [np.mean([aftermath(side[:, :, asset]).mean() for asset in (0, 1)]) for side in (real, made)]
    assert good[0].ceiling == pytest.approx(abs(sum(means)))  # the synthetic side, its signs turned


def test_where_falls_leave_nothing_behind_there_is_no_power() -> None:
    law = replace(laws.LAWS[MILD], gamma=0.0)
    found = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        real, made = laws.returns(rng, 1, law), laws.returns(rng, 20, law)
        found += [one for own in (made, -made) for one in scores("time_asymmetry", real, own)]
    blind = [one for one in found if one.goal >= one.ceiling]
    assert len(blind) > len(found) / 2
    assert {one.verdict for one in blind if one.value <= one.goal} == {"no power"}
    assert sum(one.value > one.goal for one in blind) <= 1  # chance alone, a warning at most
    assert "fail" not in {one.verdict for one in found}


def test_a_tenth_of_still_days_fails_and_counts_are_exact(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    real, made = drawn
    stale = laws.stale(0.1, made, np.random.default_rng(11))
    assert still_share(stale[:, :, 0]).mean() == pytest.approx(0.1, abs=0.005)
    assert np.cumsum(stale, axis=1)[:, -1] == pytest.approx(
        np.cumsum(made, axis=1)[:, -1], abs=0.2
    )  # the next close catches up
    assert {score.verdict for score in scores("still_days", real, stale)} == {"fail"}
    assert {score.verdict for score in scores("still_days", real, made)} == {"pass"}
    assert still_share(np.array([[0.0, 1e-13, 1e-6, 0.1]])) == pytest.approx([0.5])


def test_prices_of_a_model_need_not_be_rounded_as_real_ones_are(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    real, made = drawn
    rounded = laws.stale(0.06, real, np.random.default_rng(12))
    found = scores("still_days", rounded, made)
    assert {score.verdict for score in found} == {"warn"}
    assert all(score.p == pytest.approx(0.05) for score in found)


@pytest.mark.parametrize("reals", [1, 9])
def test_days_on_which_every_path_stands_still_fail(drawn: tuple[np.ndarray, np.ndarray], reals: int) -> None:
    """Closes of a week of seven days: no spread over paths, and no real path like them."""
    real = laws.returns(np.random.default_rng(13), reals, laws.LAWS[HEAVY])
    weekends = drawn[1].copy()
    weekends[:, np.arange(weekends.shape[1]) % 7 >= 5] = 0.0
    found = scores("still_days", real, weekends)
    assert {score.verdict for score in found} == {"fail"}
    assert found[0].value == pytest.approx(2 / 7, abs=0.001)
