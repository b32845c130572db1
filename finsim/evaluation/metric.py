"""``Score`` and ``Metric``: one number with its interval, floor, ceiling, goal and verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Generic, TypeVar

import numpy as np

from finsim.errors import RecordError
from finsim.notation import Float1D

PASS, WARN, FAIL, NOT_COMPUTED = "pass", "warn", "fail", "not computed"
VERDICTS = (PASS, WARN, FAIL, NOT_COMPUTED)
DETECTOR, STRESS, BACKTEST, SHARE = "train a detector", "stress a portfolio", "backtest", "share"
USES = (DETECTOR, STRESS, BACKTEST, SHARE)
LOWER, HIGHER, TARGET, NEITHER = "lower", "higher", "target", "neither"
DIRECTIONS = (LOWER, HIGHER, TARGET, NEITHER)

Case = TypeVar("Case", contravariant=True)


@dataclass(frozen=True)
class Score:
    """One metric on one subject.

    ``low``/``high`` is the 95 % interval of ``value``; ``n`` the number of rows, paths or instances
    behind it; ``floor`` what real against real scores, ``ceiling`` what a useless twin scores;
    ``goal`` the limit that ``value`` must keep. A figure that does not exist is None.
    ``reason`` says why a verdict is not ``pass``; ``note`` says how to read the value. ``direction`` says
    which values are better: ``lower`` or ``higher``, the nearest to the goal (``target``), or ``neither``.
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

    def __post_init__(self) -> None:
        """Check verdict, use and direction; replace NaN by None."""
        for found, known in ((self.verdict, VERDICTS), (self.use, USES), (self.direction, DIRECTIONS)):
            if found not in known:
                raise RecordError(f"{found!r}", place=f"score {self.metric}", expected=f"one of {known}")
        for name in ("value", "low", "high", "floor", "ceiling", "goal"):
            number = getattr(self, name)
            clean = None if number is None or not math.isfinite(number) else float(number)
            object.__setattr__(self, name, clean)

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
        return cls(*(data[name] for name in names))


@dataclass(frozen=True)
class Metric(Generic[Case]):
    """One line of the catalogue: what is measured, how good it can be, and the function that does it.

    ``lowest``/``highest`` is the range of values and ``best`` the value of a perfect twin. ``delta`` is
    the margin beyond what real data do among themselves, ``origin`` says where it comes from.
    ``order_free`` promises that a permutation of rows in time leaves the value unchanged. ``era`` is added to
    the margin when the synthetic side is one path: one path is one era, and eras differ. ``direction`` is
    that of its scores.
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

        goal = 95 % quantile of the real-against-real draws + ``delta``. pass: value <= goal. fail: the
        whole interval lies above the same limit at the 99.5 % quantile. warn: in between. When the
        synthetic side is one path, a given hold-out is the floor and ``era`` is added: both are one era.
        """
        if not math.isfinite(evidence.value) or not np.isfinite(evidence.floors).all():
            return self.missing(subject, "the statistic is undefined on these rows (too few or all equal)")
        spread = evidence.draws - np.median(evidence.draws)
        low, high = evidence.value + np.quantile(spread, [0.025, 0.975])
        low, high = float(np.clip(low, self.lowest, self.highest)), float(min(high, self.highest))
        floor = float(np.median(evidence.floors))
        if evidence.holdout is not None:
            note = f"{note}; hold-out {evidence.holdout:.3g}".lstrip("; ")
            floor = evidence.holdout if evidence.few else floor
        margin = self.delta + (self.era if evidence.few else 0.0)
        usual, rare = np.maximum(np.quantile(evidence.floors, [0.95, 0.995]), floor) + margin
        goal = float(usual)
        verdict, reason = verdict_below(evidence.value, low, goal, float(rare))
        if ceiling is not None and goal >= ceiling:
            note = f"{note}; low power: a useless twin would reach the goal too".lstrip("; ")
        return self.scored(
            subject, evidence.value, (low, high), n, (floor, ceiling, goal), (verdict, reason), note
        )

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
        nothing = (None, None, None)
        said = (NOT_COMPUTED, self.use, self.unit, reason, "", self.direction)
        return Score(self.name, subject, *nothing, 0, *nothing, *said)


@dataclass(frozen=True)
class Evidence:
    """A distance synthetic-real, its draws over the synthetic side, and real-against-real distances.

    ``draws`` float64[B], ``floors`` float64[B]; ``holdout`` is the distance of a given hold-out; ``few``
    says that the synthetic side has too few paths (below 8) to average over eras.
    """

    value: float
    draws: Float1D
    floors: Float1D
    holdout: float | None = None
    few: bool = False


def verdict_below(value: float, low: float, goal: float, limit: float | None = None) -> tuple[str, str]:
    """Return verdict and reason for a value that should be at most ``goal``.

    It fails when even ``low`` lies above ``limit`` (the goal itself unless given).
    """
    if value <= goal:
        return PASS, ""
    limit = goal if limit is None else limit
    if low > limit:
        return FAIL, f"{value:.3g} is above the goal {goal:.3g}, and its whole interval is above {limit:.3g}"
    return WARN, f"{value:.3g} is above the goal {goal:.3g}, but its interval reaches down to {low:.3g}"
