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
    ends = np.cumsum(sizes)
    starts = ends - sizes
    shares = joint / rows
    found = []
    for i in range(len(sizes)):
        for j in range(i + 1, len(sizes)):
            table = shares[starts[i] : ends[i], starts[j] : ends[j]]
            table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
            chance = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True)
            square = float(((table - chance) ** 2 / chance).sum())
            r, c = table.shape
            excess = max(0.0, square - (r - 1) * (c - 1) / (rows - 1))
            room = min(r - (r - 1) ** 2 / (rows - 1), c - (c - 1) ** 2 / (rows - 1)) - 1
            found.append(np.sqrt(excess / room) if room > 0 else 0.0)
    return np.array(found)


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
)
