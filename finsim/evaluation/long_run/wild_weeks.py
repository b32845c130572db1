"""Wild weeks: real weeks that are wilder than any week of all synthetic paths.

Crises that were left out of the training rows are missed day by day in no tail, only as a whole.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import MANY, RETURN, Side
from finsim.evaluation.fidelity.tail_reach import CUT, YEAR, chance_of_years, reach_evidence
from finsim.evaluation.metric import STRESS, Metric, Score
from finsim.notation import Float2D

WEEK = 5


def week_sizes(side: Side) -> Float2D:
    """Return the mean |r| over all assets of every 5 rows in a row, begun at each day: [N, T - 4]."""
    size = np.cumsum(np.abs(side.columns[RETURN]).mean(axis=2), axis=1)
    before = np.pad(size, ((0, 0), (1, 0)))[:, : max(size.shape[1] - WEEK + 1, 0)]
    return np.asarray((size[:, WEEK - 1 :] - before) / WEEK)


def measure(case: PathCase) -> list[Score]:
    """Return one score; ceiling: a synthetic side without its wildest 1 % of weeks."""
    subject = "all assets"
    if not case.ranked:
        reason = f"{case.synthetic.count} synthetic and {case.real.count} real paths; needs {MANY} and one"
        return [METRIC.powerless(subject, reason)]
    real, own = week_sizes(case.real), week_sizes(case.synthetic)
    if own.size < real.size:
        return [METRIC.powerless(subject, f"{own.size} synthetic weeks and {real.size} real ones")]
    evidence = reach_evidence(real, own, case.resamples.own)
    note = f"{own.size} synthetic weeks, {real.size} real ones"
    found = METRIC.compared(subject, evidence, ceiling=CUT, n=own.size, note=note)
    return [replace(found, p=chance_of_years(real, own, METRIC.delta, YEAR))]


METRIC = Metric(
    name="wild_weeks",
    case="paths",
    use=STRESS,
    unit="share of real weeks",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.002,
    origin="assumption: two real weeks in a thousand may be wilder than all synthetic ones",
    order_free=False,
    compute=measure,
    summary="Real weeks wilder than any synthetic week",
    order=133,
    how=(
        "Share of real weeks whose mean |r| over all assets is larger than in any synthetic week; the "
        "ceiling is a synthetic side without its wildest hundredth."
    ),
    misses="Sees only whether crises are reached, not how often they come; see volatility_swings.",
    estimator=(
        "share of real weeks (5 rows, mean |r| of all assets) beyond the wildest of all synthetic paths; its "
        "chance as for tail_reach"
    ),
    references="weeks of each path beyond all others / 1 % cut off",
)
