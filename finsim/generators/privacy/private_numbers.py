"""The law of a column of numbers from noised counts: common values, a histogram that widens, roundings.

No range is declared or read: the grid covers all numbers (or days of two centuries) and cells of it are put
together until they stand out from the noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.margins.grains import BINS, COARSE, rounding_levels
from finsim.generators.margins.number_margin import KNOTS, NumberMargin
from finsim.generators.privacy.noised_counts import Owners, named, noised_counts
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams

NUMBER_RELEASES = 3
MOST_ATOMS = 48
_LOWEST, _HIGHEST, _PIECES = -20, 41, 8
"""Powers of 2, each in eight: from a millionth to 2 * 10^12."""
_FIRST_DAY, _LAST_DAY, _WEEKS = -25_567, 47_482, 28
"""The years 1900 to 2099 in days since 1970, in pieces of four weeks."""
_SEEN, _BESIDE, _APART, _LEFT = 3.8, 0.5, 2.0, 3.0
"""assumption: a power of 2 is seen, one beside it is likely, bins are told apart, and the rest behind the
atoms is a law, so many s.d. of noise above nothing."""
PARTS = 3


@dataclass(frozen=True)
class Grid:
    """Edges float64[M + 1] of bins that need no data, and the group int64[M] of each."""

    edges: Float1D
    group: Int1D

    @classmethod
    def of(cls, step: float, *, is_days: bool) -> Grid:
        """Return a grid for cells that are multiples of ``step`` (0: any number)."""
        if is_days:
            edges = np.arange(_FIRST_DAY, _LAST_DAY + _WEEKS, _WEEKS, dtype=np.float64)
            return cls(edges, np.arange(len(edges) - 1) // 13)
        powers = 2.0 ** np.arange(_LOWEST, _HIGHEST)
        above = np.append((powers[:, None] * (1.0 + np.arange(_PIECES) / _PIECES)).ravel(), 2.0**_HIGHEST)
        edges = np.concatenate([-above[::-1], above])
        if step > 0.0:
            edges = np.unique(np.ceil(edges / step - 1e-9) * step)
            # Zero and the smallest steps have bins of their own.
            edges = np.unique(np.concatenate([edges, [0.0, step]]))
        middle = 0.5 * (edges[:-1] + edges[1:])
        group = np.where(
            np.abs(middle) < powers[0], 0, np.sign(middle) * (1 + np.frexp(np.abs(middle))[1] - _LOWEST)
        )
        return cls(edges, np.unique(group, return_inverse=True)[1].astype(np.int64))

    def places(self, values: Float1D) -> Int1D:
        """Return the bin of each number; those beyond are in the last one."""
        return np.clip(np.searchsorted(self.edges, values, side="right") - 1, 0, len(self.edges) - 2)


@dataclass(frozen=True)
class NumberLaw:
    """Share of missing cells; atoms and their shares of others; ``edges`` [M + 1], ``mass`` [M] of the rest.

    mass sums to 1, or there is none. levels [PARTS, R + 1] : shares of the roundings (from coarse to none) of
    cells in the lowest, middle and highest third of the rest.
    """

    step: float
    lacks: float
    atoms: Float1D
    atom_share: Float1D
    edges: Float1D
    mass: Float1D
    levels: Float2D

    @classmethod
    def fit(
        cls,
        values: Float1D,
        step: float,
        owners: Owners,
        noise: tuple[float, float],
        streams: Streams,
        *,
        is_days: bool = False,
    ) -> NumberLaw:
        """Learn the law of cells float64[n] (NaN: missing) in ``NUMBER_RELEASES`` noised counts.

        noise : noise multiplier of each, and the delta that naming atoms may spend.
        """
        sigma, delta = noise
        present = ~np.isnan(values)
        known, codes = np.unique(values[present], return_inverse=True)
        keys = np.full(len(values), -1, dtype=np.int64)
        keys[present] = codes
        found, counts = named(owners, keys, sigma, delta, streams.at("atoms"))
        atoms = np.sort(known[found[np.argsort(-counts, kind="stable")[:MOST_ATOMS]]]).astype(np.float64)
        grid = Grid.of(step, is_days=is_days)
        keys = np.zeros(len(values), dtype=np.int64)
        keys[present] = 1 + len(atoms) + grid.places(values[present])
        at = np.minimum(np.searchsorted(atoms, values), max(len(atoms) - 1, 0))
        is_atom = present & (atoms[at] == values) if len(atoms) else np.zeros(len(values), dtype=np.bool_)
        keys[is_atom] = 1 + at[is_atom]
        counts = noised_counts(owners, keys, 1 + len(atoms) + len(grid.group), sigma, streams.at("bins"))
        rest = counts[1 + len(atoms) :]
        edges, mass = merged(rest, sigma, grid)
        common = np.maximum(counts[1 : 1 + len(atoms)], 0.0)
        low = max(counts[0], 0.0) if counts[0] > 2.0 * sigma else 0.0
        left = owners.total - float(common.sum()) - low
        # Where atoms are nearly everything, what is left of the noise is no law.
        if len(atoms) and left < _LEFT * sigma * np.sqrt(len(atoms) + 2):
            edges, mass, left = np.zeros(0), np.zeros(0), 0.0
        whole = max(float(common.sum()) + max(left, 0.0), 1e-9)
        law = cls(step, low / (low + whole), atoms, common / whole, edges, mass / max(mass.sum(), 1e-9),
                  np.zeros((PARTS, len(COARSE) + 1)))  # fmt: skip
        return law._with_levels(values, present & ~is_atom, owners, sigma, streams.at("roundings"))

    def _with_levels(
        self, values: Float1D, rest: Array, owners: Owners, sigma: float, draw: np.random.Generator
    ) -> NumberLaw:
        """Return the law with the roundings of its cells, a noised count whether there are any or not."""
        size = len(COARSE) + 1
        keys = np.full(len(values), -1, dtype=np.int64)
        cells = values[rest]
        part = np.minimum((self.below(cells) * PARTS).astype(np.int64), PARTS - 1)
        keys[rest] = part * size + rounding_levels(cells, self.step)
        counts = noised_counts(owners, keys, PARTS * size, sigma, draw).reshape(PARTS, size)
        counts = np.where(counts > 2.0 * sigma, counts, 0.0)
        none = counts.sum(axis=1) <= 0.0
        counts[none, -1] = 1.0
        levels = counts / counts.sum(axis=1, keepdims=True)
        return NumberLaw(self.step, self.lacks, self.atoms, self.atom_share, self.edges, self.mass, levels)

    def moved(self, shift: float, size: float, step: float) -> NumberLaw:
        """Return the law of (cell - shift) * size on the grid ``step``; nothing is rounded."""
        none = np.zeros_like(self.levels)
        none[:, -1] = 1.0
        atoms, edges = (self.atoms - shift) * size, (self.edges - shift) * size
        return NumberLaw(step, self.lacks, atoms, self.atom_share, edges, self.mass, none)

    @property
    def low(self) -> float:
        """The lowest number that can be drawn."""
        ends = [*self.atoms[:1], *self.edges[:1]]
        return float(min(ends, default=0.0))

    @property
    def high(self) -> float:
        """The highest number that can be drawn."""
        ends = [*self.atoms[-1:], *(self.edges[-1:] - self.step)]
        return float(max(ends, default=0.0))

    def below(self, values: Float1D) -> Float1D:
        """Return the share of the rest below each number."""
        if not len(self.mass):
            return np.zeros(len(values))
        return np.asarray(np.interp(values, self.edges, np.append(0.0, np.cumsum(self.mass))))

    def quantiles(self, shares: Float1D) -> Float1D:
        """Return the quantiles of the rest; even inside a bin."""
        top = np.append(self.edges[:-1], max(self.edges[-1] - self.step, self.edges[-2]))
        return np.asarray(np.interp(shares, np.append(0.0, np.cumsum(self.mass)), top))

    def margin(self) -> NumberMargin:
        """Return the law as the margin of a column."""
        if not len(self.mass):
            atoms = self.atoms if len(self.atoms) else np.zeros(1)
            share = self.atom_share if self.atom_share.sum() > 0.0 else np.full(len(atoms), 1.0 / len(atoms))
            plain = np.zeros((BINS, len(COARSE)))
            return NumberMargin(
                self.step, atoms, share / share.sum(), np.zeros(0), np.zeros(len(atoms) + 1), plain
            )
        knots = self.quantiles(np.linspace(0.0, 1.0, KNOTS))
        rounding = np.cumsum(self.levels, axis=1)[:, :-1]
        part = np.minimum(np.arange(BINS) * PARTS // BINS, PARTS - 1)
        return NumberMargin(
            self.step, self.atoms, self.atom_share, knots, np.append(self.below(self.atoms), 1.0),
            rounding[part],
        )  # fmt: skip


def merged(counts: Float1D, sd: float, grid: Grid) -> tuple[Float1D, Float1D]:
    """Return edges float64[M + 1] and mass [M] of bins put together until each stands out from noise ``sd``.

    The law spans the groups of bins (a power of 2, a year) that are seen above the noise, and those beside
    them as long as they are likely; where none is seen, the largest. Reads the noised counts alone.
    """
    groups = int(grid.group[-1]) + 1
    size = np.bincount(grid.group, minlength=groups)
    score = np.bincount(grid.group, weights=counts, minlength=groups) / (max(sd, 1e-9) * np.sqrt(size))
    seen = np.flatnonzero(score > _SEEN)
    first, last = (seen[0], seen[-1]) if len(seen) else (int(score.argmax()), int(score.argmax()))
    while first > 0 and score[first - 1] > _BESIDE:
        first -= 1
    while last < groups - 1 and score[last + 1] > _BESIDE:
        last += 1
    bins = np.flatnonzero((grid.group >= first) & (grid.group <= last))
    edges, mass = [float(grid.edges[bins[0]])], []
    total, width = 0.0, 0
    for index in bins:
        total, width = total + float(counts[index]), width + 1
        if total > 0.0 and total >= _APART * sd * np.sqrt(width):
            edges.append(float(grid.edges[index + 1]))
            mass.append(total)
            total, width = 0.0, 0
    if not mass:
        return np.array([edges[0], float(grid.edges[bins[-1] + 1])]), np.array([max(total, 1e-9)])
    if total > 0.0:  # What is left at the end is a thin bin of its own.
        edges.append(float(grid.edges[bins[-1] + 1]))
        mass.append(total)
    return np.array(edges), np.array(mass)
