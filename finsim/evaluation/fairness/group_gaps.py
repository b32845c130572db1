"""Gaps between groups of people: a model that learned from synthetic rows against one of real rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from finsim.evaluation.attacks.real_parts import comparable, row_or_entity
from finsim.evaluation.fairness.group_models import POSITIVES, Predictions, groups_of, predictions
from finsim.evaluation.learner import group_weights
from finsim.evaluation.metric import DETECTOR, FAIL, NO_POWER, PASS, WARN, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Float1D, Float2D, Int1D

Measure = Callable[[Predictions, int, Float2D], Float1D]


def measure(case: TableCase) -> list[Score]:
    """Return three scores a group column: gaps of selection, of errors and of calibration.

    Each is the largest difference between two groups under the synthetic model less that under the real one,
    on the hold-out. Groups with fewer than 30 positive rows are too few and are named.
    """
    groups = case.roles.groups
    if not groups or case.roles.label is None:
        lacks = "--group" if not groups else "--label"
        return [METRIC.missing("groups", f"needs a column of groups and a label: give {lacks}")]
    ready = comparable(case)
    label = ready.column(case.roles.label)
    if case.rows_spare == 0 or label is None:
        reason = (
            "no real rows that no model learned from: give --holdout" if label else "no label on all sides"
        )
        return [METRIC.missing(name, reason) for name in groups]
    made = predictions(ready, label)
    if isinstance(made, str):
        return [METRIC.missing(name, made) for name in groups]
    return [score for name in groups for score in _of_column(ready, ready.column(name), name, made)]


def _of_column(case: TableCase, column: ColumnPair | None, name: str, made: Predictions) -> list[Score]:
    if column is None:
        return [METRIC.missing(name, "not a column of all sides")]
    codes, names = groups_of(column)
    counts = {code: int(made.truth[codes == code].sum()) for code in names}
    kept = [code for code in names if counts[code] >= POSITIVES and (~made.truth[codes == code]).any()]
    few = ", ".join(f"{names[code]} ({counts[code]})" for code in names if code not in kept)
    if len(kept) < 2:
        return [METRIC.missing(name, f"too few: groups with fewer than {POSITIVES} positive rows: {few}")]
    rng = case.streams.at("fairness", "draws", name)
    who = row_or_entity(case.entity_spare, case.rows_spare)
    weights = np.concatenate([np.ones((1, len(codes))), group_weights(who, case.settings.bootstrap, rng)])
    shown = ", ".join(names[code] for code in kept)
    note = f"groups {shown}" + (f"; too few: {few}" if few else "")
    return [
        _score(f"{name}, {word}", partial(gap, rate, made, codes, kept, weights), len(codes), note)
        for word, rate in (("selection", selection), ("errors", errors), ("calibration", calibration))
    ]


def gap(
    rate: Measure, made: Predictions, codes: Int1D, kept: list[int], weights: Float2D, model: int
) -> Float1D:
    """Return the largest difference of a rate between two groups under a model, for each draw."""
    by_group = np.stack([rate(made, model, weights * (codes == code)) for code in kept], axis=1)
    return np.asarray((by_group.max(axis=1) - by_group.min(axis=1)).reshape(len(weights), -1).max(axis=1))


def selection(made: Predictions, model: int, weights: Float2D) -> Float1D:
    """Return the share of rows that are alerted, per draw."""
    return _mean(made.chosen[model], weights)


def errors(made: Predictions, model: int, weights: Float2D) -> Float2D:
    """Return the true and the false positive rate, per draw: float64[B, 2]."""
    hit = _mean(made.chosen[model], weights * made.truth)
    return np.stack([hit, _mean(made.chosen[model], weights * ~made.truth)], axis=1)


def calibration(made: Predictions, model: int, weights: Float2D) -> Float1D:
    """Return the mean predicted chance less the share of positives, per draw."""
    return _mean(made.chance[model] - made.truth, weights)


def _mean(values: Array, weights: Float2D) -> Float1D:
    return np.asarray(weights @ values.astype(np.float64) / np.maximum(weights.sum(axis=1), 1e-12))


def _score(subject: str, gaps: Callable[[int], Float1D], n: int, note: str) -> Score:
    real, own = gaps(0), gaps(1)
    change, goal = own - real, METRIC.delta
    value = float(change[0])
    low, high = (float(v) for v in np.quantile(change[1:], [0.025, 0.975]))
    low, high = min(low, value), max(high, value)
    verdict, reason = PASS, ""
    if low > goal:
        verdict, reason = FAIL, f"the gap grows by {value:.3f}, and by more than {goal:.2f} at its lower end"
    elif value > goal:
        verdict, reason = WARN, f"the gap grows by {value:.3f}; the interval reaches below {goal:.2f}"
    elif high > 2.0 * goal:
        needed = int(np.ceil(n * ((high - value) / goal) ** 2))
        verdict, reason = (
            NO_POWER,
            f"a growth of {high:.2f} could have been missed; needs {needed:,} held-out rows",
        )
    told = f"gap {own[0]:.3f} learned from synthetic, {real[0]:.3f} from real rows; {note}"
    return METRIC.scored(subject, value, (low, high), n, (0.0, 1.0, goal), (verdict, reason), told)


METRIC = Metric(
    name="group_gaps",
    case="table",
    use=DETECTOR,
    unit="change of the gap",
    lowest=-2.0,
    highest=2.0,
    best=0.0,
    delta=0.05,
    origin="assumption: 5 points more of a gap between groups than a model of real rows has",
    order_free=False,
    compute=measure,
    summary="Does learning from synthetic rows widen gaps between groups",
    order=600,
    how=(
        "Boosted trees learn the label from synthetic and from real rows and are tried on held-out "
        "people: how much larger is the largest difference between two groups in alerts, in errors and in "
        "calibration."
    ),
    misses="Unfairness of the real data itself, which a faithful copy keeps; groups within groups.",
    estimator=(
        "gap of alerted share, of true or false positive rate, of predicted less observed share between "
        "groups with 30 positives; synthetic less real model, paired bootstrap over held-out people"
    ),
    references="0 / 1",
)
