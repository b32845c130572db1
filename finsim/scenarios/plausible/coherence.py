"""Severity told from contradiction: how far a scenario is from history, and which two moves disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from finsim.notation import Float1D, Float2D
from finsim.scenarios.flat_scenario import FlatScenario
from finsim.scenarios.plausible.bundled_history import Resolved, by_quarter, history

YEAR = 4
FIRST = 51  # 1988Q4: from here on all columns but the volatility index are known
LIMIT = 5.0
_GROWTH = ("gdp_growth", "disposable_income_growth")
# The side that stress takes; assumption: what official adverse scenarios have in common.
STRESS: Mapping[str, float] = {
    "unemployment": 1.0, "bbb_spread": 1.0, "house_prices": -1.0, "cre_prices": -1.0, "equity": -1.0,
    "gdp_growth": -1.0, "disposable_income_growth": -1.0,
}  # fmt: skip


@dataclass(frozen=True)
class Disagreement:
    """Two moves over the same four quarters of which one is a boom and the other a bust.

    ``move`` of ``variable`` beside what the history expects of it (``expected`` with ``deviation`` as s.d.),
    given the move ``beside`` of ``other``: percentage points, prices in log percent, growth as the mean of
    four quarters above its mean in the history. ``distance`` is the miss in standard deviations,
    ``quarter`` the last of the four.
    """

    variable: str
    move: float
    other: str
    beside: float
    expected: float
    deviation: float
    quarter: int

    @property
    def distance(self) -> float:
        """The miss in standard deviations."""
        return abs(self.move - self.expected) / self.deviation

    def __str__(self) -> str:
        """Return the disagreement in words."""
        return (
            f"{self.variable} moves by {self.move:.3g} in the four quarters to quarter {self.quarter} while "
            f"{self.other} moves by {self.beside:.3g}: history expects {self.expected:.3g} with s.d. "
            f"{self.deviation:.3g} (1989-2024), so the two contradict each other by {self.distance:.1f} s.d."
        )


@dataclass(frozen=True)
class Coherence:
    """How a scenario stands beside the history: ``distance`` is severity, ``disagreements`` contradiction.

    ``distance`` is the largest Mahalanobis distance of its moves over four quarters, over ``variables``, at
    ``quarter``; 0 where it moves nothing that the history knows.
    """

    distance: float
    quarter: int
    variables: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]


def coherence(scenario: FlatScenario) -> Coherence:
    """Return severity and contradiction of a resolved scenario, overlays and severity included.

    A large distance alone is no fault: a contradiction and a supervisory scenario are equally far away.
    Source: Mahalanobis distance and Gaussian conditional means of four-quarter moves in the bundled history.
    """
    moves = yearly(by_quarter(scenario))
    names = tuple(sorted(name for name in moves if name in year_moves() and name not in _GROWTH))
    distance, quarter = 0.0, 0
    if names:
        table = np.column_stack([moves[name] for name in names])
        every = mahalanobis(table, names)
        quarter = int(every.argmax())
        distance = float(every[quarter])
    return Coherence(distance, quarter + YEAR if names else 0, names, tuple(_disagreements(moves)))


def mahalanobis(moves: Float2D, names: tuple[str, ...]) -> Float1D:
    """Return the distance of each row of four-quarter moves [n, variables] from their mean in history."""
    past = np.column_stack([year_moves()[name] for name in names])
    centred = moves - past.mean(axis=0)
    covariance = np.atleast_2d(np.cov(past.T))
    found: Float1D = np.sqrt(np.einsum("ij,ij->i", centred, np.linalg.solve(covariance, centred.T).T))
    return found


def given(variable: str, other: str, beside: float) -> tuple[float, float]:
    """Return what the history expects of a four-quarter move, given that of another: mean and s.d."""
    y, x = year_moves()[variable], year_moves()[other]
    (xx, xy), (_, yy) = np.cov(x, y)
    return float(y.mean() + xy / xx * (beside - x.mean())), float(np.sqrt(yy - xy * xy / xx))


def yearly(resolved: Resolved) -> dict[str, Float1D]:
    """Return the moves over four quarters, from quarter 4 on: points, log percent.

    Growth is its mean over the four quarters, above its mean in the history.
    """
    found = {}
    for name, moves in resolved.moves.items():
        if name in _GROWTH:
            usual = mean_growth(name)
            start = resolved.jump_off.get(name, usual)
            found[name] = np.convolve(moves[1:], np.full(YEAR, 1.0 / YEAR), "valid") + (start - usual)
        else:
            size = 100.0 if _is_price(name) else 1.0
            found[name] = size * (moves[YEAR:] - moves[:-YEAR])
    return found


def _is_price(name: str) -> bool:
    return name == "equity" or name.endswith("_prices")


def mean_growth(name: str) -> float:
    """Return the mean of a growth rate in the history since 1989."""
    return float(history()[name][FIRST + 1 :].mean())


@lru_cache(maxsize=1)
def year_moves() -> Mapping[str, Float1D]:
    """Return the four-quarter moves of the history, 1989Q4 to 2024Q4; of growth its four-quarter mean."""
    found = {}
    for name, levels in history().items():
        late = levels[FIRST:]
        if not np.isfinite(late).all():
            continue
        if name in _GROWTH:
            found[name] = np.convolve(late[1:], np.full(YEAR, 1.0 / YEAR), "valid") - late[1:].mean()
        else:
            found[name] = (100.0 if _is_price(name) else 1.0) * (late[YEAR:] - late[:-YEAR])
    return found


def _disagreements(moves: Mapping[str, Float1D]) -> Iterator[Disagreement]:
    """Yield for each pair of variables its largest contradiction beyond LIMIT, if there is one."""
    known = [name for name in STRESS if name in moves and name in year_moves()]
    for i, one in enumerate(known):
        for two in known[:i]:
            worst = max(
                (found for pair in ((one, two), (two, one)) for found in _misses(moves, *pair)),
                key=lambda found: found.distance,
                default=None,
            )
            if worst is not None and worst.distance > LIMIT:
                yield worst


def _misses(moves: Mapping[str, Float1D], variable: str, other: str) -> Iterator[Disagreement]:
    past = year_moves()
    for i, (move, beside) in enumerate(zip(moves[variable], moves[other], strict=True)):
        own = STRESS[variable] * move / past[variable].std()
        theirs = STRESS[other] * beside / past[other].std()
        if own * theirs >= 0.0 or min(abs(own), abs(theirs)) < 1.0:
            continue
        expected, deviation = given(variable, other, float(beside))
        yield Disagreement(variable, float(move), other, float(beside), expected, deviation, i + YEAR)
