"""Turned copies: windows of real returns with their sign turned, run backwards, or both; noise may be added.

The windows and the test are those of ``near_copies``.
"""

from __future__ import annotations

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.privacy.near_copies import window_scores


def measure(case: PathCase) -> list[Score]:
    """Return the share of windows flagged as turned copies: of single assets, and of all assets together."""
    return window_scores(METRIC, case, turned=True)


METRIC = Metric(
    name="turned_copies",
    case="paths",
    use=SHARE,
    unit="share of windows",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.005,
    origin="assumption: as for near_copies",
    order_free=False,
    compute=measure,
    summary="Windows too close to a training window with its sign turned or run backwards",
    order=205,
    how=(
        "The test of near_copies against the windows of the training part with their sign turned, run "
        "backwards, or both; scale and noise do not matter."
    ),
    misses="Days in another order (see day_copies), and what near_copies misses.",
    estimator=(
        "as near_copies, the nearest of three turned forms of each real window, in training, hold-out, null "
        "and planted copies alike; a quarter of the pairs are compared"
    ),
    references="0 / 1",
    required=True,
)
