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
from finsim.records.mixed_table import NUMBER, WORD, MixedColumn, MixedTable

MET, LEAST_ATOMS, MORE = 0.01, 0.25, 0.1
"""An atom is a number of 1 % of the rows; a ratio is learned where a quarter of its numbers are atoms, and a
tenth more than of one of its parts (assumptions)."""
LEAST_BEYOND, NEAR_LIMIT, LEAST_AT = 0.02, 0.02, 0.02
"""Or where it has a limit: 2 % of the rows are within 2 % of its greatest number, and 2 % would be beyond it
if the amounts were drawn apart (assumptions)."""
MOST_WORDS = 64
Numbers = Mapping[str, Float1D]


@dataclass(frozen=True)
class AgreedRatio:
    """``target`` is a part of a ratio that is learned as the other part is.

    ``operands`` : the ratio and the other part; the target is factor x ratio x other where it is the
    ``upper`` part, else factor x other / ratio, on its ``grid``. An other part on a finer grid, ``fine``,
    follows the target again, so that the ratio stays: prices are in thousands, loans in pounds. The ratio
    of the table is computed from both.
    """

    target: str
    operands: tuple[str, ...]
    factor: float
    grid: float
    upper: bool
    fine: float = 0.0
    step: ClassVar[float] = 0.0

    def values(self, columns: Numbers, is_plain: bool = False) -> Float1D:
        """Return the amounts, float64[N], NaN where there is none; ``is_plain`` : on no grid."""
        ratio, other = (columns[name] for name in self.operands)
        made = self._part(ratio, other, self.upper, self.factor)
        return made if is_plain else _on(made, self.grid)

    def other(self, columns: Numbers) -> Float1D:
        """Return the other part as it follows from the target, float64[N]."""
        ratio, mine = columns[self.operands[0]], columns[self.target]
        return _on(self._part(ratio, mine, not self.upper, 1.0 / self.factor), self.fine)

    def learned(self, columns: Numbers) -> Float1D:
        """Return the ratio, float64[N], from the target and the other part."""
        mine, other = columns[self.target], columns[self.operands[1]]
        with np.errstate(all="ignore"):
            return np.asarray(mine / (self.factor * other) if self.upper else self.factor * other / mine)

    @staticmethod
    def _part(ratio: Float1D, other: Float1D, upper: bool, factor: float) -> Float1D:
        if upper:
            return np.asarray(factor * ratio * other)
        return np.asarray(factor * other / np.where(ratio == 0, np.nan, ratio))


def _on(values: Float1D, grid: float) -> Float1D:
    return np.asarray(np.round(values / grid) * grid) if grid > 0 else values


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


def agreed_ratio(
    table: MixedTable, learned: MixedTable, ratio: Identity, rng: np.random.Generator
) -> AgreedRatio | None:
    """Return how a part of a ratio follows from it, None where the ratio has no atoms, nor a limit.

    Of two parts the one is computed that other ``learned`` columns tell less of.
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
    least = max(LEAST_ATOMS, min(share[name] for name in ratio.operands) + MORE)
    if share[ratio.target] < least and not _has_limit(ratio, values, rng):
        return None
    others = [one for name, one in learned.columns.items() if name not in names]
    target, other = sorted(ratio.operands, key=lambda name: _linked(values[name], others))
    is_upper = target == ratio.operands[0]
    factor = 1.0 / ratio.factors[0] if is_upper else ratio.factors[0]
    grid, fine = grid_of(table[target]), grid_of(table[other])
    return AgreedRatio(target, (hidden, other), factor, grid, is_upper, fine if 0 < fine < grid else 0.0)


def _linked(values: Float1D, others: list[MixedColumn]) -> float:
    """Return how much of the spread of ranks another column tells, at most."""
    ranks = _ranks(values)
    told = [0.0]
    for other in others:
        if other.kind == WORD:
            codes = other.values[other.values >= 0]
            counts = np.bincount(codes, minlength=len(other.words))
            means = np.bincount(codes, ranks[other.values >= 0], len(other.words)) / np.maximum(counts, 1)
            if 2 <= (counts > 0).sum() <= MOST_WORDS:
                told.append(float(counts @ (means - ranks.mean()) ** 2 / ((ranks - ranks.mean()) ** 2).sum()))
        elif other.kind == NUMBER and not other.missing().any() and np.ptp(other.values) > 0:
            told.append(float(np.corrcoef(ranks, _ranks(other.values))[0, 1] ** 2))
    return max(told)


def _ranks(values: Float1D) -> Float1D:
    """Return ranks from 1 on, ties sharing their mean."""
    _, code, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2.0)[code])


def _has_limit(ratio: Identity, values: Numbers, rng: np.random.Generator) -> bool:
    """Tell whether numbers crowd below a limit that amounts drawn apart would exceed."""
    mine = values[ratio.target]
    most = float(mine.max())
    if (mine >= (1.0 - NEAR_LIMIT) * most).mean() < LEAST_AT:
        return False
    upper, lower = (values[name] for name in ratio.operands)
    apart = ratio.factors[0] * upper / exchanged(lower, rng)
    return bool((apart > most * (1.0 + NEAR_LIMIT)).mean() >= LEAST_BEYOND)
