"""The company that the wildest weeks keep: a plain twin, and crises that are moved away from it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from finsim.evaluation.long_run.crisis_spells import company

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
rates = importlib.import_module("verdict_error_rates")
laws = importlib.import_module("price_laws")
HEAVY, MILD = laws.LAWS
MOVED = "crisis weeks of one asset moved elsewhere"


def plain(path: np.ndarray) -> float:
    """Return the same for one path of numbers without ties, week by week."""
    found = []
    for first in range(5):
        size = np.abs(path[first:])
        weeks = [float(size[k : k + 5].mean()) for k in range(0, len(size) - 4, 5)]
        ranks = [sum(other <= week for other in weeks) / len(weeks) for week in weeks]
        around = [
            (ranks[k - 2] + ranks[k - 1] + ranks[k + 1] + ranks[k + 2]) / 4
            for k in range(2, len(weeks) - 2)
            if ranks[k] > 0.96
        ]
        found.append(sum(around) / max(len(around), 1))
    return sum(found) / 5


@pytest.mark.parametrize("rows", [300, 641, 903])
def test_the_company_of_wild_weeks_is_what_it_is_week_by_week(rows: int) -> None:
    paths = np.random.default_rng(rows).standard_t(3, (6, rows))
    assert company(paths) == pytest.approx([plain(path) for path in paths])


def test_wild_weeks_in_a_row_keep_wild_company_and_lonely_ones_do_not() -> None:
    rng = np.random.default_rng(1)
    calm = rng.standard_normal((2, 2_000))
    calm[0, 500:580] *= 9  # sixteen weeks, the wildest 4 %
    for week in range(10, 390, 24):
        calm[1, 5 * week : 5 * week + 5] *= 9
    together, apart = company(calm)
    assert together > 0.9
    assert apart == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("phase", [0, 2])
def test_moved_crises_leave_the_company_of_the_law(phase: int) -> None:
    rng = np.random.default_rng(7)
    for law in (HEAVY, MILD):
        moves = laws.returns(rng, 60, laws.LAWS[law])
        turned = np.roll(moves, -phase, axis=1)
        good, bad = company(moves[:, :, 1]), company(laws.crises_apart(0.04, turned, rng)[:, :, 1])
        assert np.mean(good > bad.mean() + 3 * bad.std()) >= 0.8
        assert np.array_equal(company(5.0 * moves[:, :, 1]), good)  # free of scale


def test_the_use_fails_on_crises_moved_elsewhere_and_not_on_the_law() -> None:
    moved, itself = (rates.replicate(HEAVY, name, 60, 2).scores for name in (MOVED, ""))
    assert "crisis_spells" in {score.metric for score in moved if score.verdict == "fail"}
    assert "crisis_spells" not in {score.metric for score in itself if score.verdict == "fail"}
