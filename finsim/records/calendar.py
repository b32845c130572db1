"""Dates of the simulated world: exchange sessions, calendar days, months and the ends of scenario steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd

from finsim.errors import RecordError
from finsim.notation import DAY, Dates1D, Int1D
from finsim.records.trading_calendar import NYSE, TradingCalendar

Step = Literal["year", "quarter", "month", "week", "day", "minute"]
_MONTHS_PER_STEP: dict[str, int] = {"year": 12, "quarter": 3, "month": 1}


def sessions(start: date, count: int) -> Dates1D:
    """Return the first ``count`` NYSE sessions on or after ``start``: datetime64[D] of shape [count].

    Source: exchange rules as kept by the ``holidays`` package, with the unplanned closures of the
    past; future ones are not simulated. Raises RecordError for a count below 1.
    """
    if count < 1:
        raise RecordError(f"{count} sessions", expected="at least 1", remedy="ask for a longer path")
    return NYSE.starting(start, count)


def days(start: date, count: int) -> Dates1D:
    """Return ``count`` calendar days from ``start``: datetime64[D] of shape [count]."""
    return np.datetime64(start, "D") + np.arange(count)


def month_ends(after: date, count: int) -> Dates1D:
    """Return the ends of the ``count`` months that follow ``after``: datetime64[D] of shape [count].

    Month k ends k calendar months after ``after``, on its last day where the month is shorter; an
    ``after`` that is a month end gives month ends.
    """
    return _month_ends(after, count).copy()


@lru_cache(maxsize=1024)
def _month_ends(after: date, count: int) -> Dates1D:
    """Return the ends of months; a scenario asks for the same ones hundreds of times."""
    stamp = pd.Timestamp(after)
    if stamp.is_month_end:
        ends = [stamp + pd.offsets.MonthEnd(k) for k in range(1, count + 1)]
    else:
        ends = [stamp + pd.DateOffset(months=k) for k in range(1, count + 1)]
    return np.array([end.date() for end in ends], dtype="datetime64[D]")


def step_ends(after: date, step: Step, count: int) -> Dates1D:
    """Return the last day of each of ``count`` scenario steps after ``after``: datetime64[D] of [count].

    Year, quarter and month steps are 12, 3 and 1 months of ``month_ends``; week and day steps are 7
    and 1 days.
    Raises RecordError for a step shorter than a day.
    """
    if step in _MONTHS_PER_STEP:
        size = _MONTHS_PER_STEP[step]
        return month_ends(after, size * count)[size - 1 :: size]
    if step in ("week", "day"):
        size = 7 if step == "week" else 1
        ends = [after + timedelta(days=size * k) for k in range(1, count + 1)]
        return np.array(ends, dtype="datetime64[D]")
    raise RecordError(
        f"a calendar has no {step} steps",
        expected="year, quarter, month, week or day",
        remedy="intraday scenarios need an intraday market",
    )


@dataclass(frozen=True)
class Clock:
    """The one calendar that all worlds share; ``start`` is the jump-off day.

    Scenario time zero is the end of the jump-off day. Market session 0 is the first session on or
    after ``start`` and is the jump-off bar: moves are measured from its close. Calendar day 0 and
    month 1 begin on the day after ``start``. ``market`` says when there are sessions: exchange days,
    every day, weeks, months or instants within a day.
    """

    start: date
    sessions: int
    days: int
    months: int
    market: TradingCalendar = NYSE

    def session_dates(self) -> Dates1D:
        """Return the market dates (instants when intraday): datetime64 of shape [sessions]."""
        return self.market.starting(self.start, self.sessions)

    def day_dates(self) -> Dates1D:
        """Return the calendar days of the transaction world: datetime64[D] of shape [days]."""
        return days(self.start + timedelta(days=1), self.days)

    def month_dates(self) -> Dates1D:
        """Return the month ends of the credit world: datetime64[D] of shape [months]."""
        return month_ends(self.start, self.months)

    def sessions_at(self, dates: Dates1D) -> Int1D:
        """Return for each date the index of the last session on or before it: int64 of its shape.

        Dates before session 0 get -1; dates from the first session after the horizon on get
        ``sessions`` (one past the end).
        """
        known = self.market.starting(self.start, self.sessions + 1)
        ends = dates + DAY if self.market.is_intraday else dates
        return np.searchsorted(known, ends, side="left" if self.market.is_intraday else "right") - 1
