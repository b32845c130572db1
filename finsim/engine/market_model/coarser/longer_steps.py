"""Which of a model's bars make up each bar of a longer step, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from finsim.errors import StudyError
from finsim.notation import Array, Dates1D, Int1D
from finsim.records.paths import RETURN, Paths
from finsim.records.trading_calendar import MONTHS, TradingCalendar, moved

_MONDAY = np.datetime64("1970-01-05", "D")


@dataclass(frozen=True)
class LongerSteps:
    """The instants ``made`` that a model makes bars for, and how they add up.

    starts : int64[T], the place of the first made bar of every longer one; stop : one past the last.
    What comes before the first is the rest of a step that began before. dates : of the longer bars.
    """

    made: Dates1D
    starts: Int1D
    dates: Dates1D
    calendar: TradingCalendar

    @classmethod
    def after(cls, learned: TradingCalendar, longer: TradingCalendar, last: Any, count: int) -> LongerSteps:
        """Return the first ``count`` whole longer steps after an instant, and what leads there."""
        bounds = _bounds(learned, longer, _next_bound(learned, longer, last, is_inside=True), count)
        return cls._of(learned, longer, learned.after(last, 1)[0], bounds)

    @classmethod
    def starting(
        cls, learned: TradingCalendar, longer: TradingCalendar, start: date, count: int
    ) -> LongerSteps:
        """Return the first ``count`` longer steps that lie whole on or after a day."""
        first = learned.starting(start, 1)[0]
        bounds = _bounds(learned, longer, _next_bound(learned, longer, first, is_inside=False), count)
        return cls._of(learned, longer, bounds[0], bounds)

    @classmethod
    def _of(
        cls, learned: TradingCalendar, longer: TradingCalendar, first: Any, bounds: Dates1D
    ) -> LongerSteps:
        count = len(bounds) - 1
        size = 16 + 2 * count * max(1, learned.steps_a_year // max(longer.steps_a_year, 1))
        before = first - np.timedelta64(1, "ns" if learned.is_intraday else "D")
        made = learned.after(before, size)
        while made[-1] < bounds[-1]:
            size *= 2
            made = learned.after(before, size)
        made = made[made < bounds[-1]]
        starts = np.searchsorted(made, bounds[:-1])
        if not (np.diff(starts, append=len(made)) > 0).all():
            raise StudyError(f"a {longer.step} without a bar", place="sample: step",
                             expected="a bar in every longer step", remedy="choose another step")  # fmt: skip
        return cls(made, starts, _dates(learned, longer, bounds), longer)

    def merged(self, paths: Paths) -> Paths:
        """Return the bars of the longer step out of paths with bars at ``made``."""
        lasts = np.append(self.starts[1:], len(self.made)) - 1
        columns = {name: self._merged(name, values, lasts) for name, values in paths.columns.items()}
        returns = list(paths.where(RETURN))
        if returns:
            grown = np.log1p(paths.columns["close"][..., returns])
            columns["close"][..., returns] = np.expm1(np.add.reduceat(grown, self.starts, axis=1))
        return Paths(paths.assets, self.dates, columns, paths.first_path, paths.source, paths.kinds,
                     self.calendar)  # fmt: skip

    def _merged(self, name: str, values: Array, lasts: Int1D) -> Array:
        ways: Mapping[str, Any] = {"high": np.maximum, "low": np.minimum, "volume": np.add}
        if name in ways:
            return np.asarray(ways[name].reduceat(values, self.starts, axis=1))
        return np.array(values[:, self.starts if name == "open" else lasts])


def _next_bound(learned: TradingCalendar, longer: TradingCalendar, instant: Any, *, is_inside: bool) -> Array:
    """Return [the instant, or the number, of the longer step that is the first to be whole].

    ``is_inside``: a bar stood at the instant, so its own longer step has begun; else the first bar stands
    there, and its longer step counts when no bar of it would lie before.
    """
    if longer.is_intraday:
        return longer.after(instant if is_inside else instant - np.timedelta64(1, "ns"), 1)
    own = _period(longer, _day(learned, np.array([instant])))
    begun = _instants(learned, longer, own)
    before = np.timedelta64(1, "ns" if learned.is_intraday else "D")
    is_first = learned.after(begun[0] - before, 1)[0] == instant
    return own if is_first and not is_inside else own + 1


def _bounds(learned: TradingCalendar, longer: TradingCalendar, first: Array, count: int) -> Dates1D:
    """Return where ``count`` longer steps begin, and where the last one ends."""
    if longer.is_intraday:
        return longer.after(first[0] - np.timedelta64(1, "ns"), count + 1)
    if longer.step == "day":
        days = longer.after((_MONDAY + first[0]) - 1, count + 1)
        return moved(days, learned.zone, "UTC")
    return _instants(learned, longer, first[0] + np.arange(count + 1))


def _day(learned: TradingCalendar, instants: Dates1D) -> Dates1D:
    local = moved(instants, "UTC", learned.zone) if learned.is_intraday else instants
    return local.astype("datetime64[D]")


def _period(longer: TradingCalendar, days: Dates1D) -> Int1D:
    """Return the numbers of the longer steps in which days lie."""
    if longer.step in MONTHS:
        return days.astype("datetime64[M]").astype(np.int64) // MONTHS[longer.step]
    return (days - _MONDAY).astype(np.int64) // (7 if longer.step == "week" else 1)


def _instants(learned: TradingCalendar, longer: TradingCalendar, periods: Int1D) -> Dates1D:
    """Return the instants, as the learned calendar has them, at which numbered steps begin."""
    if longer.step in MONTHS:
        days = (periods * MONTHS[longer.step]).astype("datetime64[M]").astype("datetime64[D]")
    else:
        days = _MONDAY + periods * (7 if longer.step == "week" else 1)
    return moved(days, learned.zone, "UTC") if learned.is_intraday else days


def _dates(learned: TradingCalendar, longer: TradingCalendar, bounds: Dates1D) -> Dates1D:
    """Return the date of every longer bar: of days and longer, that of their last session."""
    if longer.is_intraday:
        return bounds[:-1]
    return longer.after(_day(learned, bounds[:1])[0] - 1, len(bounds) - 1)
