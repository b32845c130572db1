"""The trading calendar of a history, found from its dates alone."""

from __future__ import annotations

import numpy as np

from finsim.errors import RecordError
from finsim.notation import DAY, MONTH, Dates1D, Int1D
from finsim.records.trading_calendar import (
    DAY_MINUTES,
    LAST_WEEKDAY,
    MONTH_END,
    MONTHS,
    NYSE,
    WEEK_MINUTES,
    TradingCalendar,
    closed_days,
    moved,
)

_MONDAY = np.datetime64("1970-01-05", "D")
_REGULAR = 0.25
"""assumption: a time of the week is open when at least a quarter of the weeks have a bar there."""

_SUPPORTED = (
    "bars of 1 to 30 minutes or 1 to 12 hours that divide a day, days, weeks, months, quarters or years"
)
_LONGEST = {"day": (1, 3), "week": (7, 7), "month": (28, 31), "quarter": (89, 92), "year": (364, 366)}


def calendar_of(dates: Dates1D, zone: str = "UTC") -> TradingCalendar:
    """Return the calendar of increasing dates (datetime64[D]) or instants (datetime64[ns], UTC).

    The step is the median gap. ``zone`` is where intraday opening hours are meant. Raises RecordError
    for a step that cannot be continued.
    """
    if dates.dtype == np.dtype("datetime64[D]"):
        gap = int(np.median(np.diff(dates).astype(np.int64)))
        for step, (least, most) in _LONGEST.items():
            if least <= gap <= most:
                return _of_days(dates) if step == "day" else _of_longer(dates, step)
        raise _unsupported(f"{gap} days")
    return _of_instants(dates, zone)


def _unsupported(gap: str) -> RecordError:
    return RecordError(
        f"the median step between bars is {gap}",
        expected=_SUPPORTED,
        remedy="aggregate the rows to one of these steps, or interpolate nothing and drop the odd ones",
    )


def _weekday(dates: Dates1D) -> Int1D:
    """0 for Monday to 6 for Sunday."""
    found: Int1D = (dates - _MONDAY).astype(np.int64) % 7
    return found


def _of_days(dates: Dates1D) -> TradingCalendar:
    weeks = np.unique((dates - _MONDAY).astype(np.int64) // 7)
    share = np.bincount(_weekday(dates), minlength=7) / len(weeks)
    mask = "".join("1" if part >= _REGULAR else "0" for part in share)
    if mask != NYSE.weekdays:
        return TradingCalendar(weekdays=mask, nyse_holidays=False)
    first, last = (int(day.astype("datetime64[Y]").astype(int)) + 1970 for day in dates[[0, -1]])
    closed = closed_days(first, last)
    closed = closed[(closed >= dates[0]) & (closed <= dates[-1]) & (_weekday(closed) < 5)]
    traded = np.isin(closed, dates).sum()
    return NYSE if 2 * traded <= len(closed) else TradingCalendar(nyse_holidays=False)


def _of_longer(dates: Dates1D, step: str) -> TradingCalendar:
    if step == "week":
        usual = int(np.bincount(_weekday(dates), minlength=7).argmax())
        mask = "".join("1" if day == usual else "0" for day in range(7))
        return TradingCalendar("week", weekdays=mask, nyse_holidays=False)
    months = dates.astype("datetime64[M]")
    cycle = np.bincount(months.astype(np.int64) % MONTHS[step])
    ends = (months + MONTH).astype("datetime64[D]") - DAY
    within = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    if np.mean(dates == ends) > 0.9:
        day = MONTH_END
    elif np.mean(ends - dates <= np.timedelta64(3, "D")) > 0.9 and len(np.unique(within)) > 1:
        day = LAST_WEEKDAY
    else:
        day = int(np.bincount(within).argmax())
    return TradingCalendar(step, weekdays="1111111", nyse_holidays=False, day=day, month=int(cycle.argmax()))


def _of_instants(instants: Dates1D, zone: str) -> TradingCalendar:
    seconds = float(np.median(np.diff(instants).astype(np.int64))) / 1e9
    minutes = round(seconds / 60)
    if seconds != 60 * minutes or minutes < 1 or DAY_MINUTES % minutes or minutes == DAY_MINUTES:
        raise _unsupported(f"{seconds:g} seconds" if seconds < 3600 else f"{seconds / 3600:g} hours")
    step, every = ("hour", minutes // 60) if minutes % 60 == 0 else ("minute", minutes)
    wall = moved(instants, "UTC", zone).astype("datetime64[m]")
    since = (wall - _MONDAY.astype("datetime64[m]")).astype(np.int64)
    phase = int(np.bincount(since % minutes).argmax())
    since = since[since % minutes == phase]
    open_at = _open_slots(since, minutes, phase)
    runs = np.split(open_at, np.flatnonzero(np.diff(open_at) != minutes) + 1)
    opening = tuple((int(run[0]), int(run[-1])) for run in runs)
    always = opening == ((0, WEEK_MINUTES - minutes),)
    return TradingCalendar(step, every, "1111111", False, opening=() if always else opening, zone=zone)


def _open_slots(since: Int1D, minutes: int, phase: int) -> Int1D:
    """Minutes of the week at which bars usually begin.

    With less than two weeks of history, or a few days far apart, the days of a week cannot be told apart: a
    market that was never closed while it was looked at is always open; else the times of day that were seen
    are taken for every weekday, and for the weekend when any of it was seen.
    """
    per_week = WEEK_MINUTES // minutes
    slots = (since % WEEK_MINUTES) // minutes
    weeks = (since[-1] - since[0]) / WEEK_MINUTES
    if weeks >= 2:
        counts = np.bincount(slots, minlength=per_week)
        usual = np.flatnonzero(counts >= _REGULAR * weeks) * minutes + phase
        if len(usual):  # else a few days far apart: as with a short history
            return usual
    if np.diff(since).max() == minutes:
        return np.arange(per_week) * minutes + phase
    seen = np.unique(since // DAY_MINUTES % 7)
    days = range(7) if (seen >= 5).any() else range(5)
    daily = np.unique(since % DAY_MINUTES)
    counts = np.array([(since % DAY_MINUTES == one).sum() for one in daily])
    daily = daily[counts >= _REGULAR * len(np.unique(since // DAY_MINUTES))]
    found: Int1D = np.concatenate([day * DAY_MINUTES + daily for day in days])
    return found
