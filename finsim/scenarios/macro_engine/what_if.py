"""A what-if answered: the given values, what follows for every other variable, and how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from finsim.errors import ScenarioError
from finsim.notation import Float2D
from finsim.scenarios.macro_engine.autoregression import MacroModel, learn
from finsim.scenarios.macro_engine.conditional_path import ConditionalPath, conditional_path
from finsim.scenarios.macro_engine.given_moves import MOST_QUARTERS, conditions, read_given
from finsim.scenarios.macro_engine.macro_history import is_growth, is_price, read_history
from finsim.scenarios.macro_engine.signs import wrong_signs
from finsim.scenarios.published.published_table import Published
from finsim.scenarios.published.table_cells import last_day

QUARTERS = 9  # what supervisors ask for
RATE_DIGITS, PRICE_DIGITS = 4, 2


@dataclass(frozen=True)
class WhatIf:
    """An answer: ``table`` as a published scenario, ``path`` and ``low``, ``high`` levels [quarters, k].

    ``low`` and ``high`` hold the middle two thirds (one s.d.); ``distance`` : of what was given from what was
    expected, in s.d. of the history's own surprises; ``floored`` : rates that were held at 0; ``learned`` :
    how many quarters taught it.
    """

    table: Published
    names: tuple[str, ...]
    given: tuple[str, ...]
    path: Float2D
    low: Float2D
    high: Float2D
    distance: float
    floored: tuple[str, ...]
    learned: int


def what_if(given: Sequence[str], history: Path | None = None, quarters: int | None = None) -> WhatIf:
    """Return the likeliest course of the economy in which given values hold.

    Args:
        given: texts such as ``unemployment+=1.5 2.7 4``, see ``read_given``.
        history: table of quarters to learn from; the bundled Federal Reserve history when None.
        quarters: length of the course; at least as long as what is given, nine when None.

    Raises ScenarioError for texts and tables that cannot be read, and when a free variable takes the wrong
    sign (``signs.py``). Source: own; ``autoregression.py`` and ``conditional_path.py`` name the papers.

    """
    wanted = read_given(given)
    names = tuple(dict.fromkeys(one.name for one in wanted))
    reach = max(one.quarter for one in wanted)
    length = max(QUARTERS, reach) if quarters is None else quarters
    if not reach <= length <= MOST_QUARTERS:
        raise ScenarioError(
            f"{length} quarters",
            place="--quarters",
            expected=f"from {reach}, the last quarter that is given, to {MOST_QUARTERS}",
        )
    known = read_history(history, names)
    held = conditions(wanted, known)
    try:
        model = _learned(history, names)
        found = conditional_path(model, length, held)
    except np.linalg.LinAlgError:
        raise ScenarioError(
            f"two of {', '.join(known.names)} follow from one another",
            place=str(history or known.file),
            expected="variables that can be told apart",
            remedy="leave out a column that is a multiple of another",
        ) from None
    wrong = wrong_signs(model.history, found, names)
    if wrong:
        raise ScenarioError(
            "; ".join(wrong),
            place="--given",
            expected="an answer in which jobs, prices and spreads move the same way, as in the history",
            remedy="give these variables too, or a table of quarters that knows such times (`--from`)",
        )
    return _answer(model, found, names)


@lru_cache(maxsize=8)
def _learned(history: Path | None, names: tuple[str, ...]) -> MacroModel:
    return learn(read_history(history, names))


def _answer(model: MacroModel, found: ConditionalPath, given: tuple[str, ...]) -> WhatIf:
    history = model.history
    path = history.levels(found.path)
    low = history.levels(found.path - found.deviations)
    high = history.levels(found.path + found.deviations)
    floored = []
    for j, name in enumerate(history.names):
        if not is_price(name) and not is_growth(name):
            if name not in given and path[:, j].min() < 0.0:
                floored.append(name)
                path[:, j] = np.maximum(path[:, j], 0.0)
            low[:, j], high[:, j] = (
                np.maximum(one[:, j], np.minimum(path[:, j], 0.0)) for one in (low, high)
            )
    start = history.levels(history.values[-1:])[0]
    digits = [PRICE_DIGITS if is_price(name) else RATE_DIGITS for name in history.names]
    table = Published(
        history.file,
        "what if " + ", ".join(given),
        last_day(history.last),
        "quarter",
        {name: tuple(round(float(x), digits[j]) for x in path[:, j]) for j, name in enumerate(history.names)},
        {name: round(float(start[j]), digits[j]) for j, name in enumerate(history.names)},
    )
    return WhatIf(
        table,
        history.names,
        given,
        path,
        low,
        high,
        found.distance,
        tuple(floored),
        len(history.values),
    )
