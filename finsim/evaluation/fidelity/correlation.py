"""Rank correlation of returns across assets, and of all columns with each other."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np

from finsim.evaluation.case import PathCase, mean_gap
from finsim.evaluation.columns import RETURN, Side
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.extras import Later
from finsim.notation import Array, Float2D, Float3D, Int1D

stats = Later("scipy.stats", "evaluate")

MOST_COLUMNS = 40


def uniform_ranks(values: Float3D) -> Float3D:
    """Return ranks within each path and column, centred and scaled to variance 1: [n, T, C]."""
    ranks = stats.rankdata(values, axis=1)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.asarray(centred / np.where(spread > 0, spread, 1.0))


def stacked(everything: bool, side: Side) -> Float3D:
    """Return the ranks of the returns, or of every column and |r| (at most 40 of them): [n, T, C]."""
    columns: list[Array] = [side.columns[RETURN]]
    if everything:
        columns += [np.abs(side.columns[RETURN])]
        columns += [values for name, values in side.columns.items() if name != RETURN]
    return uniform_ranks(np.concatenate(columns, axis=2)[:, :, :MOST_COLUMNS])


def pairs(count: int) -> tuple[Int1D, Int1D]:
    """Return the index pairs i < j of ``count`` columns."""
    listed = np.array(list(itertools.combinations(range(count), 2)), dtype=np.int64).reshape(-1, 2)
    return listed[:, 0], listed[:, 1]


def products(values: Float3D) -> Float3D:
    """Return the products of all pairs of columns, whose means are rank correlations."""
    left, right = pairs(values.shape[2])
    return np.asarray(values[:, :, left] * values[:, :, right])


def _itself(means: Float2D) -> Float2D:
    return means


def measure(case: PathCase) -> list[Score]:
    """Return one score for the returns across assets and one for all columns (mean absolute gap)."""
    scores = []
    for subject, everything in (("returns across assets", False), ("all columns", True)):
        count = stacked(everything, case.real)[:, :2].shape[2]
        if count < 2:
            scores.append(METRIC.missing(subject, "one asset"))
            continue
        found, estimates = case.moments(partial(stacked, everything), products, _itself, mean_gap)
        note = f"mean |rank correlation| {_size(estimates.synthetic)} synthetic, {_size(estimates.real)} real"
        ceiling = float(np.abs(estimates.real).mean())
        scores.append(METRIC.compared(subject, found, ceiling=ceiling, n=case.rows_used, note=note))
    return scores


def _size(correlations: Array) -> str:
    return f"{np.abs(correlations).mean():.3f}"


METRIC = Metric(
    name="correlation",
    case="paths",
    use=STRESS,
    unit="mean absolute gap of correlations",
    lowest=0.0,
    highest=2.0,
    best=0.0,
    delta=0.03,
    origin="assumption: three points of correlation beyond the real spread",
    order_free=True,
    compute=measure,
    era=0.05,
    summary="Rank correlation across assets and columns",
    order=150,
    how="Mean absolute gap of the rank correlations, of returns across assets and of all bar columns.",
    misses="An average over the whole history: correlations that rise in crises look like their mean.",
    estimator=(
        "mean absolute gap of rank correlations: returns across assets; all columns and the absolute returns"
    ),
    references="ranks / independent",
)
