"""Wasserstein-1 distance of every column, in units of the real interquartile range."""

from __future__ import annotations

from functools import partial

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.fidelity.empirical import curves, mixed
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.notation import Float1D, Float2D


def area_between(grid: Float1D, left: Float2D, right: Float2D) -> Float1D:
    """Return the integral of |F - G| over the grid; exact when the grid holds every value of both."""
    return np.asarray(np.abs(left - right)[..., :-1] @ np.diff(grid))


def area_gap(scale: float, left: Float2D, right: Float2D) -> Float1D:
    """Return the sum of |differences| of areas under two functions [b, G], in units of ``scale``: [b].

    Exact where the two functions do not cross between two points of the grid, however far apart these are.
    """
    return np.asarray(np.abs(left - right).sum(axis=-1) / scale)


def interquartile(grid: Float1D, curve: Float1D) -> float:
    """Return the distance of the quartiles of a distribution function given on a grid."""
    low, high = np.searchsorted(curve, [0.25, 0.75])
    return float(grid[high] - grid[low])


def measure(case: PathCase) -> list[Score]:
    """Return one score a column and asset."""
    scores = []
    for subject, column, asset in case.columns():
        both = curves(case, column, asset)
        size, areas = len(both.grid), both.areas()
        scale = interquartile(both.grid, both.functions().found.real)
        if scale <= 0:
            scores.append(METRIC.missing(subject, "the real interquartile range is zero"))
            continue
        distance = partial(area_gap, scale)
        evidence = case.evidence(areas.found, distance, areas.holdout)
        useless = mixed(case, asset, column, both.grid)
        ceiling = None
        if useless is not None:
            ceiling = float(area_gap(scale, useless[size:], areas.found.real))
        scores.append(METRIC.compared(subject, evidence, ceiling=ceiling, n=case.rows_used))
    return scores


METRIC = Metric(
    name="wasserstein",
    case="paths",
    use=BACKTEST,
    unit="real interquartile ranges",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.05,
    origin="assumption: 5 % of the interquartile range beyond the real spread",
    order_free=True,
    compute=measure,
    era=0.29,
    summary="Area between two distribution functions, per column",
    order=20,
    how="Area between the two distribution functions of one column, in real interquartile ranges.",
    misses=(
        "Dominated by the bulk and by single extremes of heavy tails; says nothing about the order of days."
    ),
    estimator="area between distribution functions in real interquartile ranges",
    references="ranks / cells of all columns mixed",
)
