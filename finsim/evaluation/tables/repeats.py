"""Rows that are repeated inside the synthetic side, beyond what the real side has among its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from finsim.evaluation.metric import STRESS, Metric, Score, judge_distance
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.resampled_rows import thinned
from finsim.evaluation.tables.share_gap import share_chance, share_interval
from finsim.evaluation.tables.table_case import TableCase
from finsim.evaluation.tail_probability import exceedance
from finsim.notation import Array, Float1D, Int1D

LEAST = 2
PAIRED = 2.0
"""Rows that are repeated come in twos or more, so counts spread more than independent ones."""
LABELS = 1_000
MIXED_CELLS = 2_000_000


def measure(case: TableCase) -> list[Score]:
    """Return one score: share of rows that equal an earlier one, on as many rows as the smaller side has.

    Where rows have entities these are drawn whole: one card may hold most of the repeats of a table.
    """
    subject = "all rows"
    size = min(case.rows_real, case.rows_own)
    if why := too_little(len(case.columns), {"real": case.rows_real, "synthetic": case.rows_own}, LEAST):
        return [METRIC.missing(subject, why)]
    if case.entity_real is not None and case.entity_own is not None:
        return [_of_entities(thinned(case, size, "repeats"), subject)]
    rows = {}
    for side, total in (("real", case.rows_real), ("own", case.rows_own)):
        rng = case.streams.at("table", "repeats", side)
        chosen = np.sort(rng.choice(total, size, replace=False)) if total > size else np.arange(total)
        rows[side] = repeated(row_keys(case, side)[chosen])
    counted = size / PAIRED
    real, own = rows["real"] / PAIRED, rows["own"] / PAIRED
    chance = share_chance((real, counted), (own, counted), METRIC.delta)
    pooled = (real + own) / counted / 2
    goal = METRIC.delta + 1.645 * float(np.sqrt(2 * pooled * (1 - pooled) / counted))
    return [
        _score(subject, (rows["real"], size), (rows["own"], size), share_interval(own, counted), goal, chance)
    ]


def _of_entities(case: TableCase, subject: str) -> Score:
    """Return the score of the mean share over entities, by the chance that mixed entities differ as much.

    One busy card may hold most of the repeats of a table; it counts as one.
    """
    keys = {side: row_keys(case, side) for side in ("real", "own")}
    real, own = (
        _shares(keys[side], who) for side, who in (("real", case.entity_real), ("own", case.entity_own))
    )
    both, gap = np.concatenate([real, own]), float(own.mean() - real.mean())
    rng = case.streams.at("table", "repeats", "labels")
    gaps = _mixed_gaps(both, len(real), rng)
    goal = METRIC.delta + max(float(np.quantile(gaps, 0.95)), 0.0)
    chance = min(2.0 * exceedance(gap - METRIC.delta, gaps), 1.0)
    error = 1.96 * float(own.std()) / np.sqrt(len(own))
    span = max(float(own.mean()) - error, 0.0), min(float(own.mean()) + error, 1.0)
    sides = [(repeated(keys[side]), len(keys[side])) for side in ("real", "own")]
    found = _score(subject, sides[0], sides[1], span, goal, chance, (float(real.mean()), float(own.mean())))
    return replace(found, note=f"mean share over {len(real)} and {len(own)} entities; {found.note}")


def _mixed_gaps(both: Float1D, first: int, rng: np.random.Generator) -> Float1D:
    """Return the gap of means under 1,000 random labels, drawn some at a time for memory."""
    gaps, some = np.empty(LABELS), max(MIXED_CELLS // len(both), 1)
    for begin in range(0, LABELS, some):
        block = (min(some, LABELS - begin), len(both))
        mixed = rng.permuted(np.broadcast_to(both, block), axis=1)
        gaps[begin : begin + some] = mixed[:, first:].mean(axis=1) - mixed[:, :first].mean(axis=1)
    return gaps


def _shares(keys: Array, who: Int1D | None) -> Float1D:
    """Return the share of the rows of each entity that equal an earlier row of the side."""
    assert who is not None
    later = np.ones(len(keys), dtype=np.bool_)
    later[np.unique(keys, return_index=True)[1]] = False
    return np.asarray(np.bincount(who, weights=later) / np.bincount(who))


def _score(
    subject: str,
    real: tuple[int, int],
    own: tuple[int, int],
    interval: tuple[float, float],
    goal: float,
    chance: float,
    shares: tuple[float, float] | None = None,
) -> Score:
    """Return the score of (repeats, rows) of both sides; ``interval`` is that of the synthetic share."""
    usual, found = shares or (real[0] / real[1], own[0] / own[1])
    value = max(found - usual, 0.0)
    low, high = (max(one - usual, 0.0) for one in interval)
    note = f"{own[0]} of {own[1]} synthetic rows repeat an earlier one, {real[0]} of {real[1]} real"
    references, judged = (0.0, 1.0 - usual, goal), judge_distance(value, goal, None)
    score = METRIC.scored(subject, value, (min(low, value), high), own[1], references, judged, note)
    return replace(score, p=chance if value > 0 else 1.0)


def repeated(keys: Array) -> int:
    """Return how many rows equal an earlier one."""
    return len(keys) - len(np.unique(keys))


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
    estimator=(
        "share of rows equal to an earlier one, less the real share at the same number of rows, by exact "
        "counts; with entities the mean share over them, by permutation of entities"
    ),
    references="0 / every row the same",
)
