"""Crisis spells: how wild the weeks around the wildest weeks are.

Crises that happen on their own, away from their assets' restless times, leave every margin and nearly all
of the autocorrelation of |r| as they were; only the company that the wildest weeks keep shows them.
"""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.long_run.wild_weeks import WEEK
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.extras import Later
from finsim.notation import Float1D, Float2D

stats = Later("scipy.stats", "evaluate")

WILD = 0.04
AROUND = 2
LEAST_WEEKS = 75
"""Three wild weeks."""


def company(values: Float2D) -> Float1D:
    """Return the mean rank (0 to 1) of the two weeks before and after the wildest 4 %: [n, T] -> [n].

    A week is 5 rows, its size the mean |r|; the mean is taken over the five rows on which weeks may begin.
    Weeks without two others on both sides do not count. Source: the extremogram of Davis and Mikosch 2009,
    with ranks in place of exceedances.
    """
    return np.asarray(np.mean([_of_phase(np.abs(values[:, phase:])) for phase in range(WEEK)], axis=0))


def _of_phase(size: Float2D) -> Float1D:
    weeks = size.shape[1] // WEEK
    means = size[:, : weeks * WEEK].reshape(len(size), weeks, WEEK).mean(axis=2)
    ranks = stats.rankdata(means, axis=1) / weeks
    inside = slice(AROUND, weeks - AROUND)
    shifts = [step for step in range(-AROUND, AROUND + 1) if step]
    around = np.mean([np.roll(ranks, step, axis=1)[:, inside] for step in shifts], axis=0)
    wild = ranks[:, inside] > 1.0 - WILD
    return np.asarray((around * wild).sum(axis=1) / np.maximum(wild.sum(axis=1), 1))


def measure(case: PathCase) -> list[Score]:
    """Return scores of all assets together and of each."""
    number = PathNumber("around the wildest weeks", company, LEAST_WEEKS * WEEK, log=False, normal=True)
    return asset_scores(case, METRIC, number, case.shuffled_real())


METRIC = Metric(
    name="crisis_spells",
    case="paths",
    use=BACKTEST,
    unit="mean rank of weeks",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.01,
    origin="assumption: a hundredth of all weeks calmer or wilder beside a crisis",
    order_free=False,
    compute=measure,
    summary="How wild the weeks around the wildest ones are",
    order=46,
    how=(
        "Mean rank of the two weeks before and the two after each of the wildest 4 % of an asset's weeks; "
        "the real path is ranked among the synthetic ones."
    ),
    misses="How large crises are, and which assets share them; see wild_weeks and tail_dependence.",
    estimator=(
        "mean rank (by mean |r|) of the two weeks of 5 rows on both sides of the wildest 4 %, mean over five "
        "first days, equally long paths"
    ),
    references="ranks / shuffled days",
)
