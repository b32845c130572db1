"""Both sides cut to paths of one length, so that a statistic of a path can be ranked among its equals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.columns import Side
from finsim.notation import Float2D, Int1D, Int2D
from finsim.records.paths import Paths

DRAWS = 500


@dataclass(frozen=True)
class EqualLengths:
    """Both sides as paths of equally many rows.

    ``real`` holds the real path, or evenly spaced parts of it where it is longer than a synthetic one;
    ``own`` the synthetic paths, each cut into ``blocks`` consecutive parts where they are longer.
    ``groups`` int64[B, n] are the synthetic parts whose mean stands for the mean over the real parts, and
    ``scale`` stretches the deviation of that mean; None where there are 8 or more real paths, which
    are resampled instead.
    """

    real: Side
    own: Side
    blocks: int
    groups: Int2D | None
    scale: float = 1.0

    @property
    def ranked(self) -> bool:
        """Whether few real paths are ranked among many synthetic ones."""
        return self.groups is not None


def equal_lengths(real: Side, own: Side, block: int, rng: np.random.Generator) -> EqualLengths:
    """Cut both sides to the shorter length; ``block`` rows is how long a regime of the real series lasts.

    Parts of one real path are not independent while a regime lasts: they count as many as there are double
    blocks in the real path, so that short synthetic paths do not make the comparison too sure.
    """
    rows = min(real.steps, own.steps)
    if real.many:
        first = np.zeros(1, dtype=np.int64)
        return EqualLengths(_cut(real, first, rows), _cut(own, first, rows), 1, None)
    parts = -(-real.steps // rows)
    starts = np.round(np.linspace(0, real.steps - rows, parts)).astype(np.int64)
    blocks = own.steps // rows
    left = _cut(real, starts, rows)
    right = _cut(own, np.arange(blocks) * rows, rows)
    independent = real.count * _independent(starts, rows, real.steps, block)
    groups, scale = reference_groups(rng, right.count, independent)
    return EqualLengths(left, right, blocks, groups, scale)


def _independent(starts: Int1D, rows: int, steps: int, block: int) -> float:
    """Return how many independent paths of ``rows`` rows the mean over the real parts is worth."""
    edges = np.zeros(steps + 1)
    np.add.at(edges, starts, 1.0)
    np.add.at(edges, starts + rows, -1.0)
    times = np.cumsum(edges[:-1])
    overlapping = times.sum() ** 2 / (times**2).sum() / rows
    return float(max(min(overlapping, steps / max(rows, 2 * block)), 1.0))


def reference_groups(rng: np.random.Generator, count: int, independent: float) -> tuple[Int2D, float]:
    """Return groups of paths, and the factor that gives their means the spread of ``independent`` paths.

    One path stands for one path. The factor holds the error of the synthetic mean too.
    """
    size = int(np.ceil(independent - 1e-9))
    if size == 1:
        return np.arange(count)[:, None], 1.0
    groups = rng.integers(0, count, (max(count, DRAWS), size))
    return groups, float(np.sqrt((1.0 / independent + 1.0 / count) * size))


def _cut(side: Side, starts: Int1D, rows: int) -> Side:
    """Return the parts of ``rows`` rows that begin at ``starts``, path after path."""
    if rows == side.steps and len(starts) == 1:
        return side
    prices = {name: _parts(values, starts, rows + 1) for name, values in side.paths.columns.items()}
    columns = {name: _parts(values, starts, rows) for name, values in side.columns.items()}
    return Side(Paths(side.paths.assets, side.paths.dates[: rows + 1], prices), columns)


def _parts(values: Float2D, starts: Int1D, rows: int) -> Float2D:
    cut = np.stack([values[:, start : start + rows] for start in starts], axis=1)
    return np.asarray(cut.reshape(-1, *cut.shape[2:]))
