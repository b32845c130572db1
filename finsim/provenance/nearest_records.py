"""The training records nearest to a record, and how near real records lie to each other: brute force.

A record is a row of float64[C]. The conformal p of a distance is the share of real records, held out or left
out one at a time, whose nearest training record is as near: (1 + those) / (1 + all). A small p says that
the record lies nearer to the training data than real records do; it says nothing of a cause.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from finsim.notation import Bool1D, Float1D, Float2D, Int1D

FIVE = 5
MOST_REFERENCES = 1_000
_LEAST_REFERENCES = 99
_CELLS = 2e8
_EQUAL = 1e-9
_BLOCK = 65_536

Distance = Callable[[Float2D, Float1D], Float1D]
"""Training records [N, C] and one record [C] -> its distance to each: float64[N]."""


@dataclass(frozen=True)
class Nearest:
    """The nearest training records, nearest first: row numbers, distances and conformal p's.

    ``references`` is the number of real records behind p.
    """

    rows: Int1D
    distances: Float1D
    p: Float1D
    references: int


def nearest(training: Float2D, record: Float1D, distance: Distance, real: Float1D) -> Nearest:
    """Return the five nearest of the training records [N, C]; of equal distances the earlier row.

    ``real`` holds the distance of each reference record to its own nearest training record.
    """
    found = distance(training, record)
    rows = np.argsort(found, kind="stable")[:FIVE]
    near = np.sort(real)
    counts = np.searchsorted(near, found[rows] + _EQUAL, side="right")
    p: Float1D = (1.0 + counts.astype(np.float64)) / (1.0 + len(near))
    return Nearest(rows, found[rows], p, len(near))


def held_out(training: Float2D, others: Float2D, distance: Distance) -> Float1D:
    """Return the distance of held-out real records [M, C] to their nearest training record, some of them."""
    some = _some(len(others), training.size)
    return np.array([distance(training, others[row]).min() for row in some])


def left_out(training: Float2D, distance: Distance, beside: Callable[[int], Bool1D]) -> Float1D:
    """Return the distance of training records to the nearest other one, some of them.

    ``beside(row)`` marks the records [N] that are no others of a row: itself, and windows that overlap it.
    """
    found = []
    for row in _some(len(training), training.size):
        distances = np.where(beside(int(row)), np.inf, distance(training, training[row]))
        if np.isfinite(distances.min()):
            found.append(distances.min())
    return np.array(found)


def _some(count: int, cells: int) -> Int1D:
    """Return at most so many evenly spaced rows that all distances cost some hundred million cells."""
    most = int(np.clip(_CELLS / max(cells, 1), _LEAST_REFERENCES, MOST_REFERENCES))
    return np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(np.int64))


def window_distance(training: Float2D, record: Float1D) -> Float1D:
    """Return the root mean square difference of windows in standard form (``standard``): 0 to 2."""
    gap = training - record
    return np.asarray(np.sqrt((gap * gap).mean(axis=1)))


def standard(windows: Float2D) -> Float2D:
    """Return windows of moves [N, W], each without its mean and in units of its standard deviation.

    A window of prices that was shifted in time or stretched in size is then equal to its original.
    """
    centred = windows - windows.mean(axis=1, keepdims=True)
    scale = np.sqrt((centred * centred).mean(axis=1, keepdims=True))
    return np.asarray(centred / np.where(scale > 0, scale, 1.0))


def gower_distance(numeric: Bool1D) -> Distance:
    """Return the mean difference over columns (Gower 1971): 0 where all agree, 1 where nothing does.

    A column of words differs by 0 or 1, a numeric one by the difference of its ranks in [0, 1] (``ranked``);
    a missing cell (NaN) differs from a present one by 1 and from another missing one by 0.
    """

    def some(training: Float2D, record: Float1D) -> Float1D:
        gone, lacks = np.isnan(training), np.isnan(record)
        gap = np.abs(np.where(gone, 0.0, training) - np.where(lacks, 0.0, record))
        gap = np.where(numeric, gap, np.where(gap > 0, 1.0, 0.0))
        return np.asarray(np.where(gone | lacks, (gone != lacks) * 1.0, gap).mean(axis=1))

    def distance(training: Float2D, record: Float1D) -> Float1D:
        starts = range(0, len(training), _BLOCK)
        return np.concatenate([some(training[start : start + _BLOCK], record) for start in starts])

    return distance


def ranked(known: Float1D, values: Float1D) -> Float1D:
    """Return values as ranks among ``known`` ones, 0 to 1, ties in the middle; NaN stays."""
    order = np.sort(known[~np.isnan(known)])
    low, high = (np.searchsorted(order, values, side=side) for side in ("left", "right"))
    return np.where(np.isnan(values), np.nan, (low + high) / (2.0 * max(len(order), 1)))
