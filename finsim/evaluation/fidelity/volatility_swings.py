"""Volatility of volatility: how much it swings from month to month and from year to year."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.fidelity.drift import YEAR, log_volatility
from finsim.evaluation.fidelity.volatility import MONTH, TINY, monthly_volatility
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.notation import Float1D, Float2D


def monthly_swings(values: Float2D) -> Float1D:
    """Return the log of the s.d. of log monthly volatility: [n, T] -> [n]."""
    return np.asarray(np.log(np.log(monthly_volatility(values) + TINY).std(axis=1) + TINY))


def yearly_swings(values: Float2D) -> Float1D:
    """Return the log of the s.d. of log yearly volatility: [n, T] -> [n]."""
    return np.asarray(np.log(log_volatility(values, values.shape[1] // YEAR).std(axis=1) + TINY))


def measure(case: PathCase) -> list[Score]:
    """Return scores of months, all assets together and each, and of years."""
    twin = case.shuffled_real()
    months = asset_scores(case, METRIC, PathNumber("months", monthly_swings, 12 * MONTH), twin)
    return months + asset_scores(case, METRIC, PathNumber("years", yearly_swings, 3 * YEAR), twin, each=False)


METRIC = Metric(
    name="volatility_swings",
    case="paths",
    use=BACKTEST,
    unit="absolute log ratio",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.05,
    origin="assumption: 5 % of the swings beyond the spread of a path",
    order_free=False,
    compute=measure,
    summary="Volatility of volatility, by month and by year",
    order=45,
    how=(
        "Log of the standard deviation of log volatility over months, and over years; "
        "the real path is ranked "
        "among the synthetic ones."
    ),
    misses="How far volatility swings, not how fast; see clustering and autocorrelation.",
    estimator="log s.d. of log volatility of 21-day and of 252-day parts, equally long paths",
    references="ranks / shuffled days",
)
