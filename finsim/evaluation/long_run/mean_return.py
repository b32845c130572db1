"""Mean log return per year, plain and in units of the volatility of the weeks before."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.evaluation.ranks.asset_scores import PathNumber, asset_scores
from finsim.extras import Later
from finsim.notation import Float1D, Float2D

signal = Later("scipy.signal", "evaluate")

YEAR, START, DECAY, CLIP = 252, 21, 0.94, 2.5
USELESS = 1.0  # assumption: a drift that is off by the volatility of a year makes every strategy another one
SIZE = float(np.sqrt(2.0 / np.pi))  # mean of |r| over the standard deviation of a normal variable


def yearly_mean(values: Float2D) -> Float1D:
    """Return the mean log return per year: [n, T] -> [n]."""
    return np.asarray(values.mean(axis=1) * YEAR)


def past_size(values: Float2D) -> Float2D:
    """Return the exponentially weighted mean of |r| before each day: [n, T] -> [n, T].

    Decay 0.94 a day; it starts at the mean of the first 21 days.
    """
    size = np.abs(values)
    first = size[:, :START].mean(axis=1, keepdims=True)
    smooth, _ = signal.lfilter([1.0 - DECAY], [1.0, -DECAY], size, axis=1, zi=DECAY * first)
    return np.asarray(np.concatenate([first, smooth[:, :-1]], axis=1))


def steady_mean(values: Float2D) -> Float1D:
    """Return the yearly mean of r / past size, clipped at 2.5, over the root of 252: [n, T] -> [n].

    Calm days say more about the drift than wild ones; weighting them so nearly halves its error (own; the
    weights of generalised least squares).
    """
    steady = np.clip(values / past_size(values), -CLIP, CLIP)
    return np.asarray(steady.mean(axis=1) * np.sqrt(YEAR))


PLAIN = PathNumber("log return per year", yearly_mean, YEAR, log=False)
STEADY = PathNumber("per unit of volatility", steady_mean, YEAR, log=False)


def measure(case: PathCase) -> list[Score]:
    """Return gaps of the mean log return per year, in units of volatility and plain."""
    volatility = float(case.reference.columns["return"].std(axis=1).mean() * np.sqrt(YEAR))
    scores = asset_scores(case, METRIC, STEADY, USELESS / SIZE)
    return scores + asset_scores(case, METRIC, PLAIN, USELESS * volatility)


METRIC = Metric(
    name="mean_return",
    case="paths",
    use=BACKTEST,
    unit="log return per year, or per unit of volatility",
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
        "paths; also after each "
        "return is divided by the mean size of the returns before it, which weighs calm days more and halves "
        "the error."
    ),
    misses="With ten years of a stock the mean is known to about 8 points a year: smaller faults pass.",
    estimator=(
        "mean log return per year of equally long paths, plain, and with each return over the exponentially "
        "weighted mean size (decay .94) of those before it; all assets averaged, and each asset"
    ),
    references="synthetic paths among themselves / off by the volatility of a year *a*",
    required=True,
)
