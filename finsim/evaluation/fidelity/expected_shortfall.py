"""Expected shortfall at 99 %: the mean of the worst (and best) hundredth of days."""

from __future__ import annotations

from functools import partial

import numpy as np

from finsim.evaluation.case import PathCase, log_gap
from finsim.evaluation.columns import RETURN
from finsim.evaluation.fidelity.hill import SIDES
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.notation import Float2D

LEVEL = 0.99


def tail_mean(values: Float2D, level: float = LEVEL) -> Float2D:
    """Return the mean of the largest (1 - level) of each row: [n, T] -> [n, 1]; NaN if not positive."""
    count = max(round((1.0 - level) * values.shape[1]), 1)
    top = -np.partition(-values, count - 1, axis=1)[:, :count]
    mean = top.mean(axis=1, keepdims=True)
    return np.asarray(np.where(mean > 0, mean, np.nan))


def _signed(sign: float, values: Float2D) -> Float2D:
    return tail_mean(sign * values)


def measure(case: PathCase) -> list[Score]:
    """Return one score an asset and side."""
    scores = []
    gaussian = case.gaussian_real()
    for index, asset in case.assets():
        for side, sign in SIDES.items():
            found, estimates = case.series(RETURN, index, partial(_signed, sign), log_gap)
            own, real = float(estimates.synthetic[0]), float(estimates.real[0])
            twin = tail_mean(sign * gaussian[:, :, index]).mean()
            note = f"ES 99 {own:.4f} synthetic, {real:.4f} real, ratio {own / real:.3f}"
            scores.append(
                METRIC.compared(
                    f"{asset} {side}",
                    found,
                    ceiling=float(abs(np.log(twin / real))),
                    n=case.rows_used,
                    note=note,
                )
            )
    return scores


METRIC = Metric(
    name="expected_shortfall",
    case="paths",
    use=STRESS,
    unit="absolute log ratio",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.05,
    origin="assumption: 5 % of expected shortfall beyond the real spread",
    order_free=True,
    compute=measure,
    era=0.51,
    summary="Mean of the worst hundredth of days",
    order=130,
    how="Absolute log ratio of the mean of the worst (best) hundredth of days.",
    misses=(
        "One level and one day ahead; sequences of bad days are measured by clustering and tail dependence."
    ),
    estimator="log ratio of ES 99, losses and gains, mean over paths",
    references="ranks / Gaussian",
)
