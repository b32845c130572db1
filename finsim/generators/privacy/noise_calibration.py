"""The smallest noise that keeps a wanted epsilon, found before training begins."""

from __future__ import annotations

import math
from collections.abc import Callable

from finsim.errors import PrivacyBudgetError
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.privacy.loss_distribution import COARSE

_LEAST, _MOST = 0.2, 10_000.0
_CLOSE = 1.001


def noise_for(epsilon: float, delta: float, rate: float, count: int, before: Ledger | None = None) -> float:
    """Return the noise multiplier under which ``count`` uses, after those ``before``, keep (epsilon, delta).

    Found by bisection of the tight accountant to a thousandth, rounded towards more noise.
    Raises PrivacyBudgetError when no noise is enough.
    """
    spent = before or Ledger()

    def kept(sigma: float) -> bool:
        return spent.spend(rate, sigma, count).epsilon(delta, COARSE) <= epsilon

    # The Renyi accountant is quicker and asks for more noise: it gives the upper end.
    def kept_loosely(sigma: float) -> bool:
        return spent.spend(rate, sigma, count).renyi(delta) <= epsilon

    high = _bisected(kept_loosely, _LEAST, _MOST, 1.02) if kept_loosely(_MOST) else _MOST
    if not kept(high):
        raise PrivacyBudgetError(
            f"epsilon {epsilon:g} at delta {delta:g} cannot be kept by {count:,} updates",
            place="settings.epsilon",
            expected="a larger epsilon, or fewer steps",
            remedy=f"even noise of {high:,.0f} times the clip would spend more",
        )
    low = max(_LEAST, 0.6 * high)
    return _bisected(kept, low if not kept(low) else _LEAST, high, _CLOSE)


def _bisected(kept: Callable[[float], bool], low: float, high: float, close: float) -> float:
    """Return a kept noise within a factor ``close`` of the smallest between low and high."""
    if kept(low):
        return low
    while high > close * low:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if kept(middle) else (middle, high)
    return high
