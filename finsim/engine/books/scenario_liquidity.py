"""What a scenario's ``liquidity:`` does to the book of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

import numpy as np

from finsim.errors import StudyError
from finsim.markets.books.kernel_law import Liquidity
from finsim.records.calendar import Clock
from finsim.records.trading_calendar import NYSE, TradingCalendar
from finsim.scenarios import compile as compiling
from finsim.scenarios.scenario import load
from finsim.scenarios.values.meeting import every_curve

SPREAD, DEPTH = "spread_mult", "depth_mult"
LEAD = 12
"""Days before a scenario among which there is a session, also on long holidays."""


@dataclass(frozen=True)
class Dialled:
    """A scenario, its first day (None: the day of the book), and its severity."""

    scenario: str
    start: date | None
    severity: float


def liquidity_on(day: date, wanted: Dialled | None, calendar: TradingCalendar) -> Liquidity:
    """Return the multipliers of a scenario on a day: those of its session then; 1 where it says nothing.

    Session 1 of a scenario is its first day. Raises StudyError for a day before it, ScenarioError for an
    unknown scenario.
    """
    if wanted is None:
        return Liquidity()
    first = wanted.start or day
    if day < first:
        raise StudyError(
            f"{day} is before the scenario", place="simulate_book: scenario_start",
            expected=f"a day up to {day}", remedy=f"write scenario_start={day}",
        )  # fmt: skip
    market = calendar if calendar.step == "day" and not calendar.is_intraday else NYSE
    count = (day - first).days + LEAD
    scenario, found = load(wanted.scenario), {}
    for name in (SPREAD, DEPTH):
        start = _day_before(first, market, scenario.liquidity.get(name))
        clock = Clock(start, count, count, count // 28 + 2, market)
        courses = compiling.drivers(scenario, clock, wanted.severity).market
        at = min(max(int(clock.sessions_at(np.array([np.datetime64(day, "D")]))[0]), 0), count - 1)
        at = max(at, 1) if wanted.start is None else at
        found[name] = float(courses[name][at]) if name in courses else 1.0
    return Liquidity(found[SPREAD], found[DEPTH])


def _day_before(first: date, market: TradingCalendar, course: Any) -> date:
    """Return the day 0 of a scenario whose day 1 is ``first``.

    Knots count sessions from day 0, which must be one then; the values of a list are of the days after it.
    """
    if course is None or not any(curve.knots for curve in every_curve(course)):
        return first - timedelta(days=1)
    known = market.starting(first - timedelta(days=LEAD), LEAD)
    return cast("date", known[known < np.datetime64(first, "D")][-1].astype(object))
