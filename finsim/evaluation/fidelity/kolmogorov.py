"""Kolmogorov-Smirnov distance of every column: the largest gap of two distribution functions."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.fidelity.empirical import curves, mixed
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.notation import Float1D


def largest_gap(left: Float1D, right: Float1D) -> Float1D:
    """Return sup |F - G| over the last axis; blind to tails (see ``expected_shortfall``)."""
    return np.asarray(np.abs(left - right).max(axis=-1))


def measure(case: PathCase) -> list[Score]:
    """Return one score a column and asset."""
    scores = []
    for subject, column, asset in case.columns():
        found = curves(case, column, asset).functions()
        evidence = case.evidence(found.found, largest_gap, found.holdout)
        useless = mixed(case, asset, column, found.grid)
        ceiling = None
        if useless is not None:
            ceiling = float(largest_gap(useless[: len(found.grid)], found.found.real))
        scores.append(METRIC.compared(subject, evidence, ceiling=ceiling, n=case.rows_used))
    return scores


METRIC = Metric(
    name="kolmogorov",
    case="paths",
    use=BACKTEST,
    unit="probability",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.03,
    origin="assumption: 3 points of probability beyond the real spread do not change a backtest",
    order_free=True,
    compute=measure,
    era=0.07,
    summary="Largest gap of two distribution functions, per column",
    order=10,
    how=(
        "Largest gap between the distribution functions of one column, real against synthetic, all "
        "paths pooled."
    ),
    misses=(
        "Blind in the tails: beyond the 99.9 % quantile it can differ by at most 0.001. Says nothing "
        "about order."
    ),
    estimator=(
        "sup of the gap of distribution functions; returns, gaps, upper and lower intraday range, "
        "volume changes of each asset, paths pooled"
    ),
    references="ranks / cells of all columns mixed",
)
