"""``TradingCalendar``: at which instants a market has bars, found from a history and continued after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Any

import holidays
import numpy as np
import pandas as pd

from finsim.errors import RecordError
from finsim.notation import DAY, MONTH, Dates1D, Int1D

WEEK_MINUTES, DAY_MINUTES = 7 * 24 * 60, 24 * 60
WEEKS_A_YEAR = 365.25 / 7
MONTHS = {"month": 1, "quarter": 3, "year": 12}
STEPS = ("minute", "hour", "day", "week", *MONTHS)
MONTH_END, LAST_WEEKDAY = 0, -1


@lru_cache(maxsize=8)
def closed_days(first_year: int, last_year: int) -> Dates1D:
    """Return the days on which the NYSE was or will be closed: sorted datetime64[D]."""
    listed = holidays.financial_holidays("NYSE", years=range(first_year, last_year + 1))
    return np.array(sorted(listed), dtype="datetime64[D]")


@dataclass(frozen=True)
class TradingCalendar:
    """The step between bars and the times at which there are bars; plain data for JSON.

    * ``step``, ``every``: 5-minute bars are ("minute", 5); day, week, month, quarter and year have 1.
    * ``weekdays``: open days of day steps, the day of week steps: Monday to Sunday, "1" is open.
    * ``nyse_holidays``: whether day steps leave out the closed days of the NYSE.
    * ``day``, ``month``: of steps of months: day of the month (0 the last one, -1 the last weekday) and
      the first month of the year's cycle, counted from 0.
    * ``opening``: intraday, runs of minutes of the week (Monday 00:00 is 0) at which bars begin, first and
      last; ``zone``: IANA zone of these minutes.
    """

    step: str = "day"
    every: int = 1
    weekdays: str = "1111100"
    nyse_holidays: bool = True
    day: int = 1
    month: int = 0
    opening: tuple[tuple[int, int], ...] = ()
    zone: str = "UTC"

    @property
    def is_intraday(self) -> bool:
        """Whether bars carry instants instead of dates."""
        return self.step in ("minute", "hour")

    @property
    def minutes(self) -> int:
        """Minutes of an intraday step."""
        return self.every * (60 if self.step == "hour" else 1)

    @property
    def steps_a_year(self) -> int:
        """Bars of a year, for annualisation: 252 sessions, 365 days, 52 weeks, 12 months."""
        if self == NYSE:
            return 252
        if self.step in MONTHS:
            return 12 // MONTHS[self.step]
        if self.step == "week":
            return 52
        weekly = len(self._slots()) if self.is_intraday else self.weekdays.count("1")
        return round(weekly * WEEKS_A_YEAR)

    @property
    def adjective(self) -> str:
        """``daily``, ``monthly``, ``5-minute``: what stands before "returns" in a sentence."""
        if self.is_intraday:
            return f"{self.every}-{self.step}"
        return {"day": "daily"}.get(self.step, f"{self.step}ly")

    def after(self, instant: Any, count: int) -> Dates1D:
        """Return the ``count`` instants that follow ``instant``: datetime64[D], or [ns] UTC when intraday.

        Raises RecordError for a count below 1.
        """
        if count < 1:
            raise RecordError(f"{count} {self.step}s", expected="at least 1", remedy="ask for a longer path")
        if self.is_intraday:
            return self._intraday(np.datetime64(instant, "ns"), count)
        last = np.datetime64(instant, "D")
        if self.step == "day":
            return self._days(last + DAY, count)
        if self.step == "week":
            first = np.busday_offset(last + DAY, 0, roll="forward", weekmask=self.weekdays)
            return np.asarray(first + 7 * np.arange(count))
        return self._months(last, count)

    def starting(self, start: date, count: int) -> Dates1D:
        """Return the first ``count`` instants on or after the beginning of day ``start``."""
        before = np.datetime64(start, "D")
        if self.is_intraday:
            return self.after(before.astype("datetime64[ns]") - np.timedelta64(1, "ns"), count)
        return self.after(before - DAY, count)

    def _days(self, first: np.datetime64, count: int) -> Dates1D:
        years = count // 250 + 2
        year = first.astype("datetime64[Y]").astype(int) + 1970
        closed = closed_days(year, year + years) if self.nyse_holidays else np.empty(0, "datetime64[D]")
        found: Dates1D = np.busday_offset(
            first, np.arange(count), roll="forward", weekmask=self.weekdays, holidays=closed
        )
        return found

    def _months(self, last: np.datetime64, count: int) -> Dates1D:
        size = MONTHS[self.step]
        month = int(last.astype("datetime64[M]").astype(int))
        first = month - (month - self.month) % size
        months = (first + size * np.arange(count + 1)).astype("datetime64[M]")
        found = self._day_in(months)
        return found[found > last][:count]

    def _day_in(self, months: Dates1D) -> Dates1D:
        ends: Dates1D = (months + MONTH).astype("datetime64[D]") - DAY
        if self.day == MONTH_END:
            return ends
        wanted: Dates1D = months.astype("datetime64[D]") + (self.day - 1) * DAY
        return (
            np.busday_offset(ends, 0, roll="backward")
            if self.day == LAST_WEEKDAY
            else np.minimum(wanted, ends)
        )

    def _slots(self) -> Int1D:
        """Minutes of the week at which a bar begins: int64, increasing."""
        runs = self.opening or ((0, WEEK_MINUTES - self.minutes),)
        return np.concatenate([np.arange(first, last + 1, self.minutes) for first, last in runs])

    def _intraday(self, instant: np.datetime64, count: int) -> Dates1D:
        slots = self._slots()
        local = moved(np.array([instant]), "UTC", self.zone)[0].astype("datetime64[m]")
        # 1970-01-05 was a Monday.
        minute = int((local - np.datetime64("1970-01-05T00:00", "m")).astype(int))
        week, within = divmod(minute, WEEK_MINUTES)
        spare = 0 if self.zone == "UTC" else 2 * len(slots)
        place = int(np.searchsorted(slots, within, side="left")) + np.arange(count + spare + 2)
        minutes = (week + place // len(slots)) * WEEK_MINUTES + slots[place % len(slots)]
        found = np.unique(moved(np.datetime64("1970-01-05T00:00", "m") + minutes, self.zone, "UTC"))
        return found[found > instant][:count]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {**asdict(self), "opening": [list(run) for run in self.opening]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TradingCalendar:
        """Restore a calendar from ``to_dict``; raises RecordError when keys do not fit."""
        known = {field.name for field in fields(cls)}
        if set(data) - known:
            raise RecordError(
                f"calendar keys {sorted(set(data) - known)}", expected=f"any of {sorted(known)}"
            )
        runs = tuple((int(first), int(last)) for first, last in data.get("opening", ()))
        return cls(**{**data, "opening": runs})


NYSE = TradingCalendar()
"""The calendar of daily US equities, which worlds without prices of their own share."""


def moved(instants: Dates1D, zone: str, other: str) -> Dates1D:
    """Return wall-clock times of one zone in another: datetime64[ns], gaps of summer time closed up."""
    found = instants.astype("datetime64[ns]")
    if zone == other:
        return found
    index = pd.DatetimeIndex(found).tz_localize(zone, nonexistent="shift_forward", ambiguous=False)
    moved: Dates1D = index.tz_convert(other).tz_localize(None).to_numpy().astype("datetime64[ns]")
    return moved
