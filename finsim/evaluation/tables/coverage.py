"""Subgroups by one and by two columns: is any of at least 0.5 % of the real rows lost or halved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.metric import FAIL, STRESS, WARN, Evidence, Metric, Score
from finsim.evaluation.tables.column_cells import as_levels, level_cells, level_names
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.resampled_rows import clustering, row_draws, thinned
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Float1D, Float2D

SHARE, LEAST = 0.005, 5
KEPT = 0.8
"""A subgroup may have this part of its real share before anything is said."""
BINS, LEVELS = 5, 25
MOST_ROWS, DRAWS = 20_000, 40
LEAST_ROWS = 200


def measure(case: TableCase) -> list[Score]:
    """Return one score: the subgroup that is furthest below 80 % of its real share, in standard errors."""
    subject = "all subgroups"
    rows = (case.rows_real, case.rows_own)
    why = too_little(len(case.columns), dict(zip(("real", "synthetic"), rows, strict=True)), LEAST_ROWS)
    if why:
        return [METRIC.missing(subject, why)]
    some = thinned(case, MOST_ROWS, "coverage")
    parts = [_levels(column) for column in some.columns]
    names = [name for part in parts for name in part[2]]
    sides = [np.concatenate([part[side] for part in parts], axis=1) for side in (0, 1)]
    owner = np.repeat(np.arange(len(parts)), [len(part[2]) for part in parts])
    real, own = (side.T @ side for side in sides)
    large = (real >= max(LEAST, SHARE * some.rows_real)) & (
        (owner[:, None] < owner[None]) | np.eye(len(owner), dtype=np.bool_)
    )
    groups = (np.nonzero(large)[0], np.nonzero(large)[1])
    if not len(groups[0]):
        return [METRIC.missing(subject, "no subgroup has 0.5 % of the real rows")]
    sizes = (some.rows_real, some.rows_own)
    noise = np.sqrt(clustering(some.entity_real))
    base, other = real[groups] / sizes[0], own[groups] / sizes[1]
    lacks = lacking(KEPT * base, other, sizes) / noise
    worst = int(np.argmax(lacks))
    draws, floors = [], []
    for draw in row_draws(some, "coverage", min(some.settings.bootstrap, DRAWS)):
        mine = _shares(sides[1], draw.own, groups)
        draws.append(float(np.max(lacking(KEPT * base, mine, sizes) / noise)))
        twin, acting = (_shares(sides[0], weight, groups) for weight in (draw.real, draw.acting))
        floors.append(float(np.max(lacking(twin, acting, sizes) / noise)))
    useless = _useless(parts, groups, base, sizes) / noise
    lost = int(np.sum(other < 0.5 * base))
    name = _name(names, owner, groups, worst)
    told = f"{name}: {other[worst]:.2%} synthetic, {base[worst]:.2%} real"
    note = f"{told}; {lost} of {len(base)} subgroups have less than half their share"
    evidence = Evidence(float(lacks[worst]), np.array(draws), np.array(floors))
    score = METRIC.compared(subject, evidence, ceiling=useless, n=min(sizes), note=note)
    return [replace(score, reason=f"{score.reason}: {told}") if score.verdict in (WARN, FAIL) else score]


def _levels(column: ColumnPair) -> tuple[Array, Array, list[str]]:
    """Return indicators of both sides, float32[n, L], and the name of each: levels, or fifths of numbers."""
    column = as_levels(column, LEVELS)
    if column.is_category:
        cells = level_cells(column, SHARE, LEVELS)
        codes, names = [cells.real, cells.own], level_names(column, cells)
    else:
        present = column.real[~np.isnan(column.real)]
        cuts = np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1]) if len(present) else np.empty(0)
        edges = np.unique(cuts)
        codes = [
            np.where(np.isnan(side), -1, np.searchsorted(edges, side)) for side in (column.real, column.own)
        ]
        shown = [f"{edge:.6g}" for edge in edges]
        names = [f"up to {edge}" for edge in shown] + [f"above {shown[-1]}" if shown else "any"]
    size = len(names) + 1
    sides = [np.eye(size, dtype=np.float32)[np.where(code < 0, size - 1, code)] for code in codes]
    return sides[0], sides[1], [f"{column.name} {name}" for name in (*names, "missing")]


def _shares(side: Array, weights: Float1D, groups: tuple[Array, Array]) -> Float1D:
    weight = weights.astype(np.float32)
    return np.asarray((side.T @ (side * weight[:, None]))[groups] / weight.sum(), dtype=np.float64)


def lacking(real: Float1D, own: Float1D, rows: tuple[int, int]) -> Float1D:
    """Return by how many standard errors each synthetic share is below the real one: float64[G].

    Roots of shares have the standard error 1 / (2 sqrt(n)) at every share. Source: Freeman and Tukey 1950.
    """
    return np.asarray(2.0 * (np.sqrt(real) - np.sqrt(own)) * np.sqrt(rows[0] * rows[1] / sum(rows)))


def _useless(
    parts: list[tuple[Array, Array, list[str]]],
    groups: tuple[Array, Array],
    base: Float1D,
    sizes: tuple[int, int],
) -> float:
    """Return the score of a twin that has only the most frequent level of each column."""
    marks: list[Float2D] = []
    for part in parts:
        counts = part[0].sum(axis=0)
        marks.append((np.arange(len(counts)) == np.argmax(counts)).astype(np.float64))
    mark = np.concatenate(marks)
    return float(np.max(lacking(KEPT * base, np.outer(mark, mark)[groups], sizes)))


def _name(names: list[str], owner: Array, groups: tuple[Array, Array], at: int) -> str:
    left, right = int(groups[0][at]), int(groups[1][at])
    return names[left] if left == right else f"{names[left]} and {names[right]}"


METRIC = Metric(
    name="coverage",
    case="table",
    use=STRESS,
    unit="standard errors",
    lowest=-1_000.0,
    highest=float("inf"),
    best=0.0,
    delta=0.0,
    origin="assumption: a subgroup may lack a fifth of its real share; more is judged against resampled rows",
    order_free=True,
    compute=measure,
    summary="Subgroups of at least 0.5 % of the real rows, by one and two columns, that are lost or halved",
    order=60,
    how=(
        "Every level, every fifth of a number, and every combination of two of them that has at least "
        "0.5 % of the real rows: by how many standard errors its synthetic share is below 80 % of the real "
        "one. The worst subgroup counts, against the worst among resampled real rows."
    ),
    misses="Subgroups by three columns, and those below 0.5 % of the rows.",
    estimator=(
        "largest shortfall of a share below 80 % of the real one, in standard errors of roots of shares "
        "(Freeman and Tukey 1950), over one- and two-way subgroups"
    ),
    references="worst among resampled real rows / only the most frequent levels",
)
