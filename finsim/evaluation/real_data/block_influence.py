"""Poisoning: which block of the real data (weeks, an account) moves statistics far more than others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.metric import PASS, STRESS, WARN, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.extras import Later
from finsim.notation import Float1D, Float2D, Int1D

special = Later("scipy.special", "evaluate")

BLOCKS, LEAST_ROWS, MOST_BLOCKS = 20, 20, 500
TOP_LEVELS = 8
CHANCE = 0.05
MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class Blocks:
    """The block of each real row (-1: in none), the words for a block, and how rows were cut."""

    of_row: Int1D
    names: tuple[str, ...]
    by: str


def measure(case: TableCase) -> list[Score]:
    """Return one score: the largest standardised change of a key statistic when one block is left out."""
    subject = "real rows"
    if not case.columns:
        return [METRIC.missing(subject, "no shared column")]
    blocks = cut(case)
    if len(blocks.names) < BLOCKS // 2:
        return [METRIC.missing(subject, f"fewer than {BLOCKS // 2} blocks of {LEAST_ROWS} rows")]
    values, names = key_statistics(case)
    if not names:
        return [METRIC.missing(subject, "no column but the time")]
    z, change = influence(values, blocks.of_row, len(blocks.names))
    block, which = np.unravel_index(int(np.abs(z).argmax()), z.shape)
    largest = float(np.abs(z[block, which]))
    goal = limit(*z.shape)
    verdict, reason = PASS, ""
    where = f"{blocks.names[block]} moves {names[which]} by {change[block, which]:+.3g}"
    if largest > goal:
        verdict, reason = WARN, f"{where}, {largest:.1f} s.d. of the other blocks: look at it"
    note = f"{len(blocks.names)} blocks by {blocks.by}, {len(names)} statistics; largest: {where}"
    return [
        METRIC.scored(subject, largest, (None, None), z.shape[0], (None, None, goal), (verdict, reason), note)
    ]


def cut(case: TableCase) -> Blocks:
    """Cut the real rows by time, else by entity (those with at least 20 rows), else in file order."""
    when = case.column(case.roles.time)
    rows = case.rows_real
    if when is not None and not when.is_category and np.isfinite(when.real).all():
        order, by = np.argsort(when.real, kind="stable"), "time"
    elif case.entity_real is not None:
        names, codes, counts = np.unique(case.entity_real, return_inverse=True, return_counts=True)
        large = np.flatnonzero(counts >= LEAST_ROWS)
        large = large[np.argsort(-counts[large], kind="stable")][:MOST_BLOCKS]
        place = np.full(len(names), -1)
        place[large] = np.arange(len(large))
        words = tuple(f"entity number {names[k] + 1} of the file ({counts[k]} rows)" for k in large)
        return Blocks(place[codes], words, "entity")
    else:
        order, by = np.arange(rows), "file order"
    count = min(BLOCKS, rows // LEAST_ROWS)
    block = np.empty(rows, np.int64)
    block[order] = np.arange(rows) * count // max(rows, 1)
    words = tuple(_words(block, k, count, when if by == "time" else None) for k in range(count))
    return Blocks(block, words, by)


def _words(block: Int1D, k: int, count: int, when: ColumnPair | None) -> str:
    plain = f"block {k + 1} of {count}"
    if when is None:
        first, last = np.flatnonzero(block == k)[[0, -1]] + 1
        return f"{plain} (rows {first} to {last})"
    inside = when.real[block == k]
    ends = [np.datetime64(int(np.floor(day)), "D") for day in (inside.min(), inside.max())]
    return f"{plain} ({ends[0]} to {ends[1]})" if when.kind == "date" else plain


def key_statistics(case: TableCase) -> tuple[Float2D, list[str]]:
    """Return one column a statistic whose mean over rows is the statistic, and their names.

    Mean rank and share of the largest hundredth of each number, share of each frequent level, and the product
    of each rank with the label, which moves when labels are flipped.
    """
    label = case.column(case.roles.label)
    target = None if label is None else _centered(label)
    columns: list[Float1D] = []
    names: list[str] = []
    for column in case.columns:
        if column.name == case.roles.time:
            continue
        if column.is_category:
            counts = np.bincount(column.real[column.real >= 0], minlength=len(column.levels))
            for level in np.argsort(-counts, kind="stable")[:TOP_LEVELS]:
                columns.append((column.real == level).astype(np.float64))
                names.append(f"the share of {column.name} {column.levels[level]}")
            continue
        columns.append(_ranks(column.real))
        names.append(f"the mean rank of {column.name}")
        columns.append((columns[-1] > 0.99).astype(np.float64))
        names.append(f"the share of the largest hundredth of {column.name}")
        if target is not None and column is not label:
            columns.append(target * (columns[-2] - 0.5))
            names.append(f"the dependence of {column.name} and {case.roles.label}")
    return np.stack(columns, axis=1) if columns else np.empty((case.rows_real, 0)), names


def _ranks(values: Float1D) -> Float1D:
    known = np.sort(values[np.isfinite(values)])
    if not len(known):
        return np.full(len(values), 0.5)
    middle = np.searchsorted(known, values, side="left") + np.searchsorted(known, values, side="right")
    return np.where(np.isfinite(values), middle / (2.0 * len(known)), 0.5)


def _centered(label: ColumnPair) -> Float1D:
    if label.is_category:
        return np.asarray((label.real == label.real.max()) - (label.real == label.real.max()).mean())
    return _ranks(label.real) - 0.5


def influence(values: Float2D, block: Int1D, count: int) -> tuple[Float2D, Float2D]:
    """Return z and leave-out change of each statistic for each block: float64[count, K] both.

    A block's z is its mean less that of all rows, times the root of its size, over the median absolute
    deviation of that among blocks (at least what independent rows give).
    """
    used = block >= 0
    size = np.bincount(block[used], minlength=count).astype(np.float64)
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, block[used], values[used])
    mean, n = values.mean(axis=0), len(values)
    gap = sums / size[:, None] - mean
    change = -gap * (size / np.maximum(n - size, 1.0))[:, None]
    scaled = gap * np.sqrt(size)[:, None]
    centered = scaled - np.median(scaled, axis=0)
    spread = MAD_TO_SD * np.median(np.abs(centered), axis=0)
    spread = np.maximum(np.maximum(spread, values.std(axis=0)), 1e-12)
    return centered / spread, change


def limit(blocks: int, statistics: int) -> float:
    """Return the z that the largest of all passes with chance 5 %: a t law, for the spread is estimated.

    The median absolute deviation of B blocks is as exact as a s.d. of 0.37 B (its efficiency).
    """
    return float(-special.stdtrit(max(0.37 * blocks, 2.0), CHANCE / (2.0 * blocks * statistics)))


METRIC = Metric(
    name="block_influence",
    case="table",
    use=STRESS,
    unit="s.d. of other blocks",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.0,
    origin="chance: the largest of all blocks and statistics passes it in 5 % of clean tables (Bonferroni)",
    order_free=False,
    compute=measure,
    summary="Does one block of the real data move the statistics that others do not",
    order=610,
    how=(
        "The real rows are cut into blocks of time, or by account, and each is left out in turn: which moves "
        "the margins, the largest values or the dependence on the label far more than the others do. "
        "Poisoned or broken deliveries show so. It warns at most."
    ),
    misses="Poison that is spread evenly over all blocks; trends, which every block shares.",
    estimator="leave-block-out change of each mean over its median absolute deviation of blocks, largest |z|",
    references="-",
)
