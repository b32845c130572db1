"""The share of every class of the label, as a ratio to its real share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.metric import DETECTOR, Metric, Score, judge_distance
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.resampled_rows import clustering
from finsim.evaluation.tables.share_gap import share_chance, share_interval
from finsim.evaluation.tables.table_case import TableCase

CLASSES = 10
LEAST, LEAST_ROWS = 5, 20


def measure(case: TableCase) -> list[Score]:
    """Return one score, the class whose synthetic share is furthest off; none without a label."""
    label = case.roles.label
    if label is None:
        return []
    column = case.column(label)
    if column is None:
        return [METRIC.missing(label, case.why_not(label))]
    known = np.unique(column.real[~column.missing(column.real)])
    if not 2 <= len(known) <= CLASSES:
        return [METRIC.missing(label, f"{len(known):,} values; a label has 2 to {CLASSES} classes")]
    rows = [float((~column.missing(side)).sum()) for side in (column.real, column.own)]
    if min(rows) < LEAST_ROWS:
        return [METRIC.missing(label, f"{min(rows):.0f} rows of a side with a label; needs {LEAST_ROWS}")]
    found = [one for value in known if (one := _score(case, column, value, (rows[0], rows[1])))]
    if not found:
        return [METRIC.missing(label, f"no class has {LEAST} real rows")]
    worst = min(found, key=lambda one: (1.0 if one.p is None else one.p, -(one.value or 0.0)))
    return [replace(worst, p=min(1.0, (worst.p or 0.0) * max(len(found) - 1, 1)))]


def _score(case: TableCase, column: ColumnPair, value: float, rows: tuple[float, float]) -> Score | None:
    hits = [float(np.sum(side == value)) for side in (column.real, column.own)]
    if min(hits[0], rows[0] - hits[0]) < LEAST:
        return None
    shares = (hits[0] / rows[0], hits[1] / rows[1])
    least = 0.5 / rows[1]
    ratio = abs(float(np.log(max(shares[1], least) / shares[0])))
    noise = [1.0 / clustering(one) for one in (case.entity_real, case.entity_own)]
    margin = METRIC.delta
    if column.spare is not None and (column.spare == value).any():
        margin += abs(float(np.log(np.mean(column.spare == value) / shares[0])))
    edge = abs(shares[0] * (np.exp(margin if shares[1] > shares[0] else -margin) - 1.0))
    chance = share_chance(
        (hits[0] * noise[0], rows[0] * noise[0]), (hits[1] * noise[1], rows[1] * noise[1]), float(edge)
    )
    error = float(np.sqrt(sum((1 - s) / (max(s, least) * n * k) for s, n, k in
                              zip(shares, rows, noise, strict=True))))  # fmt: skip
    goal = margin + 1.96 * error
    low, high = share_interval(hits[1] * noise[1], rows[1] * noise[1])
    ends = sorted(abs(float(np.log(max(end, least) / shares[0]))) for end in (low, high))
    span = (0.0 if low <= shares[0] <= high else min(ends[0], ratio), max(ends[1], ratio))
    useless = abs(float(np.log(least / shares[0])))
    shown = column.levels[int(value)] if column.is_category else f"{value:g}"
    note = f"class {shown}: {shares[1]:.2%} synthetic, {shares[0]:.2%} real"
    verdict = judge_distance(ratio, goal, useless)
    found = METRIC.scored(column.name, ratio, span, int(min(rows)), (error, useless, goal), verdict, note)
    return replace(found, p=chance)


METRIC = Metric(
    name="label_rate",
    case="table",
    use=DETECTOR,
    unit="log ratio of shares",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.1,
    origin="assumption: a tenth of the class's real share beyond sampling noise",
    order_free=True,
    compute=measure,
    summary="Share of every class of the label against its real share",
    order=80,
    how="Log ratio of the synthetic share of a class to its real share, the class that is furthest off.",
    misses="Which rows have the label; see label_association.",
    estimator="log ratio of the share of a class to its real share, worst class (hypergeometric, Bonferroni)",
    references="sampling error / a class that is lost",
)
