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


def compounded(rate: Float1D, unit: float, times: float) -> Float1D:
    """Return the rate of a year with interest due ``times`` a year, at every instant where 0: float64[N].

    Rates are so many of a ``unit`` (100: percent, 1: shares).
    """
    part = rate / unit
    whole = np.expm1(part) if times == 0 else np.expm1(times * np.log1p(part / times))
    return np.asarray(unit * whole)


def nominal(rate: Float1D, unit: float, times: float) -> Float1D:
    """Return the rate that ``compounded`` makes another one of: float64[N]."""
    logs = np.log1p(rate / unit)
    return np.asarray(unit * (logs if times == 0 else times * np.expm1(logs / times)))
