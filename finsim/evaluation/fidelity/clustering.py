"""Volatility clustering: the strength of the memory of |r| over the first month, as a log ratio.

The gap of autocorrelations (``autocorrelation``) is wide between two halves of a real series whose
volatility changed; their ratio is not, and no real half has a ratio near zero. Shuffled rows do.
"""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.fidelity.autocorrelation import (
    ROWS_PER_LAG,
    SHORT,
    autocorrelations,
    compare_lags,
    failed_if_absent,
)
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.notation import Float1D, Float2D

LEAST = 0.005


def mean_autocorrelation(means: Float2D) -> Float2D:
    """Return the mean of ``autocorrelations``: [b, K + 2] -> [b, 1]."""
    return np.asarray(autocorrelations(means).mean(axis=1, keepdims=True))


def strength_gap(left: Float2D, right: Float2D) -> Float1D:
    """Return |log ratio| of the mean autocorrelations, each at least 0.005: [b, K] -> [b]."""
    ratio = np.maximum(left.mean(axis=1), LEAST) / np.maximum(right.mean(axis=1), LEAST)
    return np.asarray(np.abs(np.log(ratio)))


def measure(case: PathCase) -> list[Score]:
    """Return one score an asset: mean autocorrelation of |r| over lags 1 to 20."""
    scores = []
    for index, asset in case.assets():
        steps = min(case.real.steps, case.synthetic.steps)
        if steps < ROWS_PER_LAG * SHORT:
            scores.append(METRIC.missing(asset, f"{steps} rows; needs {ROWS_PER_LAG * SHORT}"))
            continue
        found = compare_lags(case, index, True, SHORT, strength_gap, mean_autocorrelation)
        note = (
            f"mean autocorrelation of |r| {found.estimates.synthetic.mean():.3f} synthetic, "
            f"{found.estimates.real.mean():.3f} real"
        )
        score = METRIC.compared(asset, found.evidence, ceiling=found.ceiling, n=case.rows_used, note=note)
        scores.append(failed_if_absent(score, found.estimates, case.rows_used))
    return scores


METRIC = Metric(
    name="clustering",
    case="paths",
    use=BACKTEST,
    unit="absolute log ratio",
    lowest=0.0,
    highest=5.0,
    best=0.0,
    delta=0.2,
    origin="assumption: a memory 20 % stronger or weaker than the real spread is tolerable",
    order_free=False,
    compute=measure,
    era=0.56,
    summary="Strength of volatility clustering as a log ratio",
    order=40,
    how=("Absolute log ratio of the mean autocorrelation of |r| over lags 1 to 20, synthetic against real."),
    misses=("One number for the strength: not the shape of the decay, and not regimes longer than a month."),
    estimator=(
        "log ratio of the mean autocorrelation of absolute r over lags 1 to 20, each at least .005; "
        "fails outright when there is none at all (3.5 Bartlett standard deviations) while 95 % of "
        "the real parts have it"
    ),
    references="ranks / shuffled days",
    required=True,
)
