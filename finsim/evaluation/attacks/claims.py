"""What may be claimed of a risk after so many attacks: the bound, or the number of attacks that it needs."""

from __future__ import annotations

import math

from finsim.errors import StudyError
from finsim.evaluation.attacks.intervals import upper_bound


def required_attacks(bound: float, confidence: float = 0.95) -> int:
    """Return how many attacks without a hit bound a risk by ``bound`` at a one-sided confidence.

    Raises StudyError unless both lie between 0 and 1.

    Example:
        >>> required_attacks(0.0001)
        29956

    """
    _shares(bound=bound, confidence=confidence)
    return math.ceil(math.log1p(-confidence) / math.log1p(-bound) - 1e-9)


def claim(bound: float, hits: int, attacks: int, confidence: float = 0.95) -> str:
    """Return the sentence that ``hits`` of ``attacks`` allow on a risk of at most ``bound``.

    The words of the claim are given only where the exact one-sided upper bound is at most ``bound``.
    Raises StudyError for shares outside 0 to 1 or hits above attacks.

    Example:
        >>> claim(0.01, 0, 400)
        'at most 1 % at 95% confidence: 0 hits in 400 attacks (bound 0.746 %)'

    """
    _shares(bound=bound, confidence=confidence)
    if not 0 <= hits <= attacks:
        raise StudyError(f"{hits} hits in {attacks} attacks", expected="0 or more, at most the attacks")
    reached = upper_bound(hits, attacks, confidence)
    counted = f"{hits:,} hits in {attacks:,} attacks"
    if reached <= bound:
        return (
            f"at most {_percent(bound)} at {confidence:.0%} confidence: {counted} (bound {_percent(reached)})"
        )
    needed = required_attacks(bound, confidence)
    remedy = f"it needs {needed:,} attacks without a hit"
    if hits and upper_bound(0, attacks, confidence) <= bound:
        remedy = "that many hits refute it"
    return f"no claim of at most {_percent(bound)}: {counted} bound the risk at {_percent(reached)}; {remedy}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g} %"


def _shares(**given: float) -> None:
    for name, share in given.items():
        if not 0.0 < share < 1.0:
            raise StudyError(f"{name} {share}", expected="a share between 0 and 1")
