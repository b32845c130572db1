"""Where the times of a scenario fall on the three axes of a clock: sessions, days and months.

A position counts from the jump-off (0): sessions after the jump-off bar, calendar days after the
jump-off day, months after it. Position k of the session axis is session k; position k of the day axis
is day k of the transaction world (the k days before it have passed); position k of the month axis is
the end of month k.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from finsim.errors import ScenarioError
from finsim.notation import Dates1D, Float1D, Int1D
from finsim.records.calendar import Clock, Step, month_ends, step_ends
from finsim.scenarios.flat_scenario import Curve, Offset

_KNOT_STEPS: dict[str, Step] = {"week": "week", "month": "month", "quarter": "quarter"}


def start_date(clock: Clock, offset: Offset) -> date:
    """Return the jump-off day of a curve: the clock's, shifted by whole months and then days."""
    shifted = clock.start
    if offset.months:
        shifted = month_ends(clock.start, offset.months)[-1].astype(object)
    return shifted + timedelta(days=offset.days)


def ends(clock: Clock, curve: Curve) -> Dates1D:
    """Return the last day of each step of a curve: datetime64[D] of shape [curve.length]."""
    return steps(start_date(clock, curve.start), curve.step, curve.length)


def steps(after: date, step: Step, count: int) -> Dates1D:
    """Return ``calendar.step_ends``; raises ScenarioError for minutes, saying what to do."""
    if step == "minute":
        raise ScenarioError(
            "the scenario is written in minutes and this clock counts days",
            expected="a horizon of day, week, month, quarter or year steps",
            remedy="rewrite the shock on days (`horizon: {step: day}`); an intraday market is not simulated",
        )
    return step_ends(after, step, count)


@dataclass(frozen=True)
class Axis:
    """One axis of a clock: ``unit`` is session, day or month; ``reach`` is the last date ever asked for."""

    clock: Clock
    unit: str
    reach: date

    @property
    def size(self) -> int:
        """The number of positions that the world on this axis has."""
        clock = self.clock
        return {"session": clock.sessions, "day": clock.days, "month": clock.months}[self.unit]

    @property
    def points(self) -> Float1D:
        """The positions of the world on this axis: float64[size]."""
        return np.arange(self.size, dtype=np.float64) + (1.0 if self.unit == "month" else 0.0)

    @cached_property
    def _long(self) -> Clock:
        """The same clock, long enough for every date of the scenario."""
        days = max((self.reach - self.clock.start).days, 1)
        sessions = max(self.clock.sessions, days * 5 // 7 + 10)
        return Clock(self.clock.start, sessions, days, max(self.clock.months, days // 28 + 2))

    @cached_property
    def dates(self) -> Dates1D:
        """The dates of the world on this axis: datetime64[D] of shape [size]."""
        if self.unit == "session":
            return self.clock.session_dates()
        return self.clock.day_dates() if self.unit == "day" else self.clock.month_dates()

    def at(self, when: Dates1D) -> Float1D:
        """Return the position of the end of each date: float64 of its shape."""
        if self.unit == "session":
            found: Int1D = self._long.sessions_at(when)
            return found.astype(np.float64)
        passed = (when - np.datetime64(self.clock.start, "D")).astype(np.float64)
        if self.unit == "day":
            return passed
        month = np.r_[np.datetime64(self.clock.start, "D"), self._long.month_dates()]
        elapsed = (month - month[0]).astype(np.float64)
        position: Float1D = np.interp(passed, elapsed, np.arange(len(month), dtype=np.float64))
        return position

    def origin(self, offset: Offset) -> float:
        """Return the position of the jump-off of a curve; exactly 0 without a shift."""
        if offset == Offset():
            return 0.0
        return float(self.at(np.array([start_date(self.clock, offset)], dtype="datetime64[D]"))[0])

    def position(self, offset: Offset, unit: str, amount: float) -> float:
        """Return the position ``amount`` units after the jump-off of a curve.

        On the session axis a ``day`` is a session; elsewhere it is a calendar day.
        """
        if unit == "minute":
            steps(self.clock.start, "minute", 1)
        if unit == "day" and self.unit in ("session", "day"):
            return self.origin(offset) + amount
        if unit == "week" and self.unit == "day":
            return self.origin(offset) + 7.0 * amount
        start = start_date(self.clock, offset)
        if unit in ("day", "week"):
            days = round(amount * (7 if unit == "week" else 1))
            return float(self.at(np.array([start + timedelta(days=days)], dtype="datetime64[D]"))[0])
        whole = int(amount)
        when = (
            steps(start, _KNOT_STEPS[unit], whole)[-1:] if whole else np.array([start], dtype="datetime64[D]")
        )
        position = float(self.at(when)[0])
        if amount > whole:
            after = float(self.at(steps(start, _KNOT_STEPS[unit], whole + 1)[-1:])[0])
            position += (amount - whole) * (after - position)
        return position
