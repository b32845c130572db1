"""Verbatim bars: synthetic rows whose open, high, low, close and volume all equal those of a real row."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.privacy.chance import counted
from finsim.evaluation.privacy.matching import matches
from finsim.notation import Float2D, Int1D
from finsim.records.paths import Paths

TOLERANCE = 1e-9
NEEDED = ("open", "high", "low", "close")


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


def held_out(case: PathCase) -> tuple[Paths, Paths]:
    """Return a real part and a later (or given) real part that share no bar, to measure chance."""
    from finsim.evaluation.columns import between

    if case.holdout is not None:
        return case.real.paths, case.holdout.paths
    rows = len(case.real.paths.dates)
    cut = round(rows * (1 - case.settings.holdout_share))
    return between(case.real.paths, 0, cut), between(
        case.real.paths, min(cut + case.settings.purge, rows - 2), rows
    )


def measure(case: PathCase) -> list[Score]:
    """Return one score: the exact number of bars that repeat a real bar."""
    subject = "bars"
    if not set(NEEDED) <= set(case.real.paths.columns):
        return [METRIC.missing(subject, "a close alone says nothing; see window_copies")]
    found = copied_bars(case.real.paths, case.everything)
    earlier, later = held_out(case)
    chance = copied_bars(earlier, later)
    count = int((found >= 0).sum())
    per_path = (found >= 0).reshape(case.everything.count, -1).any(axis=1).sum()
    note = f"{per_path} of {case.everything.count} paths hold a copied bar; every bar was compared"
    return [counted(METRIC, subject, count, len(found), (int((chance >= 0).sum()), len(chance)), note)]


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
)
