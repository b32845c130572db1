"""Value at risk and expected shortfall of weighted draws, with their 95 % intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.credit.risk import Risk
from finsim.credit.tail.bad_years import Weighted
from finsim.errors import DataError
from finsim.notation import Float1D, Int1D
from finsim.records.figures.loss_tail import LEAST_BEYOND

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class _Ordered:
    """Draws from the greatest loss down, and the chance of a loss at least as great: ``beyond`` [N]."""

    loss: Float1D
    weight: Float1D
    law: Int1D
    beyond: Float1D

    @classmethod
    def of(cls, drawn: Weighted) -> _Ordered:
        order = np.argsort(-drawn.loss, kind="stable")
        weight = drawn.weight[order]
        return cls(drawn.loss[order], weight, drawn.law[order], np.cumsum(weight) / len(weight))

    def at(self, chance: float) -> int:
        """Return the place of the greatest loss that is reached with more than this chance."""
        return min(int(np.searchsorted(self.beyond, chance, side="right")), len(self.loss) - 1)

    def error(self, values: Float1D) -> float:
        """Return the standard error of the mean of ``values`` [N], law by law as the draws were made."""
        total = 0.0
        for law in np.unique(self.law):
            own = values[self.law == law]
            total += float(own.var(ddof=1)) * len(own) if len(own) > 1 else 0.0
        return float(np.sqrt(total)) / len(values)


def tail_figures(drawn: Weighted, level: float) -> tuple[Risk, Risk]:
    """Return value at risk and expected shortfall at ``level``: the same as plain ones where weights are 1.

    VaR q is the greatest loss that is reached with more than the chance 1 - level; its ends are those at the
    chances 1 - level +- 1.96 standard errors of the chance beyond q. ES is q + mean of weight (L - q)+ /
    (1 - level), with 1.96 standard errors of that mean: to first order q does not move it. Raises DataError
    for a level for which there are too few draws.
    Source: Glynn 1996, "Importance sampling for Monte Carlo estimation of quantiles"; Sun and Hong 2010,
    "Asymptotic representations for importance-sampling estimators of value-at-risk and conditional
    value-at-risk".
    """
    ordered, tail = _Ordered.of(drawn), 1.0 - level
    place, count = ordered.at(tail), len(drawn.loss)
    # A book that hardly ever defaults has few losses beyond, among many draws.
    if not 0.0 < level < 1.0 or max(place, count * tail) < LEAST_BEYOND:
        raise DataError(
            f"{count} draws for level {level:g}",
            place="risk",
            expected=f"a level between 0 and 1 with at least {LEAST_BEYOND:g} draws beyond",
            remedy="ask for more draws",
        )
    quantile = float(ordered.loss[place])
    error = ordered.error(ordered.weight * (ordered.loss > quantile))
    ends = (float(ordered.loss[ordered.at(max(tail + side * _Z95 * error, 0.0))]) for side in (1.0, -1.0))
    low, high = ends
    at_risk = Risk(quantile, low, high, level, (high - low) / (2.0 * _Z95))
    excess = ordered.weight * np.maximum(ordered.loss - quantile, 0.0)
    value, spread = quantile + float(excess.mean()) / tail, ordered.error(excess) / tail
    shortfall = Risk(value, value - _Z95 * spread, value + _Z95 * spread, level, spread)
    return at_risk, shortfall
