"""Verbatim bars: synthetic rows whose open, high, low, close and volume all equal those of a real row."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.privacy.copy_census import NEEDED, Census, bars_counted
from finsim.evaluation.privacy.matching import matches
from finsim.notation import Bool1D, Float2D, Int1D
from finsim.records.paths import Paths

TOLERANCE = 1e-9


def bar_rows(paths: Paths) -> Float2D:
    """Return one row a bar in the order path, date, asset: log prices and log(1 + volume)."""
    rows = [np.log(paths.columns[name]).ravel() for name in NEEDED]
    if "volume" in paths.columns and np.any(paths.columns["volume"] > 0):
        rows.append(np.log1p(paths.columns["volume"].astype(np.float64)).ravel())
    return np.stack(rows, axis=1)


def copied_bars(real: Paths, synthetic: Paths) -> Int1D:
    """Return for each synthetic bar the real bar it repeats, or -1: int64[N * T * A].

    Both count bars in the order path, date, asset; any asset and date of the real side counts.
    """
    return matches(bar_rows(real), bar_rows(synthetic), TOLERANCE)


def measure(case: PathCase) -> list[Score]:
    """Return one score: the exact number of bars that repeat a real bar."""
    subject = "bars"
    if not set(NEEDED) <= set(case.real.paths.columns):
        return [METRIC.missing(subject, "a close alone says nothing; see window_copies")]
    return [bars_counted(METRIC, subject, case, _find, _note)]


def _find(real: Paths, synthetic: Paths) -> tuple[Int1D, Bool1D]:
    found = copied_bars(real, synthetic)
    return found, np.ones(len(found), dtype=bool)


def _note(census: Census) -> str:
    return f"{census.paths_with} of {census.paths} paths hold a copied bar; every bar was compared"


METRIC = Metric(
    name="bar_copies",
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
    summary="Bars that repeat a real bar",
    order=170,
    how=(
        "Number of synthetic bars whose open, high, low, close and volume all equal those of a "
        "training bar; every bar is compared."
    ),
    misses=(
        "Any change of level or a little noise hides a copy from it; see shape_copies, window_copies "
        "and near_copies."
    ),
    estimator=(
        "number of bars whose O, H, L, C and volume equal those of any real bar (relative 1e-9), "
        "every row compared"
    ),
    references="chance = matches of later real bars in earlier ones / all",
)
