"""Calendar of everyday payments: weekdays, holidays, pay days and the daily rate of each activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import holidays
import numpy as np

from finsim.agents.calendar.paydays import PAY_GROUPS, pay_days
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CATEGORIES
from finsim.notation import DAY, MONTH, Array, Bool1D, Dates1D, Float1D, Float2D, Int1D

# assumption: relative activity from Monday to Sunday.
_WEEK: dict[str, tuple[float, ...]] = {
    "groceries": (0.90, 0.88, 0.90, 0.97, 1.12, 1.30, 1.05),
    "restaurants": (0.80, 0.82, 0.88, 0.98, 1.28, 1.38, 1.02),
    "fuel": (1.00, 0.98, 0.98, 1.02, 1.15, 1.05, 0.82),
    "transport": (1.15, 1.18, 1.18, 1.17, 1.12, 0.65, 0.50),
    "retail": (0.82, 0.82, 0.86, 0.95, 1.12, 1.45, 1.05),
    "online": (1.08, 1.05, 1.02, 1.00, 0.95, 0.88, 1.05),
    "travel": (1.08, 1.05, 1.03, 1.02, 1.00, 0.86, 0.96),
    "entertainment": (0.75, 0.78, 0.85, 0.97, 1.28, 1.45, 1.02),
    "health": (1.22, 1.22, 1.20, 1.15, 1.10, 0.70, 0.41),
    "digital": (0.93, 0.93, 0.95, 0.97, 1.08, 1.12, 1.05),
    "transfer": (1.02, 0.97, 0.97, 1.00, 1.16, 1.00, 0.90),
    "cash": (0.97, 0.90, 0.93, 1.02, 1.30, 1.15, 0.75),
    "office": (1.08, 1.10, 1.07, 1.05, 1.00, 0.10, 0.05),
    "even": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
}
# assumption: how much more is done on a pay day, decaying over three days; bills and offices do not react.
_PAYDAY: dict[str, float] = {
    "groceries": 0.32, "restaurants": 0.36, "fuel": 0.15, "transport": 0.0, "retail": 0.48, "online": 0.45,
    "travel": 0.35, "entertainment": 0.36, "health": 0.12, "digital": 0.28, "transfer": 0.50, "cash": 0.90,
    "office": 0.0, "even": 0.0,
}  # fmt: skip
# assumption: activity on a public holiday.
_HOLIDAY: dict[str, float] = {
    "groceries": 0.7, "restaurants": 0.9, "fuel": 0.7, "transport": 0.35, "retail": 0.6, "health": 0.2,
    "office": 0.03, "entertainment": 1.2,
}  # fmt: skip
# assumption: month factors, January first, where they are not flat.
_MONTH: dict[str, tuple[float, ...]] = {
    "retail": (0.90, 0.93, 0.98, 1.0, 1.0, 1.0, 0.98, 1.02, 0.97, 1.0, 1.12, 1.35),
    "online": (0.95, 0.94, 0.97, 0.98, 0.98, 0.98, 1.0, 0.98, 0.97, 1.0, 1.18, 1.25),
    "travel": (0.85, 0.92, 1.02, 1.02, 1.08, 1.22, 1.28, 1.15, 0.95, 0.92, 0.88, 0.90),
}
ACTIVITIES = (*CATEGORIES, "transfer", "cash", "office", "even")
ACTIVITY = {name: code for code, name in enumerate(ACTIVITIES)}


@dataclass(frozen=True)
class Season:
    """The period day by day; D days, G pay groups.

    ``dates`` datetime64[D]; ``weekday`` 0 is Monday; ``closed`` public holidays; ``rest`` weekend or
    holiday; ``pay`` maps a pay group to its pay-day indices; ``weight[activity]`` is float64[G, D] with
    mean 1 over the days; ``cumulative`` its running share for inverse sampling, row r shifted by r.
    """

    dates: Dates1D
    weekday: Array
    closed: Bool1D
    rest: Bool1D
    pay: Mapping[str, Int1D]
    weight: Mapping[str, Float2D]
    cumulative: Float1D

    def sample_days(self, activity: Array, group: Array, u: Float1D) -> Int1D:
        """Return a day index per entry, drawn by activity code and pay group: int64 of u's shape."""
        row = activity.astype(np.int64) * len(PAY_GROUPS) + group
        count = len(self.dates)
        position = np.searchsorted(self.cumulative, row + u, side="right") - row * count
        day: Int1D = np.clip(position, 0, count - 1).astype(np.int64)
        return day

    def monthly(self, day_of_month: Array) -> Array:
        """Return day indices of a day of month in every month of the period: int64 [months, N].

        Entries outside the period are negative or at least ``len(dates)``.
        """
        first, last = self.dates[0].astype("datetime64[M]"), self.dates[-1].astype("datetime64[M]")
        begin = (np.arange(first, last + MONTH).astype("datetime64[D]") - self.dates[0]).astype(np.int64)
        due: Array = begin[:, None] + np.asarray(day_of_month, dtype=np.int64)[None, :] - 1
        return due

    def office_day(self, day: Int1D) -> Int1D:
        """Return the first day on or after ``day`` that is not a rest day; may equal len(dates)."""
        count = len(self.dates)
        following = np.full(count + 1, count)
        for index in range(count - 1, -1, -1):
            following[index] = following[index + 1] if self.rest[index] else index
        found: Int1D = following[np.clip(day, 0, count)].astype(np.int64)
        return found


def season(settings: Settings) -> Season:
    """Return the calendar of a study's period."""
    return _season(np.datetime64(settings.start), settings.days)


@lru_cache(maxsize=4)
def _season(start: np.datetime64, count: int) -> Season:
    dates = start + np.arange(count)
    years = range(int(str(start)[:4]) - 1, int(str(dates[-1])[:4]) + 2)
    listed = holidays.country_holidays("US", years=years)
    closed_dates = np.array(sorted(listed), dtype="datetime64[D]")
    closed = np.isin(dates, closed_dates)
    weekday = ((dates.astype(np.int64) + 3) % 7).astype(np.int8)
    month = dates.astype("datetime64[M]").astype(np.int64) % 12
    pay: dict[str, Int1D] = {}
    since = np.zeros((len(PAY_GROUPS), count))
    for row, group in enumerate(PAY_GROUPS):
        due = pay_days(group, start - 45 * DAY, dates[-1], closed_dates)
        last = due[np.searchsorted(due, dates, side="right") - 1]
        since[row] = (dates - last).astype(np.int64)
        pay[group] = (due[due >= start] - start).astype(np.int64)
    weight = {name: _weights(name, weekday, closed, month, since) for name in ACTIVITIES}
    shares = np.cumsum(np.concatenate([weight[name] for name in ACTIVITIES]) / count, axis=1)
    cumulative = (shares + np.arange(len(shares))[:, None]).ravel()
    return Season(dates, weekday, closed, (weekday >= 5) | closed, pay, weight, cumulative)


def _weights(name: str, weekday: Array, closed: Bool1D, month: Array, since: Float2D) -> Float2D:
    base = np.array(_WEEK[name])[weekday]
    base = base * np.where(closed, _HOLIDAY.get(name, 1.0), 1.0)
    if name in _MONTH:
        base = base * np.array(_MONTH[name])[month]
    weight = base[None, :] * (1.0 + _PAYDAY[name] * np.exp(-since / 3.0))
    scaled: Float2D = weight / weight.mean(axis=1, keepdims=True)
    return scaled
