"""What correct guesses about planted records prove: a lower bound on epsilon from one training run."""

from __future__ import annotations

import math

import numpy as np

from finsim.errors import PrivacyBudgetError
from finsim.extras import Later
from finsim.notation import Float1D

special = Later("scipy.special", "learn")

_MOST = 60.0


def epsilon_lower_bound(
    correct: int, guesses: int, delta: float = 0.0, alpha: float = 0.05, canaries: int | None = None
) -> float:
    """Return the largest epsilon that ``correct`` of ``guesses`` refutes at confidence 1 - alpha; 0 if none.

    Each of ``canaries`` (None: as many as guesses) was in the training with probability 1/2, and some were
    guessed to be in or out. Source: Steinke, Nasr & Jagielski 2023, theorem 5.2 and appendix D.
    Raises PrivacyBudgetError for counts that do not fit together.
    """
    total = guesses if canaries is None else canaries
    if not (0 <= correct <= guesses <= total and 0.0 <= delta < 1.0 and 0.0 < alpha < 1.0):
        raise PrivacyBudgetError(
            f"{correct} of {guesses} guesses right on {total} canaries, delta {delta:g}, alpha {alpha:g}",
            place="audit",
            expected="0 <= correct <= guesses <= canaries, delta from 0, alpha between 0 and 1",
        )
    if _surprise(0.0, correct, guesses, delta, total) > alpha:
        return 0.0
    low, high = 0.0, _MOST
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        refuted = _surprise(middle, correct, guesses, delta, total) <= alpha
        low, high = (middle, high) if refuted else (low, middle)
    return low


def _surprise(epsilon: float, correct: int, guesses: int, delta: float, canaries: int) -> float:
    """Return a bound on the probability of so many correct guesses under (epsilon, delta)."""
    right = 1.0 / (1.0 + math.exp(-epsilon))
    if correct == 0:
        return 1.0
    chance = float(special.bdtrc(correct - 1, guesses, right))
    if delta == 0.0:
        return chance
    fewer = np.arange(correct - 1, -1, -1)
    summed = np.cumsum(_mass(fewer.astype(np.float64), guesses, right))
    worst = float((summed / np.arange(1, correct + 1)).max())
    return min(1.0, chance + 2.0 * canaries * delta * worst)


def _mass(counts: Float1D, trials: int, chance: float) -> Float1D:
    """Return the binomial probabilities of counts."""
    ways = special.gammaln(trials + 1) - special.gammaln(counts + 1) - special.gammaln(trials - counts + 1)
    other = math.log1p(-chance) if chance < 1.0 else -math.inf
    logs = ways + special.xlogy(counts, chance) + np.where(counts < trials, (trials - counts) * other, 0.0)
    mass: Float1D = np.exp(logs)
    return mass
