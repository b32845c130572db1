"""Intervals of attack rates: Clopper and Pearson for one rate, Newcombe for the excess over a control."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.extras import Later

special = Later("scipy.special", "evaluate")


def clopper_pearson(hits: int, attacks: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact two-sided interval of a rate; (0, 1) without attacks.

    Source: Clopper and Pearson 1934.

    Example:
        >>> [round(limit, 4) for limit in clopper_pearson(0, 500)]
        [0.0, 0.0074]

    """
    if attacks <= 0:
        return 0.0, 1.0
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if hits <= 0 else float(special.betaincinv(hits, attacks - hits + 1, tail))
    high = 1.0 if hits >= attacks else float(special.betaincinv(hits + 1, attacks - hits, 1.0 - tail))
    return low, high


def upper_bound(hits: int, attacks: int, confidence: float = 0.95) -> float:
    """Return the exact one-sided upper bound of a rate."""
    return clopper_pearson(hits, attacks, 2.0 * confidence - 1.0)[1]


@dataclass(frozen=True)
class Risk:
    """The excess of an attack's rate on training records over its rate on a control group, with interval."""

    value: float
    low: float
    high: float
    train: float
    control: float


def excess_risk(train: tuple[int, int], control: tuple[int, int], scale: float = 1.0) -> Risk:
    """Return (r_train - r_control) / (1 - r_control) of two (hits, attacks), at least 0.

    The interval is Newcombe's for a difference (1998, method 10) with Clopper-Pearson limits of both
    rates, over 1 - r_control. ``scale`` brings the control rate to the size of the training part.
    """
    rates, limits = [], []
    for (hits, attacks), factor in ((train, 1.0), (control, scale)):
        rates.append(min(factor * hits / attacks, 1.0) if attacks else 0.0)
        limits.append(tuple(min(factor * limit, 1.0) for limit in clopper_pearson(hits, attacks)))
    (left, right), ((low, high), (below, above)) = rates, limits
    low, high, below, above = min(low, left), max(high, left), min(below, right), max(above, right)
    gap, share = left - right, max(1.0 - right, 1e-9)
    lower = (gap - float(np.hypot(left - low, above - right))) / share
    upper = (gap + float(np.hypot(high - left, right - below))) / share
    low_risk, high_risk = (float(np.clip(limit, 0.0, 1.0)) for limit in (lower, upper))
    value = float(np.clip(gap / share, 0.0, 1.0))
    return Risk(value, low_risk, max(high_risk, value), left, right)
