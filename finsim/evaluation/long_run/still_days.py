"""Still days: closes that repeat the one before, as stale or frozen prices do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import RETURN
from finsim.evaluation.metric import BACKTEST, WITHIN, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.extras import Later
from finsim.notation import Float1D, Float2D, Float3D

special = Later("scipy.special", "evaluate")

STILL = 1e-12
LEAST, WEEK = 252, 5
USELESS = 0.1  # assumption: a strategy that trades at one stale close in ten is another strategy


def still_share(values: Float2D) -> Float1D:
    """Return the share of days whose |log return| is at most 1e-12: [n, T] -> [n]."""
    return np.asarray((np.abs(values) <= STILL).mean(axis=1))


NUMBER = PathNumber("days without a move", still_share, LEAST, log=False, normal=True)


def measure(case: PathCase) -> list[Score]:
    """Return scores of all assets together and of each; fewer still days than real ones only warn.

    Real closes are rounded to ticks, old ones coarsely, and prices of a model need not be.
    """
    found = asset_scores(case, METRIC, NUMBER, USELESS)
    own, real = (_shares(side.columns[RETURN]) for side in (case.compared, case.reference))
    if len(found) > 1:
        own, real = (np.concatenate([one.mean(axis=1)[:, None], one], axis=1) for one in (own, real))
    weeks = case.reference.steps / WEEK
    return [_with_chance(one, own[:, k], real[:, k], weeks) for k, one in enumerate(found)]


def _shares(values: Float3D) -> Float2D:
    return np.asarray((np.abs(values) <= STILL).mean(axis=1))


def _with_chance(score: Score, own: Float1D, real: Float1D, weeks: float) -> Score:
    """Return the score with the chance of more still days, or with at most a warning of fewer.

    Paths that all stand still on the same days have no spread to rank in: it is taken as that of days that
    are drawn a week at a time (binomial), where that is wider.
    """
    if score.p is None:
        return score
    share, gap = float(own.mean()), float(own.mean() - real.mean())
    if gap < 0.0:
        return replace(score, p=max(score.p, WITHIN))
    steady = np.sqrt(max(share * (1.0 - share), 1.0 / weeks) / weeks)
    if gap <= METRIC.delta or max(own.std(), real.std()) >= steady:
        return score
    return replace(score, p=min(score.p, 2.0 * float(special.ndtr((METRIC.delta - gap) / steady))))


METRIC = Metric(
    name="still_days",
    case="paths",
    use=BACKTEST,
    unit="share of days",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.02,
    origin="assumption: two days in a hundred, as coarse ticks give",
    order_free=True,
    compute=measure,
    summary="Days whose close repeats the one before",
    order=6,
    how=(
        "Share of days whose close equals the one before; the real path is ranked among the synthetic ones. "
        "Fewer such days than in the real prices, which are rounded to ticks, only warn."
    ),
    misses="Stale prices with a little noise on them; how long a price stands still (see distinct_paths).",
    estimator="share of days with an absolute log return of at most 1e-12, equally long paths",
    references="ranks / off by .1 *a*",
)
