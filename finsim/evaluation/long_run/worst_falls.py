"""The worst day, week and month of a path in units of its typical day."""

from __future__ import annotations

from functools import partial

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.notation import Float1D, Float2D

HORIZONS = {"worst day": 1, "worst week": 5, "worst month": 21}
TINY = 1e-12


def log_worst(days: int, values: Float2D) -> Float1D:
    """Return log(largest loss over ``days`` / standard deviation of a day): [n, T] -> [n]."""
    levels = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    worst = -(levels[:, days:] - levels[:, :-days]).min(axis=1)
    spread = values.std(axis=1)
    return np.asarray(np.log(np.maximum(worst, TINY) / np.where(spread > 0, spread, np.nan)))


def measure(case: PathCase) -> list[Score]:
    """Return one score an horizon, all assets together, and the worst month of each."""
    scores: list[Score] = []
    twin = case.gaussian_real()
    for label, days in HORIZONS.items():
        number = PathNumber(label, partial(log_worst, days))
        scores += asset_scores(case, METRIC, number, twin, each=days == 21)
    return scores


METRIC = Metric(
    name="worst_falls",
    case="paths",
    use=STRESS,
    unit="absolute log ratio",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.05,
    origin="assumption: 5 % of the worst fall beyond the spread of a path",
    order_free=False,
    compute=measure,
    summary="Worst day, week and month over the volatility of a day",
    order=132,
    how=(
        "Log of the largest loss over a day, a week and a month over the standard "
        "deviation of a day; the real "
        "path is ranked among the synthetic ones."
    ),
    misses="One event a path, so it varies much; see expected_shortfall for the average bad day.",
    estimator="log largest loss over 1, 5 and 21 days over the s.d. of a day, equally long paths",
    references="ranks / Gaussian",
)
