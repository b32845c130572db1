"""Maximum drawdown, plain and over the volatility of the path."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.notation import Float1D, Float2D

TINY = 1e-12
YEAR = 252


def max_drawdown(values: Float2D) -> Float1D:
    """Return the largest fall of the log price from a maximum before it: [n, T] -> [n]."""
    levels = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    return np.asarray((np.maximum.accumulate(levels, axis=1) - levels).max(axis=1))


def log_drawdown(values: Float2D) -> Float1D:
    """Return the log of the maximum drawdown."""
    return np.asarray(np.log(max_drawdown(values) + TINY))


def scaled_drawdown(values: Float2D) -> Float1D:
    """Return the log of the maximum drawdown over the standard deviation of a day."""
    spread = values.std(axis=1)
    return np.asarray(log_drawdown(values) - np.log(np.where(spread > 0, spread, np.nan)))


def measure(case: PathCase) -> list[Score]:
    """Return two scores, all assets together, and each asset over its volatility."""
    half = float(np.log(2.0))
    scores = asset_scores(case, METRIC, PathNumber("maximum", log_drawdown, YEAR), half, each=False)
    return scores + asset_scores(case, METRIC, PathNumber("over volatility", scaled_drawdown, YEAR), half)


METRIC = Metric(
    name="drawdown",
    case="paths",
    use=STRESS,
    unit="absolute log ratio",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.1,
    origin="assumption: a tenth of the drawdown beyond the spread of a path",
    order_free=False,
    compute=measure,
    summary="Largest fall from a peak",
    order=134,
    how="Log of the largest fall of the log price from a peak, and over the volatility of a day, ranked.",
    misses="One figure a path: it varies by a factor of two between paths of one law of ten years.",
    estimator="log maximum drawdown, plain and over the s.d. of a day, equally long paths",
    references="ranks / half or twice the drawdown *a*",
)
