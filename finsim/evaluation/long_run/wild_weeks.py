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


def week_sizes(side: Side, phase: int) -> Float2D:
    """Return the mean |r| over all assets of each 5 rows, the first ``phase`` rows left out: [N, weeks]."""
    size = np.abs(side.columns[RETURN][:, phase:]).mean(axis=2)
    weeks = size.shape[1] // WEEK
    return np.asarray(size[:, : weeks * WEEK].reshape(len(size), weeks, WEEK).mean(axis=2))


def measure(case: PathCase) -> list[Score]:
    """Return one score, of the day of the week on which most is seen.

    Weeks begin on each of five days in turn, and the chance is multiplied by five (Bonferroni). Ceiling: a
    synthetic side without its wildest 1 % of weeks.
    """
    subject = "all assets"
    if not case.ranked:
        reason = f"{case.synthetic.count} synthetic and {case.real.count} real paths; needs {MANY} and one"
        return [METRIC.powerless(subject, reason)]
    sides = [(week_sizes(case.real, phase), week_sizes(case.synthetic, phase)) for phase in range(WEEK)]
    years = YEAR // WEEK
    chances = [chance_of_years(real, own, METRIC.delta, years) for real, own in sides]
    phase = int(np.argmin(chances))
    real, own = sides[phase]
    if own.size < real.size:
        return [METRIC.powerless(subject, f"{own.size} synthetic weeks and {real.size} real ones")]
    evidence = reach_evidence(real, own, case.resamples.own)
    note = f"{own.size} synthetic weeks, {real.size} real ones, begun at row {phase}"
    found = METRIC.compared(subject, evidence, ceiling=CUT, n=own.size, note=note)
    return [replace(found, p=min(WEEK * chances[phase], 1.0))]


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
        "Share of real weeks whose mean |r| over all assets is larger than in any synthetic week, of weeks "
        "that begin on the day on which most is seen; the ceiling is a synthetic side without its wildest "
        "hundredth."
    ),
    misses="Sees only whether crises are reached, not how often they come; see volatility_swings.",
    estimator=(
        "share of real weeks (5 rows, mean |r| of all assets) beyond the wildest of all synthetic paths; its "
        "chance as for tail_reach, the least of five first days (Bonferroni)"
    ),
    references="weeks of each path beyond all others / 1 % cut off",
)
