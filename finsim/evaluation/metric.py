"""``Score`` and ``Metric``: one number with its interval, floor, ceiling, goal and verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Generic, TypeVar

import numpy as np

from finsim.errors import RecordError
from finsim.evaluation.tail_probability import exceedance, value_of_chance
from finsim.evaluation.uses import (
    BACKTEST,
    DETECTOR,
    FAIL,
    NO_POWER,
    NOT_COMPUTED,
    PASS,
    SHARE,
    STRESS,
    USES,
    VERDICTS,
    WARN,
)
from finsim.notation import Array, Float1D

WITHIN = 0.05
LOWER, HIGHER, TARGET, NEITHER = "lower", "higher", "target", "neither"
DIRECTIONS = (LOWER, HIGHER, TARGET, NEITHER)

Case = TypeVar("Case", contravariant=True)

__all__ = [
    "BACKTEST",
    "DETECTOR",
    "DIRECTIONS",
    "FAIL",
    "HIGHER",
    "LOWER",
    "NEITHER",
    "NOT_COMPUTED",
    "NO_POWER",
    "PASS",
    "SHARE",
    "STRESS",
    "TARGET",
    "USES",
    "VERDICTS",
    "WARN",
    "Evidence",
    "Metric",
    "Score",
    "judge_distance",
    "on_table",
    "verdict_below",
]


@dataclass(frozen=True)
class Score:
    """One metric on one subject.

    ``low``/``high`` is the 95 % interval of ``value``; ``n`` the number of rows, paths or instances
    behind it; ``floor`` what real against real scores, ``ceiling`` what a useless twin scores;
    ``goal`` the limit that ``value`` must keep. A figure that does not exist is None.
    ``reason`` says why a verdict is not ``pass``; ``note`` says how to read the value. ``direction`` says
    which values are better: ``lower`` or ``higher``, the nearest to the goal (``target``), or ``neither``.
    ``p`` is the chance that real data would be as far out as this (beyond the margin); scores that have
    one are judged together (``finsim.evaluation.verdicts``). ``table`` names what was judged, such as
    ``bars`` or ``loans, gfc-2008``. A ``pass`` whose ceiling is no worse than the goal is ``no power``: no
    score passes by a goal that a useless twin reaches.
    """

    metric: str
    subject: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    floor: float | None
    ceiling: float | None
    goal: float | None
    verdict: str
    use: str
    unit: str
    reason: str = ""
    note: str = ""
    direction: str = LOWER
    p: float | None = None
    table: str = ""

    def __post_init__(self) -> None:
        """Check verdict, use and direction; replace NaN by None."""
        for found, known in ((self.verdict, VERDICTS), (self.use, USES), (self.direction, DIRECTIONS)):
            if found not in known:
                raise RecordError(f"{found!r}", place=f"score {self.metric}", expected=f"one of {known}")
        for name in ("value", "low", "high", "floor", "ceiling", "goal", "p"):
            number = getattr(self, name)
            clean = None if number is None or not math.isfinite(number) else float(number)
            object.__setattr__(self, name, clean)
        if self.verdict == PASS and self.is_reached_by_useless:
            object.__setattr__(self, "verdict", NO_POWER)
            object.__setattr__(self, "reason", useless_reaches(self.ceiling or 0.0, self.goal or 0.0))

    @property
    def is_reached_by_useless(self) -> bool:
        """Whether the ceiling keeps the goal. Where more is better, the goal must be beaten, not met."""
        if self.ceiling is None or self.goal is None:
            return False
        return {LOWER: self.ceiling <= self.goal, HIGHER: self.ceiling > self.goal}.get(self.direction, False)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Score:
        """Rebuild a score from ``to_dict``; unknown keys are ignored, missing ones raise RecordError."""
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in data]
        if missing:
            raise RecordError(f"a score without {missing}", expected=str(names))
        figures = ("value", "low", "high", "n", "floor", "ceiling", "goal", "p")
        for name in names:
            kinds = (int, float, type(None)) if name in figures else (str,)
            if not isinstance(data[name], kinds) or isinstance(data[name], bool):
                raise RecordError(f"{name} {data[name]!r:.60} of a score", expected="a number or a text")
        return cls(*(data[name] for name in names))


@dataclass(frozen=True)
class Metric(Generic[Case]):
    """One metric: what is measured, how good it can be, what it misses, and the function that does it.

    ``lowest``/``highest`` is the range of values and ``best`` the value of a perfect twin. ``delta`` is
    the margin beyond what real data do among themselves, ``origin`` says where it comes from.
    ``order_free`` promises that a permutation of rows in time leaves the value unchanged. ``era`` is added to
    the margin when the synthetic side is one path: one path is one era, and eras differ. ``direction`` is
    that of its scores. Without a ``required`` metric its use has no verdict. ``order`` places it among those
    of its case. ``summary`` is one sentence, ``how`` and ``misses`` are told on the report page,
    ``estimator`` and ``references`` (floor / ceiling) in ``docs/reference/metrics.md``.
    """

    name: str
    case: str
    use: str
    unit: str
    lowest: float
    highest: float
    best: float
    delta: float
    origin: str
    order_free: bool
    compute: Callable[[Case], list[Score]]
    era: float = 0.0
    direction: str = LOWER
    summary: str = ""
    order: int = 1_000
    how: str = ""
    misses: str = ""
    estimator: str = ""
    references: str = ""
    required: bool = False

    def compared(
        self,
        subject: str,
        evidence: Evidence,
        *,
        ceiling: float | None = None,
        n: int = 0,
        note: str = "",
    ) -> Score:
        """Return the score of a distance (lower is better) by the rule of ``docs/reference/metrics.md``.

        goal = 95 % quantile of the real-against-real draws + ``delta``, or further out, where few draws give
        that quantile a larger chance (``p``) than 5 %; pass: value <= goal, and a useless twin (``ceiling``)
        would not pass, else no power. Beyond the goal it warns; whether it fails is decided among all scores
        of its use, from ``p``. Where the draws know no value of so small a chance, it has no power. When the
        synthetic side is one path, a given hold-out is the floor and ``era`` is added, and it cannot fail
        while its interval reaches the goal: both are one era.
        """
        if not math.isfinite(evidence.value) or not np.isfinite(evidence.floors).all():
            return self.missing(subject, "the statistic is undefined on these rows (too few or all equal)")
        low, high = evidence.span()
        low, high = float(np.clip(low, self.lowest, self.highest)), float(min(high, self.highest))
        chance_level = float(np.median(evidence.floors)) if evidence.floor is None else evidence.floor
        floor = chance_level
        if evidence.holdout is not None:
            note = f"{note}; hold-out {evidence.holdout:.3g}".lstrip("; ")
            floor = evidence.holdout if evidence.few else floor
        note = f"{note}; {evidence.told}".strip("; ")
        margin = self.delta + (self.era if evidence.few else 0.0)
        shift = max(floor - chance_level, 0.0) + margin
        sides = 2 if evidence.two_sided else 1
        seen = float(np.quantile(evidence.floors, 1.0 - WITHIN / sides))
        seen = max(seen, value_of_chance(WITHIN / sides, evidence.floors, evidence.freedom))
        goal = max(seen, 0.0) + shift
        chance = min(sides * exceedance(evidence.value - shift, evidence.floors, evidence.freedom), 1.0)
        if evidence.few and low <= goal:
            chance = max(chance, WITHIN)
        if not math.isfinite(goal):
            told = f"{len(evidence.floors)} draws know no chance of {WITHIN / sides:.3g}: needs more paths"
            judged = (NO_POWER, told)
        else:
            judged = judge_distance(evidence.value, goal, ceiling)
        found = self.scored(subject, evidence.value, (low, high), n, (floor, ceiling, goal), judged, note)
        return replace(found, p=chance)

    def scored(
        self,
        subject: str,
        value: float,
        interval: tuple[float | None, float | None],
        n: int,
        references: tuple[float | None, float | None, float | None],
        judged: tuple[str, str],
        note: str = "",
    ) -> Score:
        """Return a score; ``references`` are (floor, ceiling, goal), ``judged`` is (verdict, reason)."""
        (low, high), (floor, ceiling, goal), (verdict, reason) = interval, references, judged
        figures = (value, low, high, n, floor, ceiling, goal)
        said = (verdict, self.use, self.unit, reason, note, self.direction)
        return Score(self.name, subject, *figures, *said)

    def missing(self, subject: str, reason: str) -> Score:
        """Return a score that says why it was not computed."""
        return self._without_value(subject, NOT_COMPUTED, reason)

    def powerless(self, subject: str, reason: str) -> Score:
        """Return a score that says why these data cannot show what its goal forbids."""
        return self._without_value(subject, NO_POWER, reason)

    def _without_value(self, subject: str, verdict: str, reason: str) -> Score:
        nothing = (None, None, None)
        said = (verdict, self.use, self.unit, reason, "", self.direction)
        return Score(self.name, subject, *nothing, 0, *nothing, *said)


@dataclass(frozen=True)
class Evidence:
    """A distance synthetic-real, its draws over the synthetic side, and real-against-real distances.

    ``draws`` float64[B], ``floors`` float64[B]; ``holdout`` is the distance of a given hold-out; ``few``
    says that the synthetic side has too few paths (below 8) to average over eras. ``interval`` is used in
    place of the draws where it is given. ``two_sided`` floors are signed, positive on the side on which the
    value lies, and the chance is doubled; ``floor`` is then their usual size. ``told`` goes into the note.
    Beyond the floors the chance follows Student's law of so much ``freedom``, or a Pareto law (0).
    """

    value: float
    draws: Array
    floors: Float1D
    holdout: float | None = None
    few: bool = False
    interval: tuple[float, float] | None = None
    two_sided: bool = False
    floor: float | None = None
    told: str = ""
    freedom: int = 0

    def span(self) -> tuple[float, float]:
        """Return the 95 % interval of the value."""
        if self.interval is not None:
            return self.interval
        low, high = self.value + np.quantile(self.draws - np.median(self.draws), [0.025, 0.975])
        return float(low), float(high)


def on_table(scores: Iterable[Score], table: str) -> list[Score]:
    """Return the scores with the name of the table that they judge."""
    return [replace(score, table=table) for score in scores]


def apart(value: float, goal: float) -> tuple[str, str]:
    """Return two different numbers as text with so many digits that they look different."""
    texts = ((f"{value:.{digits}g}", f"{goal:.{digits}g}") for digits in range(3, 18))
    return next((pair for pair in texts if pair[0] != pair[1]), (f"{value:.3g}", f"{goal:.3g}"))


def above(value: float, goal: float) -> str:
    """Return in words that a value is above its goal."""
    return "{} is above the goal {}".format(*apart(value, goal))


def judge_distance(value: float, goal: float, ceiling: float | None) -> tuple[str, str]:
    """Return verdict and reason of a distance: pass at most at its goal, if a useless twin is above it."""
    if value > goal:
        return WARN, above(value, goal)
    if ceiling is not None and goal >= ceiling:
        return NO_POWER, useless_reaches(ceiling, goal)
    return PASS, ""


def useless_reaches(ceiling: float, goal: float) -> str:
    """Return in words that a goal says nothing, since a useless twin keeps it."""
    return f"a useless twin ({ceiling:.3g}) would reach the goal {goal:.3g} too"


def verdict_below(value: float, low: float, goal: float, limit: float | None = None) -> tuple[str, str]:
    """Return verdict and reason for a value that should be at most ``goal``.

    It fails when even ``low`` lies above ``limit`` (the goal itself unless given).
    """
    if value <= goal:
        return PASS, ""
    limit = goal if limit is None else limit
    if low > limit:
        return FAIL, f"{above(value, goal)}, and its whole interval is above {limit:.3g}"
    return WARN, f"{above(value, goal)}, but its interval reaches down to {low:.3g}"
