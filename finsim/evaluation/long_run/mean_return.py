"""Mean log return per year, plain and weighted to calm days."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.evaluation.path_numbers.past_size import past_size
from finsim.notation import Float1D, Float2D

YEAR, CLIP = 252, 1.5
USELESS = 0.25  # assumption: prices that rise by 29 % a year more make every strategy another one


def yearly_mean(values: Float2D) -> Float1D:
    """Return the mean log return per year: [n, T] -> [n]."""
    return np.asarray(values.mean(axis=1) * YEAR)


def calm_mean(values: Float2D) -> Float1D:
    """Return the mean log return per year that calm days say most about: [n, T] -> [n].

    Days weigh 1 / size^2 (generalised least squares); a return counts for at most 1.5 sizes (one step of
    Huber's estimate). Its error is a tenth to a quarter below that of the plain mean (own combination).
    """
    size = past_size(values)
    steady = values / size
    inside = np.abs(steady) < CLIP
    found = (np.clip(steady, -CLIP, CLIP) / size).sum(axis=1) / (inside / size**2).sum(axis=1)
    return np.asarray(found * YEAR)


PLAIN = PathNumber("log return per year", yearly_mean, YEAR, log=False)
CALM = PathNumber("log return per year, calm days", calm_mean, YEAR, log=False, normal=True)


def measure(case: PathCase) -> list[Score]:
    """Return gaps of the mean log return per year: weighted to calm days, and plain."""
    return [
        *asset_scores(case, METRIC, CALM, USELESS, each=False),
        *asset_scores(case, METRIC, PLAIN, USELESS),
    ]


METRIC = Metric(
    name="mean_return",
    case="paths",
    use=BACKTEST,
    unit="log return per year",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.02,
    origin="assumption: two points of return a year beyond the error of the real mean",
    order_free=False,
    compute=measure,
    summary="Mean log return per year",
    order=52,
    how=(
        "The real path's mean log return per year, ranked among those of the synthetic "
        "paths; and the same with "
        "days weighted by the inverse square of the mean size of the returns before them."
    ),
    misses=(
        "Ten years of a stock know its mean to about 8 points a year. Where a shift of "
        "25 points cannot be seen, "
        "the score has no power."
    ),
    estimator=(
        "mean log return per year of equally long paths, plain, and with weights 1 / "
        "size^2 (size: exponentially "
        "weighted mean of |r| before the day, decay .94) and returns clipped at 1.5 sizes"
    ),
    references="ranks / off by .25 a year *a*",
    required=True,
)
