"""Rows that are repeated inside the synthetic side, beyond what the real side has among its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from finsim.evaluation.metric import STRESS, Metric, Score, judge_distance
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.share_gap import share_chance, share_interval
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array

LEAST = 2
PAIRED = 2.0
"""Rows that are repeated come in twos or more, so counts spread more than independent ones."""


def measure(case: TableCase) -> list[Score]:
    """Return one score: share of rows that equal an earlier one, on as many rows as the smaller side has."""
    subject = "all rows"
    size = min(case.rows_real, case.rows_own)
    if why := too_little(len(case.columns), {"real": case.rows_real, "synthetic": case.rows_own}, LEAST):
        return [METRIC.missing(subject, why)]
    rows = {}
    for side, total in (("real", case.rows_real), ("own", case.rows_own)):
        rng = case.streams.at("table", "repeats", side)
        chosen = np.sort(rng.choice(total, size, replace=False)) if total > size else np.arange(total)
        rows[side] = len(chosen) - len(np.unique(row_keys(case, side)[chosen]))
    shares = (rows["real"] / size, rows["own"] / size)
    value = max(shares[1] - shares[0], 0.0)
    counted = size / PAIRED
    chance = share_chance((rows["real"] / PAIRED, counted), (rows["own"] / PAIRED, counted), METRIC.delta)
    pooled = sum(shares) / 2
    goal = METRIC.delta + 1.645 * float(np.sqrt(2 * pooled * (1 - pooled) / counted))
    low, high = (max(one - shares[0], 0.0) for one in share_interval(rows["own"] / PAIRED, counted))
    verdict, reason = judge_distance(value, goal, None)
    note = f"{rows['own']} of {size} synthetic rows repeat an earlier one, {rows['real']} of {size} real"
    found = METRIC.scored(
        subject, value, (min(low, value), high), size, (0.0, 1.0 - shares[0], goal), (verdict, reason), note
    )
    return [replace(found, p=chance if value > 0 else 1.0)]


def row_keys(case: TableCase, side: str) -> Array:
    """Return one uint64 key a row over all columns: equal rows have equal keys."""
    keys = np.zeros(len(getattr(case.columns[0], side)), dtype=np.uint64)
    for column in case.columns:
        values: Array = getattr(column, side)
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + pd.util.hash_array(np.ascontiguousarray(values))
    return keys


METRIC = Metric(
    name="repeats",
    case="table",
    use=STRESS,
    unit="share of rows",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.002,
    origin="assumption: two rows in a thousand beyond the repeats of the real side",
    order_free=False,
    compute=measure,
    summary="Rows repeated inside the synthetic side beyond the real side's own rate",
    order=70,
    how="Share of rows that equal an earlier row in every column, less the share among as many real rows.",
    misses="Rows that are nearly equal.",
    estimator="share of rows equal to an earlier one, less the real share at the same number of rows",
    references="0 / every row the same",
)
