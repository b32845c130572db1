"""Every pair of columns: Spearman, Cramér's V or correlation ratio, mean gap and largest gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.metric import STRESS, Evidence, Metric, Score
from finsim.evaluation.tables.association import Blocks, blocks_of, covariances, tie
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.resampled_rows import row_draws, thinned
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Float1D, Float2D

MOST_ROWS, DRAWS = 8_000, 60
LEAST = 50


def measure(case: TableCase) -> list[Score]:
    """Return two scores: the mean gap of all pairs, and the largest gap with the pair named."""
    rows = {"real": case.rows_real, "synthetic": case.rows_own}
    reason = too_little(len(case.columns), rows, LEAST, needed=2)
    if reason:
        return [METRIC.missing("mean gap", reason), METRIC.missing("largest gap", reason)]
    some = thinned(case, MOST_ROWS, "pairs")
    blocks = blocks_of(some.columns)
    upper = np.triu_indices(len(blocks.names), 1)
    return _scored_gaps(some, blocks, (upper[0], upper[1]))


def _scored_gaps(case: TableCase, blocks: Blocks, chosen: tuple[Array, Array]) -> list[Score]:
    """Return mean and largest gap over the pairs (row and column numbers of the blocks)."""
    found = _gaps(case, blocks, chosen)
    usual = np.median(found.floors, axis=0)
    pairs = len(usual)
    spare = _held_out(case, chosen)
    mean = Evidence(
        float(found.value.mean()), found.draws.mean(axis=1), found.floors.mean(axis=1),
        None if spare is None else float(spare.mean()), spare is not None,
    )  # fmt: skip
    rows = min(case.rows_real, case.rows_own)
    scores = [
        METRIC.compared(
            "mean gap", mean, ceiling=float(found.useless.mean()), n=rows, note=f"{pairs} pairs of columns"
        )
    ]
    # What noise alone gives a pair is taken off: pairs of many levels would hide the others.
    worst = int(np.argmax(found.value - usual))
    largest = Evidence(
        max(float((found.value - usual)[worst]), 0.0),
        np.maximum((found.draws - usual).max(axis=1), 0.0),
        np.maximum((found.floors - usual).max(axis=1), 0.0),
        None if spare is None else max(float((spare - usual).max()), 0.0),
        spare is not None,
    )
    left, right = (case.columns[int(place[worst])] for place in chosen)
    ties = [tie(left, right, side) for side in ("own", "real")]
    note = f"{left.name} and {right.name}: {ties[0]:.3f} synthetic, {ties[1]:.3f} real; noise taken off"
    useless = max(float((found.useless - usual).max()), 0.0)
    scores.append(METRIC.compared("largest gap", largest, ceiling=useless, n=rows, note=note))
    return scores


class _Gaps:
    """Gaps of some pairs: of the sides [P], over draws [B, P], real against real [B, P], useless twin [P]."""

    def __init__(self, value: Float1D, draws: Float2D, floors: Float2D, useless: Float1D) -> None:
        self.value, self.draws, self.floors, self.useless = value, draws, floors, useless


def _gaps(case: TableCase, blocks: Blocks, chosen: tuple[Array, Array]) -> _Gaps:
    def gap(left: Float2D, right: Float2D) -> Float1D:
        return np.asarray(blocks.norms((left - right) ** 2)[chosen])

    real = covariances(blocks.real, blocks.scale)
    own = covariances(blocks.own, blocks.scale)
    draws, floors = [], []
    for draw in row_draws(case, "pairs", min(case.settings.bootstrap, DRAWS)):
        draws.append(gap(covariances(blocks.own, blocks.scale, draw.own), real))
        twin = covariances(blocks.real, blocks.scale, draw.real)
        floors.append(gap(covariances(blocks.real, blocks.scale, draw.acting), twin))
    rng = case.streams.at("table", "pairs", "shuffled")
    mixed = blocks.real.copy()
    for start, size in zip(blocks.starts, blocks.sizes, strict=True):
        mixed[:, start : start + size] = mixed[rng.permutation(len(mixed)), start : start + size]
    useless = gap(covariances(mixed, blocks.scale), real)
    return _Gaps(gap(own, real), np.array(draws), np.array(floors), useless)


def _held_out(case: TableCase, chosen: tuple[Array, Array]) -> Float1D | None:
    """Return the gaps of the hold-out in the synthetic role."""
    held = tuple(replace(column, own=column.spare) for column in case.columns if column.spare is not None)
    if case.rows_spare < LEAST or len(held) < len(case.columns):
        return None
    blocks = blocks_of(held)
    left, right = (covariances(side, blocks.scale) for side in (blocks.own, blocks.real))
    return np.asarray(blocks.norms((left - right) ** 2)[chosen])


METRIC = Metric(
    name="pairs",
    case="table",
    use=STRESS,
    unit="gap of association",
    lowest=0.0,
    highest=2.0,
    best=0.0,
    delta=0.02,
    origin="assumption: two points of association beyond sampling noise",
    order_free=True,
    compute=measure,
    summary="Association of every pair of columns: mean gap, and the pair that is furthest off",
    order=40,
    how=(
        "Gap of the joint behavior of two columns: Spearman's rho of numbers, means of ranks by level for a "
        "number and a category, joint shares of two categories beyond chance, so that a turned direction "
        "counts. The note gives the pair and its rho, Cramér's V (Bergsma) or correlation ratio on each side."
    ),
    misses="Three-way effects; levels below 1 % of rows, which are pooled.",
    estimator=(
        "norm of the difference of scaled covariances of ranks and level indicators, every pair: mean, and "
        "largest after noise is taken off"
    ),
    references="resampled real rows or the hold-out / columns shuffled independently",
)
