"""``NumberMargin``: the law of one column of numbers: atoms, a smooth rest on the grid of the column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from finsim.generators.margins.grains import (
    BINS,
    COARSE,
    grain_of,
    grained_sizes,
    multiples,
    no_rounding,
    rounding_levels,
    rounding_shares,
)
from finsim.generators.margins.price_endings import PriceEndings
from finsim.generators.margins.smooth_margin import (
    DRAWN,
    SURE_COUNT,
    smooth_part,
    smooth_quantiles,
    spread_ties,
)
from finsim.kernels.trees.margin_cells import (
    ATOM,
    GRAIN,
    GRID,
    GUIDE,
    HIGHEST,
    KNOT,
    LOWEST,
    PLAIN,
    POWER,
    RANK,
    SKIPS_ZERO,
    SLOPE,
    SPAN,
    START,
    STEP,
    WIDTH,
    MarginArrays,
    margin_cells,
)
from finsim.notation import Array, Float1D, Float2D

LEAST_ATOM = 5
ATOM_SHARE = 0.002
KNOTS = 512


@dataclass(frozen=True)
class NumberMargin:
    """A mixture in order of size: atoms (values met often) and a smooth law between its quantiles.

    ``atoms`` [K] sorted, ``atom_share`` [K] of all present cells; ``knots`` [Q] quantiles of the other
    cells at equal probabilities; ``below`` [K + 1] the share of the other cells at or below each atom (and
    1 at the end); ``rounding`` [BINS, R + 1] cumulative shares, in each bin of the other cells, of the
    coarsest of ``COARSE`` that a cell is a multiple of (the last: the plain grid). ``step`` is the grid.
    An atom stands at least 5 times and for .2 % of the cells (assumption): a value of one row never is one.
    ``grain`` : the greatest step of which all cells are multiples, such as 250 of amounts lent; no cell that
    is none comes out. Where nearly all are, ``rounding`` has a last column, the share of those that are.
    ``endings`` : cents that sums which are not rounded end in, such as .99.
    """

    step: float
    atoms: Float1D
    atom_share: Float1D
    knots: Float1D
    below: Float1D
    rounding: Float2D
    grain: float = 0.0
    endings: PriceEndings = field(default_factory=PriceEndings.none)

    @classmethod
    def fit(cls, values: Float1D, step: float = 0.0, smooth: bool = False) -> NumberMargin:
        """Learn the law of present cells float64[N], N >= 1.

        ``smooth`` : quantiles are averaged over their own error, values of a grid are atoms only where they
        are met 60 times or stand out from those beside them, and rounding is drawn towards that of the whole
        column; uneven columns stay as they are.
        """
        found, counts = np.unique(values, return_counts=True)
        is_atom = (counts >= max(LEAST_ATOM, ATOM_SHARE * len(values))) | (len(found) == 1)
        if smooth:
            calm = smooth_part(found, counts, step)
            is_atom &= ~calm | (counts >= SURE_COUNT)
            smooth = bool(calm.any())
        atoms, share = found[is_atom], counts[is_atom] / len(values)
        rest = np.sort(values[~np.isin(values, atoms)])
        if not len(rest):
            return cls(step, atoms, share, np.zeros(0), np.zeros(len(atoms) + 1), no_rounding())
        knots = np.quantile(rest, np.linspace(0.0, 1.0, min(KNOTS, max(2, len(rest) // 3))))
        if smooth:
            knots = smooth_quantiles(spread_ties(rest, step), len(knots))
        below = np.append(np.searchsorted(rest, atoms, side="right") / len(rest), 1.0)
        grain = grain_of(found, counts, step)
        rounding = rounding_shares(rest, step, DRAWN if smooth else 0.0, grain)
        endings = PriceEndings.none() if grain.size else PriceEndings.fit(rest, step)
        return cls(step, atoms, share, knots, below, rounding, grain.size, endings)

    def uniform(self, values: Float1D, draws: Float1D) -> Float1D:
        """Return the place of present cells in (0, 1), ties spread by ``draws`` in (0, 1).

        Source: distributional transform of mixed margins (Rueschendorf 2009).
        """
        low, high = self._span(values)
        return np.clip(low + draws * (high - low), 1e-9, 1.0 - 1e-9)

    def values(self, places: Float1D, draws: Float1D) -> Float1D:
        """Return the cells at places float64[n] in (0, 1); ``draws`` in (0, 1) choose the rounding."""
        found = np.empty(len(places))
        places, draws = (np.ascontiguousarray(one, dtype=np.float64) for one in (places, draws))
        margin_cells(places, draws, self.arrays, found)
        return found

    @cached_property
    def arrays(self) -> MarginArrays:
        """The margin as its kernels read it."""
        bounds, edges = self._bounds(), np.concatenate([[0.0], self.below])
        pieces = np.zeros((len(bounds) - 1, 5))
        part = np.arange(len(pieces)) // 2
        pieces[:, START], pieces[:, WIDTH] = bounds[:-1], np.maximum(np.diff(bounds), 1e-300)
        pieces[:, RANK], pieces[:, SPAN] = edges[part], edges[part + 1] - edges[part]
        if len(self.atoms):
            pieces[:, ATOM] = self.atoms[np.minimum(part, len(self.atoms) - 1)]
            if not len(self.knots):
                pieces[::2, ATOM] = self.atoms[-1]
        guide = np.searchsorted(bounds, np.arange(GUIDE) / GUIDE, side="right") - 1
        knots = np.zeros((len(self.knots), 3))
        knots[:, GRID], knots[:, KNOT] = np.linspace(0.0, 1.0, len(knots)), self.knots
        knots[:-1, SLOPE] = np.diff(self.knots) / np.diff(knots[:, GRID])
        return MarginArrays(
            bounds, np.minimum(guide, len(pieces) - 1).astype(np.int64), pieces, knots,
            np.ascontiguousarray(self.rounding), self._sizes(), self._facts(), self.endings.cents / 100.0,
            np.ascontiguousarray(self.endings.shares),
        )  # fmt: skip

    def _sizes(self) -> Float2D:
        """Return the sizes of levels of rounding and the next coarser one of each, 0 for none."""
        coarse = grained_sizes(self.step, self.grain)[::-1]
        size = np.concatenate([coarse, [self.grain or self.step, self.step]])
        coarser = np.concatenate([[np.inf], coarse, [self.grain or np.inf]])
        apart = (size > 0) & np.isfinite(coarser) & (coarser > 1.5 * size)
        return np.stack([np.maximum(size, 0.0), np.where(apart, coarser, 0.0)], axis=1)

    def _facts(self) -> Float1D:
        """Return the grid, the grain and what bounds both, as the kernels read them."""
        found = np.zeros(7)
        found[STEP], found[PLAIN] = self.step, len(COARSE)
        decimals = _decimals(self.step)
        found[POWER] = 10.0**decimals if decimals else 0.0
        if not len(self.knots):
            return found
        # The lowest value of a grid of counts is a multiple of every size.
        found[SKIPS_ZERO] = -self.step < self.knots[0] < 0.0
        if self.grain:
            found[GRAIN] = self.grain
            found[LOWEST], found[HIGHEST] = self._grains()
        return found

    def _grains(self) -> tuple[float, float]:
        """Return the lowest and highest number of grains within the range of cells."""
        low, high = np.ceil(self.knots[0] / self.grain), np.floor(self.knots[-1] / self.grain)
        return float(low), float(high)

    def rounding_places(self, values: Float1D) -> tuple[Float1D, Float1D]:
        """Return between which ``draws`` of ``values`` the rounding of cells lies, float64[n] each.

        All draws, 0 to 1, where it is an atom.
        """
        low, high = np.zeros(len(values)), np.ones(len(values))
        rows = np.flatnonzero(~np.isin(values, self.atoms))
        if not len(self.knots) or not len(rows):
            return low, high
        rank = np.interp(values[rows], self.knots, np.linspace(0.0, 1.0, len(self.knots)))
        bins = np.minimum((rank * BINS).astype(np.int64), BINS - 1)
        edges = np.concatenate([np.zeros((BINS, 1)), self.rounding, np.ones((BINS, 1))], axis=1)
        level = rounding_levels(values[rows], self.step)
        if self.rounding.shape[1] > len(COARSE):
            level = np.where(multiples(values[rows], self.grain), level, len(COARSE) + 1)
        low[rows], high[rows] = edges[bins, level], edges[bins, level + 1]
        return low, high

    def pieces(self) -> Float1D:
        """Return the places where pieces begin, float64[2 K + 2]: smooth, atom, smooth, ... from 0 to 1."""
        return self._bounds()

    def _bounds(self) -> Float1D:
        """Return the places where pieces begin: smooth, atom, smooth, ... float64[2 K + 2]."""
        smooth = (1.0 - self.atom_share.sum()) * np.diff(np.concatenate([[0.0], self.below]))
        if not len(self.knots):
            smooth = np.zeros(len(self.atoms) + 1)
        widths = np.empty(2 * len(self.atoms) + 1)
        widths[0::2], widths[1::2] = smooth, self.atom_share
        return np.concatenate([[0.0], np.cumsum(widths) / widths.sum()])

    def _span(self, values: Float1D) -> tuple[Float1D, Float1D]:
        """Return the lowest and highest place of each cell."""
        bounds = self._bounds()
        at = np.searchsorted(self.atoms, values)
        near = np.minimum(at, max(len(self.atoms) - 1, 0))
        is_atom = (self.atoms[near] == values) if len(self.atoms) else np.zeros(len(values), np.bool_)
        edges = np.concatenate([[0.0], self.below])
        low, high = self._ranks(values)
        span = np.maximum(edges[at + 1] - edges[at], 1e-300)
        start, width = bounds[2 * at], bounds[2 * at + 1] - bounds[2 * at]
        left = start + width * np.clip((low - edges[at]) / span, 0.0, 1.0)
        right = start + width * np.clip((high - edges[at]) / span, 0.0, 1.0)
        if is_atom.any():
            left[is_atom] = bounds[2 * at[is_atom] + 1]
            right[is_atom] = bounds[2 * at[is_atom] + 2]
        return left, right

    def _ranks(self, values: Float1D) -> tuple[Float1D, Float1D]:
        """Return the ranks in the smooth law between which each cell lies."""
        if not len(self.knots):
            return np.zeros(len(values)), np.zeros(len(values))
        grid, half = np.linspace(0.0, 1.0, len(self.knots)), self.step / 2
        return np.interp(values - half, self.knots, grid), np.interp(values + half, self.knots, grid)

    def state(self, prefix: str) -> dict[str, Array]:
        """Return the arrays of the law under names that begin with ``prefix``."""
        return {
            f"{prefix}.step": np.array([self.step]), f"{prefix}.atoms": self.atoms,
            f"{prefix}.atom_share": self.atom_share, f"{prefix}.knots": self.knots,
            f"{prefix}.below": self.below, f"{prefix}.rounding": self.rounding,
            **({f"{prefix}.grain": np.array([self.grain])} if self.grain else {}),
            **self.endings.state(prefix),
        }  # fmt: skip

    @classmethod
    def from_state(cls, prefix: str, arrays: Mapping[str, Array]) -> NumberMargin:
        """Return the law that ``state`` wrote."""
        names = ("atoms", "atom_share", "knots", "below", "rounding")
        atoms, share, knots, below, rounding = (arrays[f"{prefix}.{name}"] for name in names)
        grain = float(arrays[f"{prefix}.grain"][0]) if f"{prefix}.grain" in arrays else 0.0
        endings = PriceEndings.from_state(prefix, arrays)
        return cls(float(arrays[f"{prefix}.step"][0]), atoms, share, knots, below, rounding, grain, endings)


def _decimals(step: float) -> int:
    """Return the decimals of a decimal grid, 0 for whole numbers, other grids and none."""
    if step <= 0.0:
        return 0
    decimals = round(-np.log10(step))
    return decimals if decimals > 0 and np.isclose(step, 10.0**-decimals) else 0
