"""Whether an answer of the macro engine has the signs of stress: no boom of houses in a slump of jobs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.notation import Float2D
from finsim.scenarios.macro_engine.conditional_path import ConditionalPath
from finsim.scenarios.macro_engine.macro_history import MacroHistory, returns_to_mean
from finsim.scenarios.plausible.coherence import STRESS, YEAR

GIVEN = 1.0  # s.d. of four-quarter moves from which on a given variable sets the direction
SEVERE = 2.0  # from here on the level itself must not go the other way
AGAINST = 0.5  # a free variable that goes the other way by this much contradicts it
BEYOND = 1.0  # and one that stands on the other side of its start by this much


def wrong_signs(history: MacroHistory, found: ConditionalPath, given: Sequence[str]) -> list[str]:
    """Return in words each free variable that goes against what is given; empty when all signs are right.

    Measured is the largest difference from the course without conditions, in standard deviations of
    four-quarter moves (of what returns to its mean: of its quarters). A given variable that moves by one or
    more to the side of stress or of calm sets the direction; a free one that moves by half a one to the other
    side is wrong. Where the given move is two or more, the free one must not stand on the other side of its
    start by one either, when the given one is furthest. Given variables that disagree set none.
    """
    sizes = _sizes(history)
    known = [(j, name) for j, name in enumerate(history.names) if name in STRESS]
    away = {name: STRESS[name] * (found.path[:, j] - found.free[:, j]) / sizes[j] for j, name in known}
    sides = {name: float(moves[np.abs(moves).argmax()]) for name, moves in away.items()}
    leading = {name: sides[name] for name in given if name in sides and abs(sides[name]) >= GIVEN}
    if not leading or len({side > 0.0 for side in leading.values()}) > 1:
        return []
    name, side = max(leading.items(), key=lambda item: abs(item[1]))
    moved = dict(sides)
    if abs(side) >= SEVERE:
        at = int(np.abs(away[name]).argmax())
        levels = {n: STRESS[n] * (found.path[at, j] - history.values[-1, j]) / sizes[j] for j, n in known}
        moved |= {n: level for n, level in levels.items() if level * side < 0.0 and abs(level) >= BEYOND}
    return [
        f"{other} moves {_word(STRESS[other] * theirs)} by {abs(theirs):.1f} s.d. while {name}, as given, "
        f"moves {_word(STRESS[name] * side)} by {abs(side):.1f}"
        for other, theirs in moved.items()
        if other not in given and theirs * side < 0.0 and abs(theirs) >= AGAINST
    ]


def _sizes(history: MacroHistory) -> list[float]:
    values: Float2D = history.values
    moves = values[YEAR:] - values[:-YEAR]
    return [
        max(float((values if returns_to_mean(name) else moves)[:, j].std()), 1e-9)
        for j, name in enumerate(history.names)
    ]


def _word(move: float) -> str:
    return "up" if move > 0.0 else "down"
