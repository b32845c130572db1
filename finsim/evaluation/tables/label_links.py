"""How every column is tied to the label: a leaked or a shuffled label shows here."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.evaluation.tables.association import blocks_of
from finsim.evaluation.tables.pairs import LEAST, MOST_ROWS, scored_gaps
from finsim.evaluation.tables.resampled_rows import thinned
from finsim.evaluation.tables.table_case import TableCase


def measure(case: TableCase) -> list[Score]:
    """Return two scores: mean and largest gap over the pairs of the label with a column; none without one."""
    label = case.roles.label
    if label is None:
        return []
    subjects = ("mean gap", "largest gap")
    if case.column(label) is None:
        return [METRIC.missing(subject, case.why_not(label)) for subject in subjects]
    rows = min(case.rows_real, case.rows_own)
    if len(case.columns) < 2 or rows < LEAST:
        reason = f"{len(case.columns)} columns on both sides, {rows} rows; needs 2 and {LEAST}"
        return [METRIC.missing(subject, reason) for subject in subjects]
    some = thinned(case, MOST_ROWS, "label links")
    blocks = blocks_of(some.columns)
    at = blocks.names.index(label)
    others = np.array([k for k in range(len(blocks.names)) if k != at], dtype=np.int64)
    return scored_gaps(some, blocks, (others, np.full(len(others), at)), METRIC, "label links")


METRIC = Metric(
    name="label_links",
    case="table",
    use=DETECTOR,
    unit="gap of association",
    lowest=0.0,
    highest=2.0,
    best=0.0,
    delta=0.02,
    origin="assumption: two points of association beyond sampling noise",
    order_free=True,
    compute=measure,
    summary="Association of every column with the label: mean gap, and the column that is furthest off",
    order=90,
    how=(
        "As pairs, for the pairs of the label with one column: a label that a column gives away, or that no "
        "column explains any more, is far from the real side."
    ),
    misses="Combinations of columns that explain the label together.",
    estimator="as pairs, over the pairs of the label with each column",
    references="resampled real rows or the hold-out / columns shuffled independently",
)
