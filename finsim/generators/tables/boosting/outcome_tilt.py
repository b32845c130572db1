"""Rows weighted so that an outcome which other columns say follows the rest of a row as in real rows.

A rate says the grade, a date of charge-off says the default. The law of the outcome given all columns is then
no more than that saying, and what the rest of a row has to do with the outcome is left to the network. Here
the outcome is asked of the rest alone, in real rows and in drawn ones, and rows are weighted by the ratio of
the two chances; what says the outcome stays with its row (own; ratio of densities: Sugiyama et al. 2012).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from finsim.generators.tables.boosting.label_law import LARGE_ROWS, LabelLaw, without
from finsim.generators.tables.level_order import grouped, information
from finsim.notation import Array, Float1D
from finsim.randomness import Streams

MOST_LEFT = 0.1
"""A column says the outcome where it leaves a tenth of what is unknown of it at most (assumption)."""
DRAWN, KEPT = 2, 0.95
"""Rows drawn for each real one; ratios above those of 95 % of them count as that (assumptions)."""


@dataclass(frozen=True)
class OutcomeTilt:
    """The outcome given the rest of a row: ``real`` as learned from real rows, ``drawn`` from drawn ones.

    ``cap`` is the greatest log ratio that counts; ``level`` the log of the mean of the capped ratios.
    """

    real: LabelLaw
    drawn: LabelLaw
    cap: float
    level: float

    @classmethod
    def fit(
        cls, levels: Array, counts: list[int], column: int, draw: Callable[[int], Array], streams: Streams,
        unasked: tuple[int, ...] = (),
    ) -> Self | None:  # fmt: skip
        """Learn from real rows int32[N, C] and rows that ``draw`` makes; None where no column says it.

        Columns ``unasked`` tell nothing of it. Nor from fewer than 3,000 rows: the ratio of two laws of so
        few is mostly error (SBA: two-sample .62 with it, .59 without; label no better).
        """
        saying = sayers(levels, counts, column) if len(levels) >= LARGE_ROWS else []
        if not saying:
            return None
        saying += unasked
        own = draw(DRAWN * len(levels))
        laws = [
            LabelLaw.fit(_blind(rows, saying), column, streams.at(name))
            for name, rows in (("real", levels), ("drawn", own))
        ]
        ratios = _log_ratio(laws[0], laws[1], own)
        cap = float(np.quantile(ratios, KEPT))
        return cls(laws[0], laws[1], cap, float(np.log(np.exp(np.minimum(ratios, cap)).mean())))

    def log_weights(self, levels: Array) -> Float1D:
        """Return the capped log ratio of rows less that of the mean row, float64[N]."""
        return np.asarray(np.minimum(_log_ratio(self.real, self.drawn, levels), self.cap) - self.level)

    def state(self, prefix: str) -> dict[str, Array]:
        """Return the arrays under names that begin with ``prefix``."""
        return {**self.real.state(f"{prefix}.real"), **self.drawn.state(f"{prefix}.drawn"),
                f"{prefix}.cap": np.array([self.cap, self.level])}  # fmt: skip

    @classmethod
    def from_state(cls, prefix: str, arrays: Mapping[str, Array]) -> Self:
        """Return the tilt that ``state`` wrote."""
        cap, level = (float(one) for one in arrays[f"{prefix}.cap"])
        real, drawn = (LabelLaw.from_state(f"{prefix}.{name}", arrays) for name in ("real", "drawn"))
        return cls(real, drawn, cap, level)


def sayers(levels: Array, counts: list[int], column: int) -> list[int]:
    """Return the columns of levels int32[N, C] of which one alone says the outcome."""
    groups, sizes = grouped(levels, counts)
    mutual = information(groups, sizes)[column]
    share = np.bincount(groups[:, column]) / len(groups)
    share = share[share > 0]
    unknown = float(-(share * np.log(share)).sum())
    return [k for k in range(len(counts)) if k != column and mutual[k] >= (1.0 - MOST_LEFT) * unknown > 0]


def _blind(levels: Array, saying: list[int]) -> Array:
    found = levels
    for column in saying:
        found = without(found, column)
    return found


def _log_ratio(real: LabelLaw, drawn: LabelLaw, levels: Array) -> Float1D:
    # The trees never ask for what says the outcome: it was hidden when they grew.
    return np.asarray(np.log(real.chance_alone(levels)) - np.log(drawn.chance_alone(levels)))
