"""How far wealth spreads after one, three and five years."""

from __future__ import annotations

from functools import partial

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.long_run.variance_ratio import TINY, moves
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.notation import Float1D, Float2D

YEAR, YEARS = 252, (1, 3, 5)
HALF = float(np.log(2.0))  # assumption: half or twice the spread of wealth is useless


def log_spread(days: int, values: Float2D) -> Float1D:
    """Return the log of the root mean square of the moves over ``days``: [n, T] -> [n]."""
    return np.asarray(0.5 * np.log((moves(values, days) ** 2).mean(axis=1) + TINY**2))


def measure(case: PathCase) -> list[Score]:
    """Return one score a number of years, all assets together."""
    scores: list[Score] = []
    for years in YEARS:
        days = years * YEAR
        number = PathNumber(f"after {years} year{'s' * (years > 1)}", partial(log_spread, days), 2 * days)
        scores += asset_scores(case, METRIC, number, HALF, each=False)
    return scores


METRIC = Metric(
    name="wealth_spread",
    case="paths",
    use=BACKTEST,
    unit="absolute log ratio",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.1,
    origin="assumption: a tenth of the spread of wealth beyond the spread of a path",
    order_free=False,
    compute=measure,
    summary="Spread of wealth after 1, 3 and 5 years",
    order=56,
    how=(
        "Root mean square of the log growth over all windows of 1, 3 and 5 years, less "
        "the mean of the path; the "
        "real path is ranked among the synthetic ones."
    ),
    misses="Ten real years hold two independent windows of five years: only gross faults show there.",
    estimator="log root mean square of moves over 1, 3 and 5 years, overlapping, equally long paths",
    references="ranks / half or twice the spread *a*",
)
