"""The level payment of a loan, and what a sum due later is worth today."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float1D


def annuity_factor(rate: Float1D, periods: Float1D) -> Float1D:
    """Return the payment per period and unit lent, float64[N]; NaN where there is none.

    rate : of a period, 0 or more. Source: level-payment loan, r / (1 - (1 + r)^-n), 1 / n at r = 0.
    """
    with np.errstate(all="ignore"):
        found = np.where(rate == 0, 1.0 / periods, rate / -np.expm1(-periods * np.log1p(rate)))
    return np.asarray(np.where((rate >= 0) & (periods > 0), found, np.nan))


def discounted(balloon: Float1D, rate: Float1D, periods: Float1D) -> Float1D:
    """Return what sums due after so many periods are worth today, float64[N]; a missing one is 0."""
    with np.errstate(all="ignore"):
        return np.asarray(np.nan_to_num(balloon) * np.exp(-periods * np.log1p(rate)))
