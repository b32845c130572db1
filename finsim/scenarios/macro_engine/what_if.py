"""A what-if answered: the given values, what follows for every other variable, and how far that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from finsim.errors import ScenarioError
from finsim.notation import Bool2D, Float2D
from finsim.scenarios.macro_engine.autoregression import MacroModel, learn
from finsim.scenarios.macro_engine.conditional_path import ConditionalPath, conditional_path
from finsim.scenarios.macro_engine.given_moves import MOST_QUARTERS, conditions, read_given
from finsim.scenarios.macro_engine.macro_history import is_growth, is_price, read_history
from finsim.scenarios.macro_engine.signs import wrong_signs
from finsim.scenarios.published.published_table import Published
from finsim.scenarios.published.table_cells import last_day

QUARTERS = 9  # what supervisors ask for
RATE_DIGITS, PRICE_DIGITS = 4, 7  # decimals of a rate, digits of a price
MOST_RATE, MOST_LOG = 1e6, 100.0 * np.log(1e4)
COPIED = 1e-9


@dataclass(frozen=True)
class WhatIf:
    """An answer: ``table`` as a published scenario, ``path``, ``low`` and ``high`` levels [quarters, k].

    ``free`` bool [quarters, k] says what was not given; ``low`` and ``high`` hold the middle two thirds (one
    s.d.); ``distance`` : of what was given from what was expected, in s.d. of the history's own surprises;
    ``floored`` : rates that were held at 0; ``learned`` : how many quarters taught it.
    """

    table: Published
    names: tuple[str, ...]
    free: Bool2D
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
            remedy=f"write --quarters {max(QUARTERS, reach)}, or leave it out",
        )
    known = read_history(history, names)
    held = conditions(wanted, known)
    try:
        _refuse_copies(known.values)
        model = learn(known)
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
    return _answer(model, found, held)


def _refuse_copies(values: Float2D) -> None:
    """Raise LinAlgError where the moves of one variable follow from the others' to 1e-9 of their variance.

    The prior keeps such a model solvable, or just not: what a solver says hangs on the machine's rounding.
    """
    if values.shape[1] > 1 and np.linalg.eigvalsh(np.corrcoef(np.diff(values, axis=0).T))[0] < COPIED:
        raise np.linalg.LinAlgError


def _answer(model: MacroModel, found: ConditionalPath, held: Mapping[tuple[int, int], float]) -> WhatIf:
    history = model.history
    _refuse_unbounded(model, found)
    path = history.levels(found.path)
    low = history.levels(found.path - found.deviations)
    high = history.levels(found.path + found.deviations)
    free = np.ones(path.shape, dtype=np.bool_)
    free[tuple(np.array([*held]).T)] = False
    rates = np.array([not is_price(name) and not is_growth(name) for name in history.names])
    below = free & rates & (path < 0.0)
    path[below] = 0.0
    for band in (low, high):
        band[free & rates & (band < 0.0)] = 0.0
    start = history.levels(history.values[-1:])[0]
    names = history.names
    table = Published(
        history.file,
        "what if " + ", ".join(dict.fromkeys(names[j] for _, j in held)),
        last_day(history.last),
        "quarter",
        {name: tuple(_rounded(name, x) for x in path[:, j]) for j, name in enumerate(names)},
        {name: _rounded(name, start[j]) for j, name in enumerate(names)},
    )
    return WhatIf(
        table=table,
        names=names,
        free=free,
        path=path,
        low=low,
        high=high,
        distance=found.distance,
        floored=tuple(name for j, name in enumerate(names) if below[:, j].any()),
        learned=len(history.values),
    )


def _rounded(name: str, level: float) -> float:
    return float(f"{level:.{PRICE_DIGITS}g}") if is_price(name) else round(float(level), RATE_DIGITS)


def _refuse_unbounded(model: MacroModel, found: ConditionalPath) -> None:
    """Refuse a course that no economy takes: rates beyond a million, prices beyond 10,000 times the start."""
    history = model.history
    for j, name in enumerate(history.names):
        away = found.path[:, j] - (history.values[-1, j] if is_price(name) else 0.0)
        if not (np.abs(away) < (MOST_LOG if is_price(name) else MOST_RATE)).all():
            limit = "10,000 times its start" if is_price(name) else f"{MOST_RATE:g}"
            raise ScenarioError(
                f"{name} runs away, beyond {limit}",
                place=history.file,
                expected="given values, and a table, in which prices and rates stay bounded",
                remedy="give less, for fewer quarters, or learn from another table",
            )
