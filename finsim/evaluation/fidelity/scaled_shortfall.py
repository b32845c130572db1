"""Expected shortfall over the standard deviation, and of returns over the volatility of the days before."""

from __future__ import annotations

from functools import partial

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.fidelity.expected_shortfall import tail_mean
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.evaluation.path_numbers.past_size import past_size
from finsim.notation import Float1D, Float2D

SIDES = {"losses": -1.0, "gains": 1.0}


def log_over_deviation(sign: float, values: Float2D) -> Float1D:
    """Return log(ES 99 / s.d.) of one side: [n, T] -> [n]."""
    spread = values.std(axis=1)
    return np.asarray(np.log(tail_mean(sign * values)[:, 0] / np.where(spread > 0, spread, np.nan)))


def log_surprise(values: Float2D) -> Float1D:
    """Return log of ES 99 over the median of |r| / past size, the mean of both sides: [n, T] -> [n]."""
    steady = values / past_size(values)
    tails = [np.log(tail_mean(sign * steady)[:, 0]) for sign in SIDES.values()]
    return np.asarray(np.mean(tails, axis=0) - np.log(np.median(np.abs(steady), axis=1)))


def both_sides(values: Float2D) -> Float1D:
    """Return the mean of log(ES 99 / s.d.) of losses and gains: [n, T] -> [n]."""
    return np.asarray(np.mean([log_over_deviation(sign, values) for sign in SIDES.values()], axis=0))


def measure(case: PathCase) -> list[Score]:
    """Return scores of both sides, of losses and of surprises, all assets together and each."""
    twin = case.gaussian_real()
    scores = asset_scores(case, METRIC, PathNumber("ES 99 over s.d., both sides", both_sides, 252), twin)
    losses = PathNumber("ES 99 over s.d., losses", partial(log_over_deviation, -1.0), 252)
    scores += asset_scores(case, METRIC, losses, twin, each=False)
    surprise = PathNumber("ES 99 of surprises", log_surprise, 252, normal=True)
    return scores + asset_scores(case, METRIC, surprise, twin, each=False)


METRIC = Metric(
    name="scaled_shortfall",
    case="paths",
    use=STRESS,
    unit="absolute log ratio",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.02,
    origin="assumption: 2 % of the scaled shortfall beyond the spread of a path",
    order_free=False,
    compute=measure,
    summary="Expected shortfall over volatility",
    order=131,
    how=(
        "Log of expected shortfall at 99 % over the standard deviation, and of returns over the mean size of "
        "those before them; the real path is ranked among the synthetic ones."
    ),
    misses="Free of scale: a volatility that is wrong as a whole is seen by volatility, not here.",
    estimator=(
        "log of ES 99 over s.d., losses and gains averaged, losses alone, and of surprises (returns over the "
        "exponentially weighted size of those before) over their median size; equally long paths"
    ),
    references="ranks / Gaussian",
    required=True,
)
