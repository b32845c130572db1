"""Dates that come after another date: learned as the days between, so that their order holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers, from_numbers
from finsim.generators.tables.reduction.dates.date_ranges import Range, is_beyond, spans, within
from finsim.generators.tables.reduction.dates.fixed_days import FixedDays
from finsim.generators.tables.reduction.dates.months_after import (
    is_month_end,
    months_after,
    months_between,
    nearest_terms,
)
from finsim.notation import DAY, MONTH, NANOS_PER_DAY, Float1D
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn

END, OTHER = "end of month", "other day"


@dataclass(frozen=True)
class DateGap:
    """``target`` is a date some days after ``source``; a model sees the days.

    ``flag`` : the column that says which dates are ends of months, "" where few are. ``working`` : whether
    dates keep off weekends. ``is_months`` : whole months lie between, and a model sees these; ``terms`` are
    those that come out, any where there are none; with ``ends`` ends of months come after ends. ``ranges`` :
    in which days after 1970 and after dates put back before it the date lies; ``fixed`` : on which few days
    of the month. ``part`` : the column that says in which part of the calendar the date lies, "" where the
    days tell it; ``cuts`` are the days on which parts but the first begin.
    """

    target: str
    source: str
    flag: str
    working: bool
    is_months: bool = False
    terms: tuple[int, ...] = ()
    ranges: tuple[Range, ...] = ()
    part: str = ""
    cuts: tuple[float, ...] = ()
    ends: bool = False
    fixed: FixedDays | None = None

    def between(self) -> str:
        """Return what the days between are called."""
        return f"{'months' if self.is_months else 'days'} from {self.source} to {self.target}"

    def counted(self, start: Float1D, end: Float1D) -> Float1D:
        """Return the days between two dates, or the months."""
        return months_between(start, end) if self.is_months else end - start

    def after(self, start: float, between: float) -> float:
        """Return the day that lies so many days, or months, after a day."""
        if not self.is_months:
            return start + between
        return float(months_after(np.array([start]), np.array([between]), self.ends)[0])

    def loosened(self, columns: Mapping[str, MixedColumn]) -> dict[str, MixedColumn]:
        """Return the days or months between, and what is learned beside them."""
        days = _days(columns[self.target])
        between = self.counted(_days(columns[self.source]), days)
        found = {self.target: MixedColumn(NUMBER, between, (), 1.0)}
        if self.flag:
            ends = is_month_end(days)
            found[self.flag] = MixedColumn(WORD, (~ends).astype(np.int32), (END, OTHER))
        if self.part:
            part = np.searchsorted(np.array(self.cuts), days, side="right").astype(np.float64)
            found[self.part] = MixedColumn(NUMBER, np.where(np.isnan(days), np.nan, part), (), 1.0)
        return found

    def closed(self, columns: Mapping[str, MixedColumn], exact: bool = False) -> dict[str, MixedColumn]:
        """Return the dates; ``exact`` ones are so far after their source, whatever day that is."""
        start, between = _days(columns[self.source]), columns[self.target].values
        if self.is_months:
            terms = () if exact else self.terms
            days = months_after(start, nearest_terms(between, terms), self.ends)
        elif exact:
            days = start + between
        else:
            days = self._placed(columns, start, start + between)
        return {self.target: from_numbers(days, TIME, float(NANOS_PER_DAY))}

    def _placed(self, columns: Mapping[str, MixedColumn], start: Float1D, days: Float1D) -> Float1D:
        """Return days inside part and ranges, on ends of months and days of work where such are kept."""
        known = {name: _days(columns[name]) for name, _, _ in self.ranges if name}
        low, high = spans(self.ranges, known, len(days))
        if self.part:
            days = within(days, *self._part_of(columns[self.part].values, low, high))
        days = within(days, low, high)
        if self.fixed:
            return self.fixed.nearest(days, low, high)
        kept = days
        if self.flag:
            flag = columns[self.flag]
            told = np.array([word == END for word in flag.words] + [False])[flag.values]
            kept = np.where(told & ~np.isnan(days), _near_month_end(days, start), days)
        if self.working:
            weekday = (kept + 3) % 7
            kept = np.where(weekday == 5, kept - 1, np.where(weekday == 6, kept + 1, kept))
            kept = np.where(kept < start, kept + 3, kept)
        return np.asarray(np.where(is_beyond(kept, low, high), days, kept))

    def _part_of(self, part: Float1D, low: Float1D, high: Float1D) -> tuple[Float1D, Float1D]:
        """Return the first and last day of the parts as far as ranges leave some, else of the ranges."""
        edges = np.concatenate([[-np.inf], self.cuts, [np.inf]])
        at = np.clip(np.nan_to_num(part), 0, len(self.cuts)).astype(np.int64)
        first, last = np.fmax(edges[at], low), np.fmin(edges[at + 1] - 1.0, high)
        fits = (first <= last) & ~np.isnan(part)
        return np.where(fits, first, low), np.where(fits, last, high)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DateGap:
        """Return the gap of its plain data; what earlier versions did not find is not there."""
        ranges = tuple((str(name), float(least), float(most)) for name, least, most in data.get("ranges", ()))
        lists = {name: tuple(data.get(name, ())) for name in ("terms", "cuts")}
        fixed = FixedDays.from_dict(data["fixed"]) if data.get("fixed") else None
        return cls(**{**data, **lists, "ranges": ranges, "fixed": fixed})


def _near_month_end(days: Float1D, start: Float1D) -> Float1D:
    """Return the nearest last day of a month that is not before ``start``."""
    whole = np.nan_to_num(days).astype(np.int64).astype("datetime64[D]")
    month = whole.astype("datetime64[M]")
    before = (month.astype("datetime64[D]") - DAY).astype(np.int64)
    after = ((month + MONTH).astype("datetime64[D]") - DAY).astype(np.int64)
    nearer = np.where(days - before < after - days, before, after)
    return np.asarray(np.where(nearer < start, after, nearer).astype(np.float64))


def _days(column: MixedColumn) -> Float1D:
    found = as_numbers(column)
    assert found is not None
    return found
