"""Uniform draws that stand evenly inside groups of rows: a sample as near to its law as rows allow."""

from __future__ import annotations

import numpy as np

from finsim.kernels.trees.even_draws import PARTS, even_draws
from finsim.notation import Array, Float1D


class EvenUniforms:
    """Draws for one block of rows; groups are leaves, levels or parts of a chance, counted from 0.

    Rows that are drawn one by one from a learned law are twice as far from the truth as real rows are: once
    for the law, once for the draw. Even draws leave out most of the second. Rows are then alike in law, but
    not independent: counts vary less between samples than they would by chance.
    """

    def __init__(self, groups: int, rng: np.random.Generator, even: bool = True) -> None:
        """Begin a block with so many groups; independent draws where it is not ``even``."""
        self.rng = rng
        self._is_even = even
        if even:
            self._place = np.zeros(groups, np.uint8)
            self._parts = np.tile(np.arange(PARTS, dtype=np.uint8), (groups, 1))

    def of(self, group: Array) -> Float1D:
        """Return draws float64[N] in [0, 1) for rows of groups int[N]."""
        found = self.rng.random(len(group))
        if self._is_even:
            even_draws(np.ascontiguousarray(group), self._place, self._parts, found)
        return found
