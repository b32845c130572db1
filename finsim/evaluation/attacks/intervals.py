"""Intervals and chances of attack rates: Clopper and Pearson for one, Newcombe for the excess over a control.

Rows of one entity are hit together, so that every rate may be given with its design effect (Kish 1965): the
variance of its hits over that of independent ones. Intervals and chances then rest on hits and attacks
divided by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.extras import Later
from finsim.notation import Array, Int1D

special = Later("scipy.special", "evaluate")


Side = tuple[Array, Int1D | None]
"""Whether each attack hit, bool[n] (or counts), and the entity of each, None where each is its own."""
LEAST_CHANCE, STEPS = 1e-15, 60


def clopper_pearson(hits: float, attacks: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact two-sided interval of a rate; (0, 1) without attacks.

    Numbers that were divided by a design effect need not be whole. Source: Clopper and Pearson 1934.

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


def excess_risk(
    train: tuple[int, int],
    control: tuple[int, int],
    scale: float = 1.0,
    spread: float = 1.0,
    confidence: float = 0.95,
) -> Risk:
    """Return (r_train - r_control) / (1 - r_control) of two (hits, attacks), at least 0.

    The interval is Newcombe's for a difference (1998, method 10) with Clopper-Pearson limits of both
    rates, over 1 - r_control. ``scale`` brings the control rate to the size of the training part; ``spread``
    is the design effect of both rates.
    """
    rates, limits = [], []
    for (hits, attacks), factor in ((train, 1.0), (control, scale)):
        rates.append(min(factor * hits / attacks, 1.0) if attacks else 0.0)
        ends = clopper_pearson(hits / spread, attacks / spread, confidence)
        limits.append(tuple(min(factor * limit, 1.0) for limit in ends))
    (left, right), ((low, high), (below, above)) = rates, limits
    low, high, below, above = min(low, left), max(high, left), min(below, right), max(above, right)
    gap, share = left - right, max(1.0 - right, 1e-9)
    lower = (gap - float(np.hypot(left - low, above - right))) / share
    upper = (gap + float(np.hypot(high - left, right - below))) / share
    low_risk, high_risk = (float(np.clip(limit, 0.0, 1.0)) for limit in (lower, upper))
    value = float(np.clip(gap / share, 0.0, 1.0))
    return Risk(value, low_risk, max(high_risk, value), left, right)


def excess_chance(
    train: tuple[int, int],
    control: tuple[int, int],
    goal: float,
    scale: float = 1.0,
    spread: float = 1.0,
) -> float:
    """Return the chance of an excess as large as this where the true one is ``goal``: 1 when it is below.

    It is the level at which the one-sided interval of ``excess_risk`` reaches down to the goal.
    """
    return level_reaching(
        lambda level: excess_risk(train, control, scale, spread, 1.0 - 2.0 * level).low > goal
    )


def level_reaching(above: Callable[[float], bool]) -> float:
    """Return the smallest level of a one-sided test that still rejects; 1 where not even a half does.

    ``above`` tells whether the test of a level rejects; it must not reject at a smaller one only.
    """
    if not above(0.5):
        return 1.0
    low, high = np.log(LEAST_CHANCE), np.log(0.5)
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if above(float(np.exp(middle))) else (middle, high)
    return float(np.exp(high))


def design_effect(sides: Sequence[Side]) -> float:
    """Return the variance of hits that come an entity at a time over that of independent ones, 1 at least.

    The sides (training and control) have rates of their own and the effect together. Source: the linearised
    ratio estimator of Cochran 1977, eq. 2.46, over n r (1 - r) (Kish 1965), or n r where hits are counts.
    """
    apart = alone = 0.0
    for hits, who in sides:
        if who is None or not len(hits):
            continue
        codes = np.unique(who, return_inverse=True)[1]
        matches, sizes = np.bincount(codes, weights=hits), np.bincount(codes)
        rate, count = float(np.mean(hits)), len(sizes)
        few = count / max(count - 1, 1) if count < len(hits) else 1.0
        apart += float(((matches - sizes * rate) ** 2).sum()) * few
        alone += len(hits) * rate * (1.0 - rate if np.max(hits) <= 1 else 1.0)
    return max(apart / alone, 1.0) if alone > 0.0 else 1.0
