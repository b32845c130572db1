"""Association of every pair of shared loan columns: Cramér's V, numbers cut at the real quintiles."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.loans import SYNTHETIC_ROWS, CreditCase, binned
from finsim.evaluation.metric import STRESS, Evidence, Metric, Score
from finsim.notation import Array, Float2D, Int1D


def indicators(codes: list[Int1D], sizes: list[int]) -> Float2D:
    """Return one indicator column a category of every column: float64[n, K]."""
    blocks = [np.eye(size)[part] for part, size in zip(codes, sizes, strict=True)]
    return np.concatenate(blocks, axis=1)


def associations(joint: Float2D, sizes: list[int], rows: float) -> Array:
    """Return Cramér's V, bias-corrected, of all pairs from the joint counts float64[K, K] of indicators.

    Source: Bergsma 2013.
    """
    starts = (np.cumsum(sizes) - np.array(sizes)).tolist()
    shares = joint / rows
    margin = np.diag(shares)
    chance = np.outer(margin, margin)
    with np.errstate(divide="ignore", invalid="ignore"):
        cells = np.where(chance > 0, (shares - chance) ** 2 / chance, 0.0)
    square = np.add.reduceat(np.add.reduceat(cells, starts, axis=0), starts, axis=1)
    levels = np.add.reduceat((margin > 0).astype(np.float64), starts)
    free = np.outer(levels - 1, levels - 1)
    shrunk = levels - (levels - 1) ** 2 / (rows - 1)
    room = np.minimum.outer(shrunk, shrunk) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(room > 0, np.sqrt(np.maximum(square - free / (rows - 1), 0.0) / room), 0.0)
    return np.asarray(found[np.triu_indices(len(sizes), 1)])


def measure(case: CreditCase) -> list[Score]:
    """Return one score, the mean absolute gap of V over all pairs of columns."""
    subject = "all column pairs"
    if len(case.columns) < 2:
        return [METRIC.missing(subject, "fewer than two shared columns")]
    cut = [binned(column) for column in case.columns]
    sizes = [size for _, _, size in cut]
    real = indicators([left for left, _, _ in cut], sizes)
    rng = case.streams.at("loans", "dependence", "rows")
    total = len(cut[0][1])
    rows = np.sort(rng.choice(total, min(total, SYNTHETIC_ROWS), replace=False))
    own = indicators([right[rows] for _, right, _ in cut], sizes)
    base, other = (associations(side.T @ side, sizes, len(side)) for side in (real, own))
    draws = min(case.settings.bootstrap, 50)
    twins = [_resampled(case, real, sizes, "real", k) for k in range(draws)]
    acting = [_resampled(case, real, sizes, "twin", k, len(own)) for k in range(draws)]
    mine = [_resampled(case, own, sizes, "own", k) for k in range(draws)]
    evidence = Evidence(
        float(np.abs(other - base).mean()),
        np.array([np.abs(draw - base).mean() for draw in mine]),
        np.array([np.abs(a - b).mean() for a, b in zip(acting, twins, strict=True)]),
    )
    note = f"mean V {other.mean():.3f} synthetic, {base.mean():.3f} real, {len(base)} pairs"
    return [METRIC.compared(subject, evidence, ceiling=float(base.mean()), n=len(own), note=note)]


def _resampled(
    case: CreditCase, side: Float2D, sizes: list[int], role: str, draw: int, rows: int | None = None
) -> Array:
    rng = case.streams.at("loans", "dependence", role, draw)
    size = rows or len(side)
    weight = np.bincount(rng.integers(0, len(side), size), minlength=len(side))
    return associations(side.T @ (side * weight[:, None]), sizes, size)


METRIC = Metric(
    name="loan_dependence",
    case="credit",
    use=STRESS,
    unit="mean absolute gap of Cramér's V",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.03,
    origin="assumption: three points of association beyond sampling noise",
    order_free=True,
    compute=measure,
    summary="Association of all pairs of loan columns",
    order=20,
    how=("Mean absolute gap of Cramér's V over all pairs of columns, numbers cut at the real quintiles."),
    misses="Pairs only, and an average: one wrong pair among many hides in it.",
    estimator="mean absolute gap of Cramér's V (Bergsma 2013), numbers cut at the real quintiles, all pairs",
    references="same / independent",
)
