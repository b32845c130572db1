"""What the numbers of a column are multiples of: all of them, nearly all, and how coarsely people round."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from finsim.notation import Bool1D, Float1D, Float2D, Int1D

BINS = 24
LEAST_VALUES, MOST_GRAINED = 20, 1e15
"""Different cells that a grain rests on (assumption), and the largest number that a float holds whole."""
COARSE = (1.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1_000.0, 5_000.0, 10_000.0, 100_000.0)
"""Multiples of the step (of 1 where the step is finer) that people round to."""
NEARLY_ALL = 0.95
"""A grain that so many cells are multiples of is kept, with the share that is none (assumption)."""
LOOSE = (2.5, 12.5, 20.0, 25.0, 125.0, 200.0, 250.0, 1_250.0, 2_000.0, 2_500.0, 12_500.0, 20_000.0,
         25_000.0)  # fmt: skip
"""Grains that are looked for where some cells are none of their multiples, in steps or ones; the rounding
that people do without one is told by the levels of ``COARSE``."""


class Grain(NamedTuple):
    """``size`` is 0 where there is none; ``some``: a few cells are no multiples of it."""

    size: float
    some: bool = False


def grain_of(found: Float1D, counts: Int1D, step: float) -> Grain:
    """Return the greatest step above ``step`` of which all, or nearly all, cells are multiples.

    ``found`` are the different cells and ``counts`` how often each is met. Such as 250 of amounts, .05 of
    rates; 20 numbers are all even by chance once in a million. Numbers that are all whole have no grain of 1.
    """
    if step <= 0.0 or len(found) < LEAST_VALUES:
        return Grain(0.0)
    units = np.abs(found) / step
    if units.max() > MOST_GRAINED or (np.abs(units - np.round(units)) > 1e-6).any():
        return Grain(0.0)
    every = _tidy(float(np.gcd.reduce(np.round(units).astype(np.int64))) * step)
    if every > step and every != 1.0:
        return Grain(every)
    is_whole = step >= 1.0 or counts[multiples(found, 1.0)].sum() >= NEARLY_ALL * counts.sum()
    base, known = (max(step, 1.0), LOOSE) if is_whole else (step, (*LOOSE, *COARSE[1:6]))
    for size in sorted((_tidy(base * one) for one in known), reverse=True):
        on_grid = multiples(found, size)
        if (
            size > step
            and multiples(np.array([size]), step).all()
            and on_grid.sum() >= LEAST_VALUES
            and counts[on_grid].sum() >= NEARLY_ALL * counts.sum()
            and not _is_rounding(found, counts, step, size)
        ):
            return Grain(size, True)
    return Grain(0.0)


def _is_rounding(found: Float1D, counts: Int1D, step: float, size: float) -> bool:
    """Tell whether a size of rounding that is a multiple of a grain has nearly all cells as well."""
    sizes = rounding_sizes(step)
    coarser = sizes[multiples(sizes, size) & (sizes >= size)]
    return len(coarser) > 0 and bool(counts[multiples(found, coarser[0])].sum() >= NEARLY_ALL * counts.sum())


def multiples(values: Float1D, size: float) -> Bool1D:
    """Return which values are multiples of a size."""
    scaled = values / size
    return np.asarray(np.abs(scaled - np.round(scaled)) < 1e-6)


def grained_sizes(step: float, grain: float) -> Float1D:
    """Return the rounding sizes from fine to coarse, each as large as makes it a multiple of the grain."""
    sizes = rounding_sizes(step)
    if not grain:
        return sizes
    unit = min(step, 1.0)
    whole = np.lcm(np.rint(sizes / unit).astype(np.int64), round(grain / unit))
    return np.asarray(whole * unit if unit < 1.0 else whole.astype(np.float64))


def rounding_sizes(step: float) -> Float1D:
    """Return the rounding sizes of a grid, from fine to coarse; none below the grid."""
    return np.array(COARSE) * max(step, 1.0)


def no_rounding() -> Float2D:
    """Return the shares of a column that is rounded to nothing."""
    return np.zeros((BINS, len(COARSE)))


def rounding_shares(rest: Float1D, step: float, drawn: float = 0.0, grain: Grain | None = None) -> Float2D:
    """Return cumulative shares [BINS, R] of the coarsest multiple, from coarse to fine, in each bin.

    ``drawn`` : rows that the shares of all bins together count in each. Beside a grain that some cells are no
    multiples of there is one more column: the share that are.
    """
    some = grain is not None and grain.some
    off = ~multiples(rest, grain.size) if grain is not None and some else np.zeros(len(rest), np.bool_)
    if not some and step <= 0.0 and not np.all(rest == np.round(rest)):
        whole = rest == np.round(rest)
        if whole.mean() < 0.01:
            return no_rounding()
    level = np.where(off, len(COARSE) + 1, rounding_levels(rest, step))
    count = len(COARSE) + 1 + some
    found = np.zeros((BINS, count - 1))
    whole = np.bincount(level, minlength=count) / len(rest)
    bins = np.minimum((np.arange(len(rest)) / len(rest) * BINS).astype(np.int64), BINS - 1)
    for index in range(BINS):
        there = level[bins == index]
        if len(there):
            counts = np.bincount(there, minlength=count) + drawn * whole
            found[index] = np.cumsum(counts)[:-1] / (len(there) + drawn)
    return found


def rounding_levels(rest: Float1D, step: float) -> Int1D:
    """Return which of the sizes, from coarse to fine, is the coarsest that a cell is a multiple of."""
    sizes = rounding_sizes(step)[::-1]
    level = np.full(len(rest), len(sizes), dtype=np.int64)
    for index in range(len(sizes) - 1, -1, -1):
        scaled = rest / sizes[index]
        level[(np.abs(scaled - np.round(scaled)) < 1e-9) & (rest != 0)] = index
    return level


def _tidy(size: float) -> float:
    return float(round(size, 9))
