"""Amounts that follow from a ratio with atoms or a limit: a loan to value of 90 % is what was agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from finsim.generators.tables.reduction.identities import Identity
from finsim.generators.tables.reduction.orders import grid_of
from finsim.generators.tables.reduction.schedules import exchanged
from finsim.notation import Float1D
from finsim.records.mixed_table import MixedTable

MET, LEAST_ATOMS, MORE = 0.01, 0.25, 0.1
"""An atom is a number of 1 % of the rows; a ratio is learned where a quarter of its numbers are atoms, and a
tenth more than of the amount that is computed instead (assumptions)."""
LEAST_BEYOND, NEAR_LIMIT, LEAST_AT = 0.02, 0.02, 0.02
"""Or where it has a limit: 2 % of the rows are within 2 % of its greatest number, and 2 % would be beyond it if
the amounts were drawn apart (assumptions)."""
Numbers = Mapping[str, Float1D]


@dataclass(frozen=True)
class AgreedRatio:
    """``target`` is one part of a ratio that is learned: ``factor`` x ratio x the lower part, for the upper one.

    ``operands`` : the learned ratio and the other part. Not ``upper`` : the target is the lower part, factor x
    the upper one / ratio. Amounts are on a ``grid``; the ratio is computed again from both, so that all fit.
    """

    target: str
    operands: tuple[str, ...]
    factor: float
    grid: float
    upper: bool = True
    step: ClassVar[float] = 0.0

    def values(self, columns: Numbers) -> Float1D:
        """Return the amounts, float64[N]; NaN where there is none."""
        ratio, other = (columns[name] for name in self.operands)
        with np.errstate(all="ignore"):
            made = self.factor * (
                ratio * other if self.upper else other / np.where(ratio == 0, np.nan, ratio)
            )
        return np.asarray(np.round(made / self.grid) * self.grid if self.grid > 0 else made)

    def learned(self, columns: Numbers) -> Float1D:
        """Return the ratio, float64[N], from the target and the other part."""
        mine, other = columns[self.target], columns[self.operands[1]]
        with np.errstate(all="ignore"):
            return np.asarray(mine / (self.factor * other) if self.upper else self.factor * other / mine)


def agreed_name(ratio: str) -> str:
    """Return the name of the learned column of a ratio."""
    return f"{ratio}: agreed"


def atoms(values: Float1D) -> float:
    """Return the share of numbers, those that are 0 left out, that 1 % of the rows have, each."""
    known = values[~np.isnan(values) & (values != 0)]
    if not len(known):
        return 0.0
    counts = np.unique(known, return_counts=True)[1]
    return float(counts[counts >= MET * len(known)].sum() / len(known))


def agreed_ratio(table: MixedTable, ratio: Identity, rng: np.random.Generator) -> AgreedRatio | None:
    """Return how a part of a ratio follows from it, None where the ratio has no atoms, nor a limit, of its own.

    Of two parts the one of fewer atoms is computed: prices are in thousands, loans in pounds.
    """
    hidden = agreed_name(ratio.target)
    names = (ratio.target, *ratio.operands)
    values = {name: table[name].values for name in names}
    if (
        hidden in table
        or any(np.isnan(one).any() for one in values.values())
        or (values[names[0]] <= 0).any()
    ):
        return None
    share = {name: atoms(one) for name, one in values.items()}
    target, other = sorted(ratio.operands, key=lambda name: (share[name], -len(np.unique(values[name]))))
    has_atoms = share[ratio.target] >= max(LEAST_ATOMS, share[target] + MORE)
    if not has_atoms and not _has_limit(ratio, values, rng):
        return None
    is_upper = target == ratio.operands[0]
    factor = 1.0 / ratio.factors[0] if is_upper else ratio.factors[0]
    return AgreedRatio(target, (hidden, other), factor, grid_of(table[target]), is_upper)


def _has_limit(ratio: Identity, values: Numbers, rng: np.random.Generator) -> bool:
    """Tell whether numbers crowd below a limit that amounts drawn apart would exceed."""
    mine = values[ratio.target]
    most = float(mine.max())
    if (mine >= (1.0 - NEAR_LIMIT) * most).mean() < LEAST_AT:
        return False
    upper, lower = (values[name] for name in ratio.operands)
    apart = ratio.factors[0] * upper / exchanged(lower, rng)
    return bool((apart > most * (1.0 + NEAR_LIMIT)).mean() >= LEAST_BEYOND)
