"""What a reverse stress test found: the breaches, how probable they are, and the files that say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from finsim.engine.reverse.question import METRICS, Question
from finsim.records.display.card import Card
from finsim.records.display.shown_record import ShownRecord
from finsim.scenarios.reverse.importance_sampling import Estimate
from finsim.scenarios.reverse.prior_law import FRAUD, is_price
from finsim.scenarios.variables import DEVIATIONS, VARIABLES

_SMALL = 0.02


@dataclass(frozen=True)
class Breach:
    """One design point.

    ``moves`` by driver after four quarters (points, percent, standard deviations), ``shares`` of them in the
    move of the metric (0: it only goes along, as history has it), ``distance`` in standard deviations of the
    drivers' law, ``probability`` of first order (Phi(-distance)), ``metric`` its value there, ``file`` the
    scenario file's name.
    """

    file: str
    moves: Mapping[str, float]
    shares: Mapping[str, float]
    distance: float
    probability: float
    metric: float

    @property
    def causes(self) -> dict[str, float]:
        """The moves that bring the breach about, the strongest first."""
        strong = sorted(self.moves, key=lambda name: -abs(self.shares[name]))
        return {name: self.moves[name] for name in strong if abs(self.shares[name]) >= _SMALL}

    def words(self) -> str:
        """Return what happens, in words."""
        along = {name: move for name, move in self.moves.items() if name not in self.causes}
        told = " and ".join(_moved(name, move) for name, move in self.causes.items())
        beside = ", ".join(_moved(name, move) for name, move in along.items())
        when = "from the first day on" if FRAUD in self.causes else "within four quarters"
        return f"{told} {when}" + (f"; with it {beside}" if beside else "")


@dataclass(frozen=True, repr=False)
class Breaches(ShownRecord):
    """The answer to a reverse stress test.

    ``breaches`` are the design points, the nearest first; ``estimate`` is the probability of any breach by
    importance sampling, with its 95 % interval; ``law`` says in one sentence which law the drivers have,
    ``held`` names drivers without a history, which stay where they are; ``base`` is the metric without a
    move, ``asked`` how many points were asked for.
    """

    path: Path
    study: str
    question: Question
    base: float
    breaches: tuple[Breach, ...]
    estimate: Estimate
    law: str
    held: tuple[str, ...]
    asked: int

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a point: file, distance, probability, metric, moves and shares by driver.

        A driver that a point does not have is missing there.
        """
        rows: list[dict[str, Any]] = []
        for number, one in enumerate(self.breaches, 1):
            moves = {f"move_{name}": move for name, move in one.moves.items()}
            shares = {f"share_{name}": share for name, share in one.shares.items()}
            head: dict[str, Any] = {"point": number, "file": one.file, "distance": one.distance}
            rows.append({**head, "probability": one.probability, "metric": one.metric, **moves, **shares})
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        found = self.estimate
        return {
            "study": self.study,
            "metric": self.question.metric,
            "limit": self.question.limit,
            "base": self.base,
            "probability": found.probability,
            "probability_95": [found.low, found.high],
            "draws": found.draws,
            "law": self.law,
            "held": list(self.held),
            "points": [{**vars(one), "words": one.words()} for one in self.breaches],
        }

    def to_text(self) -> str:
        """Return what the command line prints."""
        found, limit = self.estimate, self.question.limit
        lines = [
            f"{self.question.metric} is {self.base:.2%} without a scenario: what takes it to {limit:.2%}?",
            f"  ({METRICS[self.question.metric]})",
        ]
        for number, one in enumerate(self.breaches, 1):
            lines.append(f"{number}. {one.words()}")
            lines.append(
                f"   {one.distance:.2f} standard deviations away, first-order probability "
                f"{one.probability:.3g}; metric {one.metric:.3%}: {self.path / one.file}"
            )
        lines.append(
            f"any breach: probability {found.probability:.3g} (95 %: {found.low:.3g} to {found.high:.3g}, "
            f"{found.draws:,} draws)"
        )
        lines.append(f"law of the drivers: {self.law}")
        if len(self.breaches) < self.asked:
            lines.append(
                "no other direction, 30 degrees apart, reaches the limit within ten standard deviations"
            )
        if self.held:
            lines.append(f"not moved, for they have no history: {', '.join(self.held)}")
        lines.append(f"table:  {self.path / 'points.csv'}")
        lines.append(
            f"next:   finsim stress {self.study} --scenario {self.path / self.breaches[0].file} --expect"
        )
        return "\n".join(lines)

    def card(self) -> Card:
        """Return the question, the probability and the points in words."""
        points = [(f"point {number}", one.words()) for number, one in enumerate(self.breaches, 1)]
        found = self.estimate
        interval = f"{found.probability:.3g} (95 %: {found.low:.3g} to {found.high:.3g})"
        facts = (("without a scenario", f"{self.base:.2%}"), ("probability", interval), *points)
        return Card(f"Breaches: {self.question}", (*facts, ("folder", str(self.path))))


def _moved(name: str, move: float) -> str:
    word = name.replace("_", " ")
    if name == FRAUD:
        return f"{word} times {1.0 + move / 100.0:.2f}"
    if is_price(name):
        return f"{word} {move:+.1f} %"
    if VARIABLES[name].units is DEVIATIONS:
        return f"{word} {move:+.2f} standard deviations"
    return f"{word} {move:+.2f} points"
