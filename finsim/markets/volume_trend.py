"""What volume is measured against: a slow trend, and on daily bars the weekday; and its decimals."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Dates1D, Float1D, Int1D
from finsim.records.paths import Paths

WEEK = 7
_MOST_DECIMALS = 8
_LEAST_SEGMENT = 60
# A week has to be seen so often; and the F ratio of weekdays must be so large, or there are none.
_LEAST_WEEKS, _LEAST_RATIO = 20, 4.0


def volume_trend(paths: Paths) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Return knots in the middle of yearly segments (60 bars at least), and each one's median log volume."""
    logs = np.log1p(paths.columns["volume"][0])
    rows = np.arange(len(logs), dtype=float)
    year = paths.calendar.steps_a_year
    count = max(1, round(len(rows) / max(year, _LEAST_SEGMENT)))
    knots = tuple(float(piece.mean()) for piece in np.array_split(rows, count))
    medians = [np.median(piece, axis=0) for piece in np.array_split(logs, count)]
    return knots, tuple(tuple(float(value) for value in column) for column in np.array(medians).T)


def volume_weekdays(paths: Paths) -> tuple[tuple[float, ...], ...]:
    """Return by how much log(1 + V) differs from the week around it on each weekday, Monday first, per asset.

    Nothing where bars are not daily, weeks are few, or no asset's volume knows weekdays; zeros for the assets
    whose own does not. Means are shrunk by 1 - 1 / F (James & Stein 1961, positive part).
    """
    days, logs = weekdays(paths.dates), np.log1p(paths.columns["volume"][0])
    seen = np.bincount(days, minlength=WEEK)
    width = int((seen > 0).sum())
    if (
        paths.calendar.step != "day"
        or paths.calendar.every > 1
        or len(days) < _LEAST_WEEKS * width
        or width < 2
    ):
        return ()
    found = tuple(_offsets(logs[:, a], days, seen, width) for a in range(logs.shape[1]))
    return found if any(any(one) for one in found) else ()


def volume_decimals(paths: Paths) -> int:
    """Return with how many decimals, at most eight, all volumes are written; 0 where none are or more."""
    volume = paths.columns["volume"]
    for decimals in range(_MOST_DECIMALS + 1):
        if np.array_equal(np.round(volume, decimals), volume):
            return decimals
    return 0


def weekdays(dates: Dates1D) -> Int1D:
    """Return the weekday of dates, 0 for Monday: int64[T]."""
    return (dates.astype("datetime64[D]").astype(np.int64) + 3) % WEEK


def _offsets(logs: Float1D, days: Int1D, seen: Array, width: int) -> tuple[float, ...]:
    around = np.convolve(np.pad(logs, width // 2, mode="edge"), np.ones(width) / width, "valid")[: len(logs)]
    left = logs - around
    sums = np.bincount(days, left, minlength=WEEK)
    means = sums / np.maximum(seen, 1)
    within = float(np.mean((left - means[days]) ** 2)) * len(left) / max(len(left) - width, 1)
    between = float((seen * (means - left.mean()) ** 2).sum()) / (width - 1)
    ratio = between / max(within, 1e-12)
    if ratio < _LEAST_RATIO:
        return (0.0,) * WEEK
    kept = np.where(seen > 0, (means - left.mean()) * (1.0 - 1.0 / ratio), 0.0)
    return tuple(float(value) for value in kept)
