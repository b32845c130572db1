"""Variance ratios: do moves over a quarter, a year and three years add up as in the real path."""

from __future__ import annotations

from functools import partial

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.notation import Float1D, Float2D

HORIZONS = (63, 252, 756)
TINY = 1e-12
PULLED = float(np.log(2.0))  # assumption: a ratio of half or twice the real one is useless


def moves(values: Float2D, days: int) -> Float2D:
    """Return the overlapping sums over ``days``, less the mean of the path: [n, T] -> [n, T - days + 1]."""
    levels = np.cumsum(np.pad(values - values.mean(axis=1, keepdims=True), ((0, 0), (1, 0))), axis=1)
    return np.asarray(levels[:, days:] - levels[:, :-days])


def log_variance_ratio(days: int, values: Float2D) -> Float1D:
    """Return log(Var of sums over ``days`` / (``days`` x Var of a day)): [n, T] -> [n]; 0 for a random walk.

    Source: Lo and MacKinlay 1988, overlapping sums; below 0 in short paths, alike on both sides.
    """
    long = (moves(values, days) ** 2).mean(axis=1)
    short = days * values.var(axis=1)
    return np.asarray(np.log((long + TINY**2) / np.where(short > 0, short, np.nan)))


def measure(case: PathCase) -> list[Score]:
    """Return one score an horizon, and for each asset that of a year."""
    scores: list[Score] = []
    for days in HORIZONS:
        number = PathNumber(f"{days} days", partial(log_variance_ratio, days), 2 * days)
        scores += asset_scores(case, METRIC, number, PULLED, each=days == HORIZONS[1])
    return scores


METRIC = Metric(
    name="variance_ratio",
    case="paths",
    use=BACKTEST,
    unit="absolute log ratio",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.1,
    origin="assumption: a tenth of the variance of long moves beyond the spread of a path",
    order_free=False,
    compute=measure,
    summary="Variance of moves over months and years against days",
    order=54,
    how=(
        "Variance of moves over 63, 252 and 756 days over that of as many single days; "
        "the real path is ranked "
        "among the synthetic ones. Source: Lo and MacKinlay 1988."
    ),
    misses="Three years need long paths: beside ten real years only strong mean reversion shows at 756 days.",
    estimator="log variance ratio at 63, 252 and 756 days, overlapping moves, equally long paths",
    references="ranks / half the real ratio *a*",
)
