"""Hill tail index of losses and of gains: how heavy the tails are, whatever their scale."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase, log_gap
from finsim.evaluation.columns import RETURN
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.notation import Float2D

SHARE = 0.05
SIDES = {"losses": -1.0, "gains": 1.0}


def hill_index(values: Float2D, share: float = SHARE) -> Float2D:
    """Return the Hill index of the upper tail of each row: [n, T] -> [n, 1].

    alpha = 1 / mean(log(X_(i) / X_(k+1)), i = 1..k) with k = ``share`` of T. Source: Hill 1975. It moves
    with k (3.5 at 2.5 % to 3.0 at 10 % on daily returns), so both sides of a comparison use the same share.
    NaN where the threshold is not positive.
    """
    count = max(int(share * values.shape[1]), 2)
    top = -np.partition(-values, count, axis=1)[:, : count + 1]
    ordered = -np.sort(-top, axis=1)
    base = np.where(ordered[:, -1] > 0, ordered[:, -1], np.nan)
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / np.log(ordered[:, :-1] / base[:, None]).mean(axis=1, keepdims=True))


def measure(case: PathCase) -> list[Score]:
    """Return one score an asset and side."""
    scores = []
    gaussian = case.gaussian_real()
    for index, asset in case.assets():
        for side, sign in SIDES.items():
            found, estimates = case.series(
                RETURN, index, lambda values, sign=sign: hill_index(sign * values), log_gap
            )
            twin = hill_index(sign * gaussian[:, :, index]).mean(axis=0)
            ceiling = float(abs(np.log(twin[0] / estimates.real[0])))
            note = (
                f"tail index {estimates.synthetic[0]:.2f} synthetic, {estimates.real[0]:.2f} real (top 5 %)"
            )
            subject = f"{asset} {side}"
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
)
