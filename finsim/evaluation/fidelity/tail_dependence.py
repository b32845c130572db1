"""Lower tail dependence: how often two assets have their worst days together."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase, mean_gap
from finsim.evaluation.columns import RETURN, Side
from finsim.evaluation.fidelity.correlation import MOST_COLUMNS, products
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.extras import Later
from finsim.notation import Float2D, Float3D

stats = Later("scipy.stats", "evaluate")

TAIL = 0.05


def worst_days(side: Side) -> Float3D:
    """Return 1 on the worst 5 % of days of each path and asset, scaled so that products average to chi."""
    values = side.columns[RETURN][:, :, :MOST_COLUMNS]
    ranks = stats.rankdata(values, axis=1) / values.shape[1]
    return np.asarray((ranks <= TAIL) / np.sqrt(TAIL))


def _itself(means: Float2D) -> Float2D:
    return means


def measure(case: PathCase) -> list[Score]:
    """Return one score, the mean gap over asset pairs of chi = P(V < 5 % | U < 5 %).

    Source: Coles, Heffernan and Tawn 1999, chi(u) at u = 0.95 of the losses.
    """
    subject = "worst 5 % of days"
    if len(case.real.paths.assets) < 2:
        return [METRIC.missing(subject, "one asset")]
    found, estimates = case.moments(worst_days, products, _itself, mean_gap)
    note = f"chi {estimates.synthetic.mean():.3f} synthetic, {estimates.real.mean():.3f} real"
    ceiling = float(np.abs(estimates.real - TAIL).mean())
    return [METRIC.compared(subject, found, ceiling=ceiling, n=case.rows_used, note=note)]


METRIC = Metric(
    name="tail_dependence",
    case="paths",
    use=STRESS,
    unit="probability",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.03,
    origin="assumption: three points of probability beyond the real spread",
    order_free=True,
    compute=measure,
    summary="Worst days that assets share",
    order=160,
    how="How often assets have their worst days together, compared with the real share.",
    misses="Rests on a few days; wide intervals are its honest answer for short histories.",
    estimator="mean gap of chi = P(worst 5 % of one, given of the other) over asset pairs",
    references="ranks / independent",
)
