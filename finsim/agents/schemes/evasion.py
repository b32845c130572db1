"""What evasions do to one payment: sums like the payer's own, ways that ordinary life takes, more members."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from finsim.agents.narratives.evasion_dial import growing
from finsim.agents.narratives.narrative import Narrative
from finsim.agents.vocabulary import BUSINESS, CARD, CHANNEL, CURRENT, MERCHANT, PURPOSE, SAVINGS

# Ways of ordinary payments between people and firms, measured in a simulated world of 4,000 accounts and 90
# days (rounded): channel, purpose, share. Nobody pays wages or rent to a mule, so these are left out.
_WAYS: dict[tuple[bool, bool], tuple[tuple[str, str, float], ...]] = {
    (False, False): (
        ("instant", "transfer", 0.72), ("ach", "transfer", 0.16), ("instant", "goods", 0.06),
        ("ach", "family", 0.04), ("ach", "goods", 0.02),
    ),
    (False, True): (
        ("instant", "goods", 0.36), ("instant", "invoice", 0.17), ("ach", "invoice", 0.15),
        ("instant", "transfer", 0.09), ("ach", "transfer", 0.09), ("ach", "goods", 0.09),
        ("cheque", "invoice", 0.05),
    ),
    (True, False): (
        ("ach", "invoice", 0.62), ("instant", "invoice", 0.16), ("wire", "invoice", 0.11),
        ("cheque", "invoice", 0.11),
    ),
    (True, True): (
        ("ach", "supplier", 0.59), ("instant", "supplier", 0.15), ("wire", "supplier", 0.14),
        ("cheque", "supplier", 0.12),
    ),
}  # fmt: skip
_PERSON, _FIRM = frozenset({CURRENT, SAVINGS, CARD}), frozenset({BUSINESS, MERCHANT})
_MOST_LIKE = 0.85  # assumption: at level 1 so much of the logarithm of a sum is that of the payer's habit
_SPREAD = 0.6  # assumption: s.d. of the logarithm of the most that one payment takes of an account
_MORE_BETWEEN = 2.0  # assumption: at level 1 three accounts stand in between for each one


def like_habit(amount: float, usual: float, level: float) -> float:
    """Return a sum in cents drawn towards what its payer usually pays; a smaller one stays as it is."""
    if level <= 0.0 or usual <= 0.0 or amount <= usual:
        return amount
    return float(usual * (amount / usual) ** (1.0 - _MOST_LIKE * level))


def most_of_habit(usual: float, level: float, rng: np.random.Generator) -> int:
    """Return the most that one payment takes of an account, in cents; 0 for no limit.

    With chance ``level`` a share of a balance is no larger than a few times what the payer usually pays.
    """
    if level <= 0.0 or usual <= 0.0 or rng.random() >= level:
        return 0
    return max(1, round(3.0 * usual * math.exp(_SPREAD * rng.standard_normal())))


def ordinary_way(
    kinds: tuple[int, int], sorts: tuple[str, str], rng: np.random.Generator
) -> tuple[int, int] | None:
    """Return channel and purpose of an ordinary payment between such accounts; None where there is none.

    ``kinds`` are codes of payer and payee, ``sorts`` the sorts of outside accounts ('' inside).
    """
    sides = []
    for kind, sort in zip(kinds, sorts, strict=True):
        if kind in _PERSON or sort == "person":
            sides.append(False)
        elif kind in _FIRM or sort == "supplier":
            sides.append(True)
        else:
            return None
    ways = _WAYS[sides[0], sides[1]]
    left = float(rng.random()) * sum(share for _, _, share in ways)
    for channel, purpose, share in ways:
        left -= share
        if left < 0:
            return CHANNEL[channel], PURPOSE[purpose]
    return CHANNEL[ways[-1][0]], PURPOSE[ways[-1][1]]


def members_wanted(story: Narrative, role: str, drawn: int) -> int:
    """Return how many members a role asks for: more_accounts makes more of those in between and of payers."""
    level = story.level("more_accounts")
    if level <= 0.0 or role not in growing(story):
        return drawn
    return round(drawn * (1.0 + _MORE_BETWEEN * level))


def outside_sorts(outside: Mapping[str, np.ndarray]) -> dict[int, str]:
    """Return the sort of every outside account that stands for people or firms, by position."""
    return {int(one): name for name in ("person", "supplier") for one in outside.get(name, ())}
