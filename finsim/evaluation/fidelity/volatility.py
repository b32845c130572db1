"""Level of volatility: of calm months, which no crisis moves, and of all days."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.notation import Float1D, Float2D

MONTH = 21
TINY = 1e-12
HALF = float(np.log(2.0))  # assumption: half or twice the volatility is useless


def monthly_volatility(values: Float2D) -> Float2D:
    """Return the root mean square of each 21 rows: [n, T] -> [n, months]."""
    months = values.shape[1] // MONTH
    cut = values[:, : months * MONTH].reshape(len(values), months, MONTH)
    return np.asarray(np.sqrt((cut**2).mean(axis=2)))


def calm_volatility(values: Float2D) -> Float1D:
    """Return the log of the lower quartile of monthly volatility: [n, T] -> [n].

    Its error is a third to a half of that of the standard deviation, which crises decide (own).
    """
    return np.asarray(np.log(np.quantile(monthly_volatility(values), 0.25, axis=1) + TINY))


def log_deviation(values: Float2D) -> Float1D:
    """Return the log of the standard deviation of a day: [n, T] -> [n]."""
    return np.asarray(np.log(values.std(axis=1) + TINY))


def measure(case: PathCase) -> list[Score]:
    """Return scores of calm months, all assets together and each, and of all days."""
    calm = asset_scores(
        case, METRIC, PathNumber("calm months", calm_volatility, 12 * MONTH, normal=True), HALF
    )
    return calm + asset_scores(case, METRIC, PathNumber("all days", log_deviation), HALF, each=False)


METRIC = Metric(
    name="volatility",
    case="paths",
    use=STRESS,
    unit="absolute log ratio",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.05,
    origin="assumption: 5 % of the volatility beyond the spread of a path",
    order_free=False,
    compute=measure,
    summary="Level of volatility",
    order=105,
    how=(
        "Log of the lower quartile of monthly volatility, and of the standard deviation "
        "of all days; the real "
        "path is ranked among the synthetic ones."
    ),
    misses="A level right on average can hide a wrong path through time; see volatility_swings and drift.",
    estimator="log lower quartile of 21-day volatility; log s.d. of all days; equally long paths",
    references="ranks / half or twice the volatility *a*",
    required=True,
)
