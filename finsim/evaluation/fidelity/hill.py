"""Hill tail index of losses and of gains: how heavy the tails are, whatever their scale."""

from __future__ import annotations

from functools import partial

import numpy as np

from finsim.evaluation.case import PathCase, log_gap
from finsim.evaluation.columns import RETURN
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.notation import Float1D, Float2D

SHARES = (0.05, 0.01)
LEAST = 0.01
SIDES = {"losses": -1.0, "gains": 1.0}


def tail_weight(values: Float2D, share: float) -> Float2D:
    """Return the Hill estimate 1 / alpha of the upper tail of each row: [n, T] -> [n, 1].

    mean(log(X_(i) / X_(k+1)), i = 1..k) with k = ``share`` of T. Source: Hill 1975. The index moves with k
    (3.5 at 2.5 % to 3.0 at 10 % on daily returns), so both sides use the same share. The far tail (1 %) is
    zero for returns that were capped. NaN where the threshold is not positive.
    """
    count = max(int(share * values.shape[1]), 2)
    top = -np.partition(-values, count, axis=1)[:, : count + 1]
    ordered = -np.sort(-top, axis=1)
    base = np.where(ordered[:, -1] > 0, ordered[:, -1], np.nan)
    return np.asarray(np.log(ordered[:, :-1] / base[:, None]).mean(axis=1, keepdims=True))


def _signed(sign: float, share: float, values: Float2D) -> Float2D:
    return tail_weight(sign * values, share)


def weight_gap(left: Float2D, right: Float2D) -> Float1D:
    """Return |log ratio| of tail weights, each at least 0.01: [b, 1] -> [b]."""
    return log_gap(np.maximum(left, LEAST), np.maximum(right, LEAST))


def measure(case: PathCase) -> list[Score]:
    """Return one score an asset, side and share of days."""
    scores = []
    gaussian = case.gaussian_real()
    for index, asset in case.assets():
        for side, sign in SIDES.items():
            for share in SHARES:
                statistic = partial(_signed, sign, share)
                found, estimates = case.series(RETURN, index, statistic, weight_gap)
                twin = statistic(gaussian[:, :, index]).mean(axis=0)
                ceiling = float(weight_gap(twin[None], estimates.real[None])[0])
                note = (
                    f"tail index {1 / max(estimates.synthetic[0], LEAST):.2f} synthetic, "
                    f"{1 / max(estimates.real[0], LEAST):.2f} real"
                )
                subject = f"{asset} {side}, top {share:.0%}".replace("%", " %")
                scores.append(METRIC.compared(subject, found, ceiling=ceiling, n=case.rows_used, note=note))
    return scores


METRIC = Metric(
    name="hill",
    case="paths",
    use=STRESS,
    unit="absolute log ratio",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.05,
    origin="assumption: 5 % of the tail index beyond the real spread",
    order_free=True,
    compute=measure,
    era=0.2,
    summary="Tail index of losses and gains",
    order=110,
    how=(
        "Absolute log ratio of the Hill tail indices (largest 5 % of losses, and of gains). Source: "
        "Hill 1975."
    ),
    misses="Depends on the share taken as the tail; says how heavy a tail is, not where it begins.",
    estimator=(
        "log ratio of the Hill tail weights of losses and gains, largest 5 % and 1 % of days, mean over paths"
    ),
    references="ranks / Gaussian",
)
