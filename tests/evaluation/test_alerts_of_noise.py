"""Alerts on labels that nothing tells: no model can fall short there, so no verdict may say so."""

import numpy as np
import pytest

from finsim.evaluation.metric_catalog import METRICS
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.evaluation.utility.alerts import LEAST_ALERTED, alert_scores
from finsim.evaluation.utility.higher_is_better import at_least
from finsim.evaluation.utility.label_rows import LabelRows, LabelSplit
from finsim.randomness import Streams

METRIC = METRICS.load("alert_recall")


def noise(rng: np.random.Generator, count: int) -> LabelRows:
    return LabelRows(rng.standard_normal((count, 3)), rng.random(count) < 0.2, np.arange(count))


@pytest.mark.parametrize("seed", [101, 103, 108])
def test_labels_of_noise_fail_at_no_budget(seed):
    rng = np.random.default_rng(seed)
    split = LabelSplit(noise(rng, 420), noise(rng, 180), noise(rng, 600), (), "noise")
    budgets = (0.001, 0.005, 0.01, 0.05)
    scores = alert_scores(METRIC, split, Streams(seed), Settings(bootstrap=40, budgets=budgets))
    assert {score.verdict for score in Scorecard(tuple(scores)).scores} == {"no power"}
    assert f"needs {LEAST_ALERTED / 0.001:,.0f} test rows" in scores[0].reason
    assert [score.value is None for score in scores] == [True, True, False, False]


def test_a_margin_that_noise_makes_negative_is_no_margin():
    floors = np.full(50, 0.3)
    scores = [
        at_least(METRIC, "recall", np.full(51, 0.29), floors, 0.0, 50, "", m) for m in (-0.2, 0.0, 0.05)
    ]
    assert [score.goal for score in scores] == pytest.approx([0.3, 0.3, 0.25])
