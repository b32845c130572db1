"""How much likelier a row is among real rows than among drawn ones: drawn rows are kept by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from finsim.generators.tables.boosting.level_booster import Boosting, LevelOdds, boosted
from finsim.notation import Array, Float1D

DRAWN, SMALL_DRAWN, MANY, MOST_DRAWN = 2, 10, 20_000, 60_000
"""Rows drawn for each real one to learn from, as many more up to so many, and at most (assumptions)."""
JUDGED = 20_000
KEPT = 0.97
"""Ratios above those of 97 % of the drawn rows count as that (assumption): one row is kept at most once."""
SPARE = 1.05


@dataclass(frozen=True)
class RowRatio:
    """Log density ratio of rows of levels: boosted trees that tell real rows from drawn ones.

    ``cap`` is the greatest log ratio that counts; ``level`` the log of the mean of the capped ratios over
    drawn rows. Source: discriminator rejection sampling (Azadi et al. 2019).
    """

    odds: LevelOdds
    cap: float
    level: float

    @classmethod
    def fit(
        cls, real: Array, draw: Callable[[int], Array], how: Boosting, rng: np.random.Generator
    ) -> Self | None:
        """Learn from real rows and rows that ``draw`` makes; None where rows left out are not told apart."""
        count = min(max(DRAWN * len(real), min(SMALL_DRAWN * len(real), MANY)), MOST_DRAWN)
        both = np.concatenate([real, draw(count)])
        truth = np.arange(len(both)) < len(real)
        weight = np.where(truth, 1.0, len(real) / count)
        odds, saved = boosted(both, truth, weight, how, rng)
        if saved <= 0.0:
            return None
        ratios = odds.of(draw(JUDGED))
        cap = float(np.quantile(ratios, KEPT))
        return cls(odds, cap, float(np.log(np.exp(np.minimum(ratios, cap)).mean())))

    def log_weights(self, levels: Array) -> Float1D:
        """Return the capped log ratio of rows less that of the mean row, float64[N]."""
        return np.asarray(np.minimum(self.odds.of(levels), self.cap) - self.level)

    def needed(self, count: int) -> int:
        """Return how many rows are drawn so that ``count`` are kept, hardly ever one twice."""
        return int(np.ceil(SPARE * count * np.exp(self.cap - self.level)))

    def state(self, prefix: str) -> dict[str, Array]:
        """Return the arrays under names that begin with ``prefix``."""
        return {**self.odds.state(prefix), f"{prefix}.cap": np.array([self.cap, self.level])}

    @classmethod
    def from_state(cls, prefix: str, arrays: Mapping[str, Array]) -> Self:
        """Return the ratio that ``state`` wrote."""
        cap, level = (float(one) for one in arrays[f"{prefix}.cap"])
        return cls(LevelOdds.from_state(prefix, arrays), cap, level)
