"""Rows of a network of levels, refined: the outcome by a law of its own, rows kept by density ratio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from finsim.generators.tables.boosting.label_law import LabelLaw, without
from finsim.generators.tables.boosting.outcome_followers import OutcomeFollowers
from finsim.generators.tables.boosting.outcome_tilt import OutcomeTilt
from finsim.generators.tables.boosting.row_ratio import RowRatio
from finsim.generators.tables.level_network import LevelNetwork, chosen, rows_of
from finsim.notation import Array, Float1D, Float2D

_NEVER = -60.0  # log weight of rows that cannot be, above -inf so that a choice is left where all are such


@dataclass(frozen=True)
class RefinedRows:
    """The law q(x) p(y | x) r(x, y): the network, the law of the outcome y, and the density ratio of rows.

    ``label`` and ``ratio`` are None where there is no outcome, or nothing to refine; ``tilt`` where no column
    says the outcome. ``ratio`` is that of rows that are tilted. ``followers`` f are drawn last, by the
    network: q(x) p(y | x) q(f | x, y) r(x); they stand last in its order.
    """

    network: LevelNetwork
    label: LabelLaw | None = None
    ratio: RowRatio | None = None
    tilt: OutcomeTilt | None = None
    followers: OutcomeFollowers = field(default_factory=OutcomeFollowers)

    def draw(
        self, count: int, given: Mapping[int, int], particles: int, rng: np.random.Generator,
        even: bool = True,
    ) -> Array:  # fmt: skip
        """Return levels int32[count, C]; see ``compact``."""
        return np.ascontiguousarray(self.compact(count, given, particles, rng, even), dtype=np.int32)

    def compact(
        self, count: int, given: Mapping[int, int], particles: int, rng: np.random.Generator,
        even: bool = True,
    ) -> Array:  # fmt: skip
        """Return levels [count, C], column by column in their compact type; ``given`` have their level.

        More rows are drawn, ``particles`` times as many where cells are given, and kept by their weights.
        """
        tilted = count if self.tilt is None else int(np.ceil(count * np.exp(self.tilt.cap - self.tilt.level)))
        size = self.ratio.needed(tilted) if self.ratio is not None else tilted
        levels = self.network.draw(size * (particles if given else 1), given, rng, even)
        if self.tilt is not None and self.ratio is not None and not given:
            # What the ratio leaves out need not be asked of the tilt, which costs more.
            levels = rows_of(levels, chosen(np.exp(self.ratio.log_weights(self.told(levels))), tilted, rng))
            weights = self.tilt.log_weights(levels)
        else:
            weights = np.zeros(len(levels)) + self._refining(levels)
        bound = self.label is not None and bool(given.keys() & {self.label.column, *self.followers.columns})
        if bound:
            weights = weights + self._class_weights(levels)
        turn = bool(given) or not even
        if weights.max() > weights.min():
            levels = rows_of(levels, chosen(np.exp(weights - weights.max()), count, rng))
            levels = rows_of(levels, rng.permutation(count)) if turn else levels
        levels = levels[:count]
        if self.label is None:
            return levels
        if not bound:
            levels = self.label.drawn(levels, rng, even)  # after the choice of rows, which disturbs evenness
        if not self.followers.columns:
            return levels
        return self.followers.drawn(self.network, levels, self.label.column, rng, even, tuple(given))

    def told(self, levels: Array) -> Array:
        """Return what the ratio may ask of rows: not the outcome, whose law is learned with more care."""
        if self.label is None:
            return levels
        return self.followers.hidden(without(levels, self.label.column))

    def log_chances(self, levels: Array) -> Float1D:
        """Return the log probability of rows of levels int32[N, C], float64[N] in nats."""
        if self.label is None:
            found = self.network.log_chances(levels)
        else:
            joint = self._joint(levels)
            found = np.logaddexp.reduce(joint, axis=1) + np.log(self.label.chance_of(levels))
            if self.followers.columns:
                rest = tuple(one for one in self.network.order if one not in self.followers.columns)
                found = found + self.network.log_chances(levels, rest)
        return np.asarray(found + self._refining(levels))

    def _refining(self, levels: Array) -> Float1D | float:
        """Return the log weights of rows of the network, 0 where nothing is refined."""
        found: Float1D | float = 0.0
        if self.tilt is not None:
            found = found + self.tilt.log_weights(levels)
        if self.ratio is not None:
            found = found + self.ratio.log_weights(self.told(levels))
        return found

    def _joint(self, levels: Array) -> Float2D:
        """Return the log chance under the network, less followers, of rows with each class, float64[N, K]."""
        assert self.label is not None
        turned = levels.copy()
        found = []
        for one in self.label.classes:
            turned[:, self.label.column] = one
            found.append(self.network.log_chances(turned, self.followers.columns))
        return np.stack(found, axis=1)

    def _class_weights(self, levels: Array) -> Float1D:
        """Return the log chance of each row's class by its law less that by the network, 0 if unknown."""
        assert self.label is not None
        own, chances = self._class_chances(levels), self.label.chances(levels)
        mine = levels[:, self.label.column]
        place = np.minimum(np.searchsorted(self.label.classes, mine), len(self.label.classes) - 1)
        at = np.arange(len(levels)), place
        found = np.log(np.maximum(chances[at], 1e-12)) - own[at]
        found = np.where(self.label.classes[place] == mine, found, 0.0)
        return np.where(self.followers.contradicted(levels, self.label.column), _NEVER, found)

    def _class_chances(self, levels: Array) -> Float2D:
        """Return the log chances of the classes under the network given all other columns, float64[N, K]."""
        joint = self._joint(levels)
        return np.asarray(joint - np.logaddexp.reduce(joint, axis=1)[:, None])

    def state(self) -> dict[str, Array]:
        """Return the arrays of all parts."""
        found = dict(self.network.state())
        found |= self.label.state("label") if self.label is not None else {}
        found |= self.tilt.state("tilt") if self.tilt is not None else {}
        found |= self.followers.state()
        return found | (self.ratio.state("ratio") if self.ratio is not None else {})

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the rows that ``state`` wrote."""
        label = LabelLaw.from_state("label", arrays) if "label.about" in arrays else None
        ratio = RowRatio.from_state("ratio", arrays) if "ratio.cap" in arrays else None
        tilt = OutcomeTilt.from_state("tilt", arrays) if "tilt.cap" in arrays else None
        followers = OutcomeFollowers.from_state(arrays)
        return cls(LevelNetwork.from_state(arrays), label, ratio, tilt, followers)
