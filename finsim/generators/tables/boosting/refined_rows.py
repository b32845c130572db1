"""Rows of a network of levels, refined: the outcome by a law of its own, rows kept by density ratio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from finsim.generators.tables.boosting.label_law import LabelLaw
from finsim.generators.tables.boosting.row_ratio import RowRatio
from finsim.generators.tables.even_uniforms import EvenUniforms
from finsim.generators.tables.level_network import LevelNetwork, chosen
from finsim.notation import Array, Float1D, Float2D


@dataclass(frozen=True)
class RefinedRows:
    """The law q(x) p(y | x) r(x, y): the network, the law of the outcome y, and the density ratio of rows.

    ``label`` and ``ratio`` are None where there is no outcome, or nothing to refine.
    """

    network: LevelNetwork
    label: LabelLaw | None = None
    ratio: RowRatio | None = None

    @property
    def _before(self) -> range:
        """Return the places in the order that the outcome's law sees, and the outcome's own."""
        hidden = 0 if self.label is None else len(self.label.hidden)
        return range(len(self.network.order) - hidden)

    @property
    def _after(self) -> range:
        return range(len(self._before), len(self.network.order))

    def draw(
        self, count: int, given: Mapping[int, int], particles: int, rng: np.random.Generator,
        even: bool = True,
    ) -> Array:  # fmt: skip
        """Return levels int32[count, C]; columns of ``given`` have their level.

        More rows are drawn, ``particles`` times as many where cells are given, and kept by their weights.
        """
        size = (self.ratio.needed(count) if self.ratio is not None else count) * (particles if given else 1)
        draws = EvenUniforms(len(self.network.column), rng, even)
        levels = np.zeros((size, len(self.network.order)), np.int32)
        levels = self.network.drawn_on(levels, self._before, given, draws)
        if self.label is not None and self.label.column not in given:
            levels = self.label.drawn(levels, rng, even)
        levels = self.network.drawn_on(levels, self._after, given, draws)
        weights = self._log_weights(levels, given)
        if weights.max() > weights.min():
            levels = levels[chosen(np.exp(weights - weights.max()), count, rng)]
            return levels[rng.permutation(count)] if given or not even else levels
        return (levels[rng.permutation(size)] if given else levels)[:count]

    def _log_weights(self, levels: Array, given: Mapping[int, int]) -> Float1D:
        """Return the log weights of drawn rows: of a given outcome under its law, and the density ratio."""
        weights = np.zeros(len(levels))
        if self.label is not None and self.label.column in given:
            place = int(np.searchsorted(self.label.classes, given[self.label.column]))
            known = place < len(self.label.classes) and self.label.classes[place] == given[self.label.column]
            if known:
                chance = np.maximum(self.label.chances(levels)[:, place], 1e-12)
                weights = np.log(chance) - self._class_chances(levels)[:, place]
        return weights if self.ratio is None else np.asarray(weights + self.ratio.log_weights(levels))

    def log_chances(self, levels: Array) -> Float1D:
        """Return the log probability of rows of levels int32[N, C], float64[N] in nats."""
        if self.label is None:
            found = self.network.log_chances(levels)
        else:
            found = np.logaddexp.reduce(self._joint(levels), axis=1) + np.log(self.label.chance_of(levels))
            found = found + self.network.log_chances(levels, self._after)
        return found if self.ratio is None else np.asarray(found + self.ratio.log_weights(levels))

    def _joint(self, levels: Array) -> Float2D:
        """Return the log probability under the network of rows with each class, float64[N, K].

        Columns that the outcome's law does not see are left out.
        """
        assert self.label is not None
        turned = levels.copy()
        found = []
        for one in self.label.classes:
            turned[:, self.label.column] = one
            found.append(self.network.log_chances(turned, self._before))
        return np.stack(found, axis=1)

    def _class_chances(self, levels: Array) -> Float2D:
        """Return the log chances of the classes under the network given all other columns, float64[N, K]."""
        joint = self._joint(levels)
        return np.asarray(joint - np.logaddexp.reduce(joint, axis=1)[:, None])

    def state(self) -> dict[str, Array]:
        """Return the arrays of all parts."""
        found = dict(self.network.state())
        found |= self.label.state("label") if self.label is not None else {}
        return found | (self.ratio.state("ratio") if self.ratio is not None else {})

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the rows that ``state`` wrote."""
        label = LabelLaw.from_state("label", arrays) if "label.about" in arrays else None
        ratio = RowRatio.from_state("ratio", arrays) if "ratio.cap" in arrays else None
        return cls(LevelNetwork.from_state(arrays), label, ratio)
