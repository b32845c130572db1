"""Cells of a margin of numbers: atoms, and a smooth law whose numbers are rounded as people round."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from finsim.kernels.kernel import inlined_kernel, kernel
from finsim.notation import Array, Float1D

GUIDE = 256
"""Parts of (0, 1) for which it is known which piece begins before them."""
START, WIDTH, RANK, SPAN, ATOM = range(5)
GRID, KNOT, SLOPE = range(3)
STEP, POWER, GRAIN, LOWEST, HIGHEST, SKIPS_ZERO, PLAIN = range(7)


class MarginArrays(NamedTuple):
    """A margin as its kernels read it.

    bounds : float64[P + 1], where pieces begin: smooth, atom, smooth, ... from 0 to 1; guide : int64[GUIDE],
    the last piece that begins at or before each part; pieces : float64[P, 5], begin and width, the rank at
    the beginning and how far ranks go, the value of the atom; knots : float64[Q, 3], quantiles: rank, value,
    slope to the next; rounding : float64[BINS, R], cumulative shares of levels of rounding by rank; sizes :
    float64[R + 1, 2], the size of a level, and that of the next coarser one where it has its own share, else
    0; facts : float64[7], step of the grid, the power of ten that makes it whole (0: none), grain, its lowest
    and highest multiple, whether 0 may not be moved, the level that is not rounded; cents : float64[M],
    endings of sums; endings : float64[BINS, M], their cumulative shares by rank.
    """

    bounds: Array
    guide: Array
    pieces: Array
    knots: Array
    rounding: Array
    sizes: Array
    facts: Array
    cents: Array
    endings: Array


@inlined_kernel
def _on_grid(value: float, facts: Array) -> Any:
    if facts[STEP] <= 0.0:
        return value
    if facts[POWER] > 0.0:
        return np.rint(value * facts[POWER]) / facts[POWER]
    return np.rint(value / facts[STEP]) * facts[STEP]


@inlined_kernel
def _between(value: float, low: float, high: float) -> float:
    above = value if value > low else low
    return above if above < high else high


@kernel
def _smooth_cell(rank: float, draw: float, law: Any) -> Any:
    """Return the cell of the smooth law at a rank, rounded as the draw says."""
    knots, facts = law.knots, law.facts
    last = knots.shape[0] - 1
    at = min(max(int(rank * last), 0), last)
    while at < last and knots[at + 1, GRID] <= rank:
        at += 1
    while at > 0 and knots[at, GRID] > rank:
        at -= 1
    plain = knots[at, KNOT]
    if at < last and rank > knots[at, GRID]:
        plain = knots[at, SLOPE] * (rank - knots[at, GRID]) + knots[at, KNOT]
    bins = law.rounding.shape[0]
    part = min(int(rank * bins), bins - 1)
    level = 0
    for k in range(law.rounding.shape[1]):
        level += draw >= law.rounding[part, k]
    size, coarser = law.sizes[level, 0], law.sizes[level, 1]
    cell = np.rint(plain / size) * size if size > 0.0 else plain
    # A multiple of the next coarser size would be one too many: those have their own share.
    is_kept = coarser <= 0.0 or (facts[SKIPS_ZERO] > 0.0 and cell == 0.0)
    if not is_kept and np.abs(cell - np.rint(cell / coarser) * coarser) < size / 4.0:
        cell = cell + (-size if plain < cell else size)
    if law.cents.shape[0] > 0 and level == int(facts[PLAIN]):
        taken = law.rounding[part, law.rounding.shape[1] - 1]
        single = (draw - taken) / max(1.0 - taken, 1e-12)
        which = 0
        for k in range(law.cents.shape[0]):
            which += single >= law.endings[part, k]
        if which < law.cents.shape[0]:
            ending = law.cents[which]
            near = max(np.rint(np.abs(cell) - ending), 0.0) + ending
            cell = np.copysign(np.rint(near * 100.0) / 100.0, cell)
    low, high = knots[0, KNOT], knots[last, KNOT]
    if cell < low or cell > high:
        cell = _on_grid(plain, facts)
    cell = _on_grid(_between(cell, low, high), facts)
    if facts[GRAIN] != 0.0 and level <= int(facts[PLAIN]):
        whole = _between(np.rint(cell / facts[GRAIN]), facts[LOWEST], facts[HIGHEST])
        cell = _on_grid(whole * facts[GRAIN], facts)
    return cell


@inlined_kernel
def _cell(place: float, draw: float, law: Any) -> Any:
    """Return the cell at a place of the margin."""
    last = law.pieces.shape[0] - 1
    piece = law.guide[min(max(int(place * GUIDE), 0), GUIDE - 1)]
    while piece < last and law.bounds[piece + 1] <= place:
        piece += 1
    if piece % 2 == 1 or law.knots.shape[0] == 0:
        return law.pieces[piece, ATOM]
    inside = (place - law.pieces[piece, START]) / law.pieces[piece, WIDTH]
    rank = law.pieces[piece, RANK] + _between(inside, 0.0, 1.0) * law.pieces[piece, SPAN]
    return _smooth_cell(rank, draw, law)


@kernel
def margin_cells(places: Float1D, draws: Float1D, law: Any, cells: Float1D) -> None:
    """Write the cells at places float64[N] in (0, 1) of a margin; ``draws`` choose the rounding."""
    for row in range(places.shape[0]):
        cells[row] = _cell(places[row], draws[row], law)


@kernel
def level_cells(
    levels: Array, single: Float1D, edges: Float1D, inside: Float1D, draws: Float1D, law: Any, cells: Float1D
) -> None:
    """Write the cells of levels int[N] of a margin, NaN for level 0.

    single : float64[L + 1], the cell of a level that has one alone, else NaN; edges : float64[L + 1], the
    places between levels; inside, draws : float64[N] in (0, 1), the place in the level and the rounding.
    """
    for row in range(levels.shape[0]):
        level = levels[row]
        cells[row] = single[level]
        if level > 0 and np.isnan(single[level]):
            low = edges[level - 1]
            cells[row] = _cell(low + inside[row] * (edges[level] - low), draws[row], law)
