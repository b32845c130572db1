"""Rescaled bars: synthetic rows with the exact proportions open : high : low : close of a real row."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.privacy.copy_census import NEEDED, Census, bars_counted
from finsim.evaluation.privacy.matching import matches
from finsim.notation import Bool1D, Float2D, Int1D
from finsim.records.paths import Paths

TOLERANCE = 1e-8


def shape_rows(paths: Paths) -> Float2D:
    """Return log(open/close), log(high/close), log(low/close) of each bar in the order path, date, asset."""
    close = np.log(paths.close).ravel()
    return np.stack([np.log(paths.columns[name]).ravel() - close for name in NEEDED[:3]], axis=1)


def copied_shapes(real: Paths, synthetic: Paths) -> tuple[Int1D, Bool1D]:
    """Return for each synthetic bar a real bar of the same shape or -1, and which bars could be compared.

    Prices of a bar may be multiplied by any factor. Bars with fewer than three different prices are
    left out: one proportion alone agrees by chance.
    """
    known, queries = shape_rows(real), shape_rows(synthetic)
    compared = _is_telling(queries)
    found = np.full(len(queries), -1, dtype=np.int64)
    held = np.flatnonzero(_is_telling(known))
    hit = matches(known[held], queries[compared], TOLERANCE)
    found[compared] = np.where(hit >= 0, held[np.maximum(hit, 0)] if len(held) else -1, -1)
    return found, compared


def _is_telling(rows: Float2D) -> Bool1D:
    """Tell which bars have at least three different prices among open, high, low and close."""
    prices = np.sort(np.column_stack([rows, np.zeros(len(rows))]), axis=1)
    return np.asarray((np.diff(prices, axis=1) > TOLERANCE).sum(axis=1) >= 2)


def measure(case: PathCase) -> list[Score]:
    """Return one score: the number of bars with the exact shape of a real bar."""
    subject = "bars up to a price factor"
    if not set(NEEDED) <= set(case.real.paths.columns):
        return [METRIC.missing(subject, "needs open, high, low and close")]
    return [bars_counted(METRIC, subject, case, copied_shapes, _note)]


def _note(census: Census) -> str:
    return (
        f"{census.left_out} bars with fewer than three different prices were left out; "
        f"all {census.paths} paths were looked at"
    )


METRIC = Metric(
    name="shape_copies",
    case="paths",
    use=SHARE,
    unit="bars",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.0,
    origin="no copy beyond chance is acceptable",
    order_free=True,
    compute=measure,
    summary="Bars that repeat a real bar at another price level",
    order=180,
    how="Number of bars with exactly the proportions open : high : low : close of a training bar.",
    misses="Blind to copies with noise.",
    estimator=(
        "number of bars with the exact proportions O : H : L : C of a real bar (1e-8); bars with "
        "fewer than three different prices are left out"
    ),
    references="same",
)
