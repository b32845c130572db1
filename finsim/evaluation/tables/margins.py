"""Every column alone: KS of numbers, total variation of categories, round values, weekdays, missing cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.metric import STRESS, Evidence, Metric, Score, judge_distance
from finsim.evaluation.tables.column_cells import Cells, cells_of
from finsim.evaluation.tables.column_pairs import ColumnPair, LeftOut
from finsim.evaluation.tables.resampled_rows import clustering, row_draws, thinned
from finsim.evaluation.tables.share_gap import share_chance, share_interval
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Float1D, Float2D, Int1D

MOST_ROWS = 50_000
LEAST = 20


def measure(case: TableCase) -> list[Score]:
    """Return one score for each view of each column, and one for its missing cells where there are any."""
    scores = [METRIC.missing(left.name, left.reason) for left in _lacking(case)]
    if not case.columns:
        return [*scores, METRIC.missing("all columns", "no shared column")]
    some = thinned(case, MOST_ROWS, "margins")
    views: list[Cells] = []
    for column in some.columns:
        scores += _missing_cells(case, column.name)
        present = [int((~column.missing(side)).sum()) for side in (column.real, column.own)]
        if min(present) < LEAST:
            side = "real" if present[0] < LEAST else "synthetic"
            count = min(present)
            reason = f"{count} value{'' if count == 1 else 's'} on the {side} side; needs {LEAST}"
            scores.append(METRIC.missing(column.name, reason))
        else:
            views += cells_of(column)
    return [*scores, *_compared(some, views)]


def _lacking(case: TableCase) -> list[LeftOut]:
    """Return the real columns that cannot be compared."""
    return [one for one in case.left_out if not one.meant and not one.further]


def _compared(case: TableCase, views: list[Cells]) -> list[Score]:
    draws = list(row_draws(case, "margins", case.settings.bootstrap)) if views else []
    scores = []
    for view in views:
        real, own = _shares(view.real, view.size), _shares(view.own, view.size)
        twins = np.stack([_shares(view.real, view.size, draw.real) for draw in draws])
        acting = np.stack([_shares(view.real, view.size, draw.acting) for draw in draws])
        mine = np.stack([_shares(view.own, view.size, draw.own) for draw in draws])
        spare = None if view.spare is None else float(gaps(view, _shares(view.spare, view.size), real))
        evidence = Evidence(
            float(gaps(view, own, real)), gaps(view, mine, real), gaps(view, acting, twins), spare,
            spare is not None,
        )  # fmt: skip
        useless = _constant(view, real)
        if useless <= 0 and evidence.value == 0:
            scores.append(METRIC.missing(view.subject, "one value in all rows of both: nothing to compare"))
            continue
        scores.append(
            METRIC.compared(
                view.subject,
                evidence,
                ceiling=useless if useless > 0 else None,
                n=min(case.rows_real, case.rows_own),
                note=view.note,
            )
        )
    return scores


def _shares(cells: Int1D, size: int, weights: Float1D | None = None) -> Float1D:
    """Return the shares of the cells among the rows that are not missing: float64[size]."""
    counts = np.bincount(cells + 1, weights, size + 1)[1:].astype(np.float64)
    total = counts.sum()
    return counts / total if total else np.full(size, np.nan)


def gaps(view: Cells, left: Float1D | Float2D, right: Float1D | Float2D) -> Float1D:
    """Return sup |F - G| of ordered cells, half the sum of |p - q| of others, over the last axis."""
    difference = left - right
    if view.ordered:
        return np.asarray(np.abs(np.cumsum(difference, axis=-1)).max(axis=-1))
    return np.asarray(0.5 * np.abs(difference).sum(axis=-1))


def _constant(view: Cells, real: Float1D) -> float:
    """Return the distance of a column that holds one value: the median, or the most frequent level."""
    if not view.ordered:
        return float(1.0 - real.max())
    run = np.cumsum(real)
    at = int(np.searchsorted(run, 0.5))
    return float(max(run[at] - real[at], 1.0 - run[at]))


def _missing_cells(case: TableCase, name: str) -> list[Score]:
    column = case.column(name)
    assert column is not None
    gone = [int(column.missing(side).sum()) for side in (column.real, column.own)]
    if not any(gone):
        return []
    found = _share_score(case, column, gone[0], gone[1])
    return [found]


def _share_score(case: TableCase, column: ColumnPair, real: int, own: int) -> Score:
    rows = (case.rows_real, case.rows_own)
    shares = (real / rows[0], own / rows[1])
    value = abs(shares[0] - shares[1])
    noise = [1.0 / clustering(one) for one in (case.entity_real, case.entity_own)]
    shift = METRIC.delta
    if column.spare is not None:
        shift += abs(float(column.missing(column.spare).mean()) - shares[0])
    chance = share_chance((real * noise[0], rows[0] * noise[0]), (own * noise[1], rows[1] * noise[1]), shift)
    low, high = share_interval(own * noise[1], rows[1] * noise[1])
    pooled = (real + own) / sum(rows)
    goal = shift + 1.96 * float(
        np.sqrt(pooled * (1 - pooled) * sum(1 / (n * k) for n, k in zip(rows, noise, strict=True)))
    )
    ends = sorted((abs(low - shares[0]), abs(high - shares[0])))
    span = (0.0 if low <= shares[0] <= high else ends[0], ends[1])
    verdict, reason = judge_distance(value, goal, None)
    note = f"missing: {shares[1]:.1%} synthetic, {shares[0]:.1%} real"
    found = METRIC.scored(
        f"{column.name}, missing", value, span, min(rows), (0.0, max(shares[0], 1 - shares[0]), goal),
        (verdict, reason), note,
    )  # fmt: skip
    return replace(found, p=chance)


METRIC = Metric(
    name="margins",
    case="table",
    use=STRESS,
    unit="probability",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.03,
    origin="assumption: three points of probability beyond sampling noise",
    order_free=True,
    compute=measure,
    summary="Distribution of every column, its missing cells and its round values",
    order=20,
    how=(
        "Distance of the distribution of one column between synthetic and real rows: KS for numbers and "
        "dates, with values that recur counted apart, total variation for categories, rare levels pooled. "
        "The share of missing cells, the roundness of numbers and weekdays of dates have scores of their own."
    ),
    misses="Says nothing about combinations of columns; see pairs and table_two_sample.",
    estimator=(
        "KS of numbers and dates (cells at 250 quantiles of each side, recurring values apart), total "
        "variation of categories (levels below 5 rows pooled), share of missing cells, KS of the largest "
        "power of ten that divides a number"
    ),
    references="resampled real rows or the hold-out / a constant column",
)
