"""Is the training table out of date: days since its last row, and whether newer real rows differ from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.metric import NO_POWER, STRESS, Metric, Score, judge_distance
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.resampled_rows import thinned
from finsim.evaluation.tables.table_case import TableCase
from finsim.evaluation.tables.table_two_sample import LEAST, MOST_ROWS, Told, features, told_apart
from finsim.extras import Later

stats = Later("scipy.stats", "evaluate")


def measure(case: TableCase) -> list[Score]:
    """Return two scores of a case whose real side are the training rows, whose other side newer ones."""
    time = case.column(case.roles.time)
    if time is None:
        reason = f"no time: {case.why_not(case.roles.time or 'time')}"
        return [
            METRIC.missing("days since the training rows", reason),
            METRIC.missing("newer real rows", reason),
        ]
    ends = [float(np.nanmax(side)) if not np.isnan(side).all() else np.nan for side in (time.real, time.own)]
    age = METRIC.scored(
        "days since the training rows", ends[1] - ends[0], (None, None), case.rows_real, (0.0, None, None),
        (NO_POWER, "it has no goal: how old is too old depends on the use"),
        "last new row less last training row",
    )  # fmt: skip
    without = replace(case, columns=tuple(one for one in case.columns if one is not time))
    sides = {"training": case.rows_real, "newer": case.rows_own}
    if why := too_little(len(without.columns), sides, LEAST):
        return [age, METRIC.missing("newer real rows", why)]
    return [age, _drift(without)]


def _drift(case: TableCase) -> Score:
    some = thinned(case, MOST_ROWS, "staleness")
    sides = (features(some.columns, "real"), features(some.columns, "own"))
    found: Told = told_apart(some, sides, (some.entity_real, some.entity_own), "staleness", named=True)
    value, limit = max(found.auc, 0.5), 0.5 + METRIC.delta
    goal = limit + 1.645 * found.error
    low, high = (float(np.clip(found.auc + z * found.error, 0.5, 1.0)) for z in (-1.96, 1.96))
    worst = int(np.argmax(found.lost))
    note = f"most by {some.columns[worst].name} ({found.lost[worst]:.3f} of AUC)"
    score = METRIC.scored(
        "newer real rows", value, (low, high), min(some.rows_real, some.rows_own), (0.5, None, goal),
        judge_distance(value, goal, None), note,
    )  # fmt: skip
    return replace(score, p=float(stats.norm.sf((found.auc - limit) / found.error)))


METRIC = Metric(
    name="staleness",
    case="staleness",
    use=STRESS,
    unit="days; AUC",
    lowest=float("-inf"),
    highest=float("inf"),
    best=0.5,
    delta=0.05,
    origin="assumption: five points of AUC between the training rows and newer real ones",
    order_free=False,
    compute=measure,
    summary="Age of the training rows, and drift of newer real rows against them",
    order=10,
    how=(
        "Days from the last training row to the last newer one, and the AUC with which boosted trees tell "
        "newer real rows from training rows, time left out."
    ),
    misses="Drift of what the table has no column for.",
    estimator="days between last rows; AUC of boosted trees between real rows before and since a day",
    references="0.5 / -",
)
