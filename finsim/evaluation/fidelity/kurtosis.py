"""Tail weight of returns over 1, 5 and 20 days: heavy at a day, nearer to Gaussian at a month.

Moment kurtosis of daily returns is decided by one or two days, so the quantile form is used.
"""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase, log_gap
from finsim.evaluation.columns import RETURN
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.notation import Float2D

HORIZONS = (1, 5, 20)
QUANTILES = (0.025, 0.25, 0.75, 0.975)


def quantile_kurtosis(values: Float2D) -> Float2D:
    """Return (q97.5 - q2.5) / (q75 - q25) of each row: [n, T] -> [n, 1]; 2.906 for a Gaussian.

    Source: Crow and Siddiqui 1967. NaN where the middle half is a point.
    """
    low, first, third, high = np.quantile(values, QUANTILES, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(third > first, (high - low) / (third - first), np.nan)
    return np.asarray(ratio[:, None])


def by_horizon(values: Float2D) -> Float2D:
    """Return the quantile kurtosis of non-overlapping sums over 1, 5 and 20 rows: [n, T] -> [n, 3]."""
    found = []
    for days in HORIZONS:
        blocks = values.shape[1] // days
        sums = values[:, : blocks * days].reshape(len(values), blocks, days).sum(axis=2)
        found.append(quantile_kurtosis(sums))
    return np.concatenate(found, axis=1)


def measure(case: PathCase) -> list[Score]:
    """Return one score an asset, the mean over the three horizons."""
    scores = []
    gaussian = case.gaussian_real()
    for index, asset in case.assets():
        found, estimates = case.series(RETURN, index, by_horizon, log_gap)
        twin = by_horizon(gaussian[:, :, index]).mean(axis=0)
        ceiling = float(log_gap(twin[None], estimates.real[None])[0])
        shown = ", ".join(
            f"{days} d {own:.2f}/{real:.2f}"
            for days, own, real in zip(HORIZONS, estimates.synthetic, estimates.real, strict=True)
        )
        note = f"synthetic/real tail weight: {shown} (Gaussian 2.91)"
        scores.append(METRIC.compared(asset, found, ceiling=ceiling, n=case.rows_used, note=note))
    return scores


METRIC = Metric(
    name="kurtosis",
    case="paths",
    use=STRESS,
    unit="mean absolute log ratio",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.05,
    origin="assumption: 5 % of the tail weight beyond the real spread",
    order_free=False,
    compute=measure,
    era=0.07,
    summary="Tail weight at 1, 5 and 20 days",
    order=140,
    how="Log ratio of a robust tail weight at horizons of 1, 5 and 20 days, averaged.",
    misses="Symmetric: a missing left tail can be paid for by a fat right one; see hill for the sides.",
    estimator=(
        "log ratio of (q97.5 - q2.5) / (q75 - q25) of 1, 5 and 20 day sums (Crow and Siddiqui 1967; "
        "Gaussian 2.906)"
    ),
    references="ranks / Gaussian",
)
