"""Tail dependence: how often two assets have their worst days, and their wildest weeks, together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from finsim.evaluation.case import PathCase, mean_gap
from finsim.evaluation.columns import MANY, RETURN, Side
from finsim.evaluation.fidelity.correlation import MOST_COLUMNS, products
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.extras import Later
from finsim.notation import Float2D, Float3D

stats = Later("scipy.stats", "evaluate")

TAIL = 0.05
WEEK = 5
SUBJECTS = ("worst 5 % of days", "wildest 5 % of weeks")


def worst_days(side: Side) -> Float3D:
    """Return 1 on the worst 5 % of days of each path and asset, scaled so that products average to chi."""
    values = side.columns[RETURN][:, :, :MOST_COLUMNS]
    ranks = stats.rankdata(values, axis=1) / values.shape[1]
    return np.asarray((ranks <= TAIL) / np.sqrt(TAIL))


def wild_weeks(side: Side) -> Float3D:
    """Return 1 in the wildest 5 % of weeks (5 rows, mean |r|) of each path and asset, scaled likewise."""
    size = np.abs(side.columns[RETURN][:, :, :MOST_COLUMNS])
    weeks = size.shape[1] // WEEK
    values = size[:, : weeks * WEEK].reshape(len(size), weeks, WEEK, -1).mean(axis=2)
    ranks = stats.rankdata(-values, axis=1) / weeks
    return np.asarray((ranks <= TAIL) / np.sqrt(TAIL))


def _itself(means: Float2D) -> Float2D:
    return means


def measure(case: PathCase) -> list[Score]:
    """Return two scores, the mean gaps over asset pairs of chi = P(V wild | U wild), of days and of weeks.

    Days are wild among the worst 5 %; source: Coles, Heffernan and Tawn 1999, chi(u) at u = 0.95 of the
    losses. Weeks are wild by their mean |r|, and are ranked among many synthetic paths only.
    """
    if len(case.real.paths.assets) < 2:
        return [METRIC.missing(subject, "one asset") for subject in SUBJECTS]
    scores = [_score(case, SUBJECTS[0], worst_days)]
    if not case.ranked:
        reason = f"{case.synthetic.count} synthetic and {case.real.count} real paths; needs {MANY} and one"
        return [*scores, METRIC.powerless(SUBJECTS[1], reason)]
    return [*scores, _score(case, SUBJECTS[1], wild_weeks)]


def _score(case: PathCase, subject: str, pick: Callable[[Side], Float3D]) -> Score:
    found, estimates = case.moments(pick, products, _itself, mean_gap)
    note = f"chi {estimates.synthetic.mean():.3f} synthetic, {estimates.real.mean():.3f} real"
    ceiling = float(np.abs(estimates.real - TAIL).mean())
    return METRIC.compared(subject, found, ceiling=ceiling, n=case.rows_used, note=note)


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
    summary="Worst days and wildest weeks that assets share",
    order=160,
    how="How often assets have their worst days and their wildest weeks together, beside the real share.",
    misses="Rests on a few days; wide intervals are its honest answer for short histories.",
    estimator=(
        "mean gap over asset pairs of chi = P(wildest 5 % of one, given of the other): of days by loss, of "
        "weeks (5 rows) by mean |r|"
    ),
    references="ranks / independent",
)
