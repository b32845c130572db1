"""The law of an outcome given all other columns, learned on its own and drawn anew in every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from finsim.generators.tables.boosting.even_classes import even_draws_over
from finsim.generators.tables.boosting.kept_rates import KeptRates, Wanted, softmax
from finsim.generators.tables.boosting.level_booster import Boosting, LevelOdds, boosted
from finsim.generators.tables.level_network import rows_of
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D

MOST_CLASSES = 8
"""An outcome has at most 8 classes, the missing cell among them (assumption)."""
SMALL = Boosting(depth=2, rate=0.05, most=400, ridge=3.0, least=10.0, folds=8)
LARGE = Boosting(depth=3, rate=0.1, most=300, ridge=5.0, least=20.0, folds=4)
LARGE_ROWS = 3_000
FEW_ROWS, SLACK = 1_000, 1.0
"""Of fewer than 1,000 rows the law is sharper than learned (`learnable_outcome`): its rates may differ more
than the real ones by one standard error. Without it drawn rows teach less (German, see the guide)."""
PARTS_OF_CHANCE = 16


@dataclass(frozen=True)
class LabelLaw:
    """Chances of the classes of ``column``: ``classes`` [K] are its levels, ``odds`` each against the rest.

    Two classes have one set of odds, that of the second. ``sharpness`` multiplies the log odds about their
    offset (1: as learned), ``shift`` [K] keeps the shares of the classes, ``rates`` those by words of other
    columns.
    """

    column: int
    classes: Int1D
    odds: tuple[LevelOdds, ...]
    sharpness: float
    shift: Float1D
    rates: KeptRates = field(default_factory=KeptRates)

    @classmethod
    def fit(cls, levels: Array, column: int, rng: np.random.Generator) -> Self:
        """Learn the law of one column of levels int32[N, C] from the others."""
        return cls.learned(levels, column, rng)[0]

    @classmethod
    def learned(cls, levels: Array, column: int, rng: np.random.Generator) -> tuple[Self, float]:
        """Return the law, and the log loss that it saves a row on rows that were left out, in nats."""
        classes = np.unique(levels[:, column]).astype(np.int64)
        how = LARGE if len(levels) >= LARGE_ROWS else SMALL
        hidden = without(levels, column)
        told = classes[1:] if len(classes) == 2 else classes
        weight = np.ones(len(levels))
        found = [boosted(hidden, levels[:, column] == one, weight, how, rng) for one in told]
        if len(classes) == 1:
            found = []
        law = cls(column, classes, tuple(odds for odds, _ in found), 1.0, np.zeros(len(classes)))
        return law, sum(saved for _, saved in found)

    def sharpened(self, sharpness: float, levels: Array) -> LabelLaw:
        """Return the law with other sharpness that gives rows of levels the same mean chances.

        Where rates are kept, by each word too.
        """
        wanted = self.rates.rates(levels, self.chances(levels))
        return self._met(self.rates, sharpness, levels, wanted)

    def keeping(self, levels: Array, is_word: Bool1D) -> LabelLaw:
        """Return the law with the rates by words of rows of levels int32[N, C]; see ``KeptRates``."""
        truth = (levels[:, self.column][:, None] == self.classes).astype(np.float64)
        rates = KeptRates.of(without(levels, self.column), truth, self.column, is_word)
        slack = SLACK if len(levels) < FEW_ROWS else 0.0
        return self._met(rates, self.sharpness, levels, rates.rates(levels, truth), slack)

    def fitting(self, drawn: Array, levels: Array) -> LabelLaw:
        """Return the law that gives rows ``drawn`` the rates that it gives rows of ``levels``."""
        return self._met(self.rates, self.sharpness, drawn, self.rates.rates(levels, self.chances(levels)))

    def _met(
        self, rates: KeptRates, sharpness: float, levels: Array, wanted: Wanted, slack: float = 0.0
    ) -> LabelLaw:
        scores = sharpness * self._scores(without(levels, self.column))
        found, shift = rates.met(scores, levels, wanted, slack)
        return replace(self, sharpness=sharpness, shift=shift, rates=found)

    def _scores(self, hidden: Array) -> Float2D:
        if not self.odds:
            return np.zeros((len(hidden), 1))
        found = [one.of(hidden) for one in self.odds]
        if len(self.classes) == 2:
            return np.stack([np.zeros(len(hidden)), found[0]], axis=1)
        # One against the rest: log chances, made to add up to one by the softmax.
        return np.stack([-np.logaddexp(0.0, -one) for one in found], axis=1)

    def chances(self, levels: Array) -> Float2D:
        """Return the chances of the classes in rows of levels int32[N, C], float64[N, K]."""
        scores = self.sharpness * self._scores(without(levels, self.column))
        return softmax(scores + self.shift + self.rates.shifts(levels))

    def drawn(self, levels: Array, rng: np.random.Generator, even: bool = True) -> Array:
        """Return rows with the column drawn anew, if ``even`` evenly among rows that are alike."""
        found = levels.copy(order="K")
        total = np.cumsum(self.chances(levels), axis=1)[:, :-1]
        if even and total.shape[1]:
            part = (total[:, 0] * PARTS_OF_CHANCE).astype(np.int64)
            uniforms = even_draws_over(part, levels, self._asked(levels.shape[1]), rng)
        else:
            uniforms = rng.random(len(levels))
        found[:, self.column] = self.classes[(uniforms[:, None] >= total).sum(axis=1)]
        return found

    def _asked(self, columns: int) -> Int1D:
        """Return the columns that the trees ask for, those asked most often first, then others with rates."""
        asked = np.zeros(columns, dtype=np.int64)
        for one in self.odds:
            if len(one.bound):
                asks = one.bound < one.bound.max()  # where nothing is asked the bound is above all levels
                asked += np.bincount(one.column[asks], minlength=columns)
        order = np.argsort(-asked, kind="stable")
        order = order[asked[order] > 0]
        return np.concatenate([order, np.setdiff1d(self.rates.columns, order)])

    def chance_of(self, levels: Array) -> Float1D:
        """Return the chance of the class that each row has; a class never seen has the least chance."""
        chances = self.chances(levels)
        place = np.searchsorted(self.classes, levels[:, self.column])
        near = np.minimum(place, len(self.classes) - 1)
        known = self.classes[near] == levels[:, self.column]
        return np.asarray(np.where(known, chances[np.arange(len(levels)), near], 1e-6))

    def chance_alone(self, levels: Array) -> Float1D:
        """Return the chance of the class that each row has, by the odds of that class against the rest alone.

        What all classes say together is not made to add up to one, so that a row asks the trees of its own
        class only: of seven classes a seventh of the work. A class never seen has the least chance.
        """
        hidden = without(levels, self.column)
        if len(self.classes) <= 2:
            return self.chance_of(levels)
        found = np.full(len(levels), 1e-6)
        for one, odds in zip(self.classes, self.odds, strict=True):
            rows = np.flatnonzero(levels[:, self.column] == one)
            found[rows] = 1.0 / (1.0 + np.exp(-odds.of(rows_of(hidden, rows))))
        return found

    def state(self, prefix: str) -> dict[str, Array]:
        """Return the arrays under names that begin with ``prefix``."""
        found: dict[str, Array] = {
            f"{prefix}.about": np.array([self.column, len(self.odds)], np.int64),
            f"{prefix}.classes": self.classes,
            f"{prefix}.sharpness": np.array([self.sharpness]), f"{prefix}.shift": self.shift,
        }  # fmt: skip
        for number, one in enumerate(self.odds):
            found |= one.state(f"{prefix}.{number}")
        return found | self.rates.state(f"{prefix}.rates")

    @classmethod
    def from_state(cls, prefix: str, arrays: Mapping[str, Array]) -> Self:
        """Return the law that ``state`` wrote."""
        column, count = (int(one) for one in arrays[f"{prefix}.about"])
        odds = tuple(LevelOdds.from_state(f"{prefix}.{number}", arrays) for number in range(count))
        return cls(column, arrays[f"{prefix}.classes"], odds, float(arrays[f"{prefix}.sharpness"][0]),
                   arrays[f"{prefix}.shift"], KeptRates.from_state(f"{prefix}.rates", arrays))  # fmt: skip


def without(levels: Array, column: int) -> Array:
    """Return rows in which a column tells nothing."""
    found = levels.copy(order="K")
    found[:, column] = 0
    return found
