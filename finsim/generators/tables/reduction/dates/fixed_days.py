"""Dates that keep to few days of the month: ends of months, firsts, fifteenths, ends of quarters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers, from_numbers
from finsim.generators.tables.reduction.dates.date_ranges import is_beyond
from finsim.generators.tables.reduction.dates.months_after import is_month_end
from finsim.notation import DAY, NANOS_PER_DAY, Bool1D, Float1D, Int1D
from finsim.records.mixed_table import TIME, MixedColumn

LEAST_ROWS, LEAST_KEPT, MOST_DAYS, MOST_MONTHS = 20, 0.99, 3, 4
"""Three days of the month hold 99 % of 20 dates, by chance 10 %; four months hold them (assumptions)."""
END, LAST_OF_ALL = 31, 28
"""The last day of a month, and the last day that each month has."""


@dataclass(frozen=True)
class FixedDays:
    """``target`` lies on some ``days`` of a month (31 for its last) of some ``months``, of any without these.

    ``low`` and ``high`` are the first and the last day since 1970 that were seen.
    """

    target: str
    days: tuple[int, ...]
    months: tuple[int, ...]
    low: float
    high: float

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FixedDays:
        """Return the days of their plain data."""
        return cls(**{**data, "days": tuple(data["days"]), "months": tuple(data["months"])})

    def settled(self, columns: Mapping[str, MixedColumn]) -> dict[str, MixedColumn]:
        """Return the dates, each on the nearest of such days."""
        days = as_numbers(columns[self.target])
        assert days is not None
        wide = np.full(len(days), np.inf)
        return {self.target: from_numbers(self.nearest(days, -wide, wide), TIME, float(NANOS_PER_DAY))}

    def nearest(self, days: Float1D, low: Float1D, high: Float1D) -> Float1D:
        """Return the nearest such day inside a span for each day, the day itself where there is none."""
        known = self._all()
        if not len(known):
            return days
        at = np.searchsorted((known[1:] + known[:-1]) / 2, np.nan_to_num(days))
        found = known[at]
        up, down = known[np.minimum(at + 1, len(known) - 1)], known[np.maximum(at - 1, 0)]
        found = np.where(found < low, up, np.where(found > high, down, found))
        return np.asarray(np.where(np.isnan(days) | is_beyond(found, low, high), days, found))

    def _all(self) -> Float1D:
        """Return all such days from the first to the last that were seen."""
        every = np.arange(self.low, self.high + 1)
        month, day = _parts(every)
        kept = np.isin(day, self.days) & (day <= LAST_OF_ALL)
        if END in self.days:
            kept |= is_month_end(every)
        if self.months:
            kept &= np.isin(month, self.months)
        return np.asarray(every[kept])


def find_fixed_days(target: str, days: Float1D) -> FixedDays | None:
    """Return the few days of a month on which dates lie, None where they are many."""
    there = days[np.isfinite(days)]
    if len(there) < LEAST_ROWS:
        return None
    month, day = _parts(there)
    ends = is_month_end(there)
    found: tuple[int, ...] = (END,) if ends.mean() >= LEAST_KEPT else _commonest(day, ends & False)
    found = found or _commonest(day, ends)
    if not found:
        return None
    met, counts = np.unique(month, return_counts=True)
    often = np.sort(met[np.argsort(-counts, kind="stable")[:MOST_MONTHS]])
    kept = np.isin(month, often).mean() >= LEAST_KEPT
    months = tuple(int(one) for one in often) if kept else ()
    return FixedDays(target, found, months, float(there.min()), float(there.max()))


def _commonest(day: Int1D, ends: Bool1D) -> tuple[int, ...]:
    """Return the few days of a month that tell dates, beside ends of months where some are; () if none do."""
    met, counts = np.unique(day[~ends], return_counts=True)
    often = met[np.argsort(-counts, kind="stable")[:MOST_DAYS]]
    if (np.isin(day, often) | ends).mean() < LEAST_KEPT or often.max(initial=0) > LAST_OF_ALL:
        return ()
    return (*(int(one) for one in np.sort(often)), *((END,) if ends.any() else ()))


def _parts(days: Float1D) -> tuple[Int1D, Int1D]:
    """Return months of the year and days of the month, from 1."""
    whole = days.astype(np.int64).astype("datetime64[D]")
    month = whole.astype("datetime64[M]")
    return month.astype(np.int64) % 12 + 1, ((whole - month.astype("datetime64[D]")) // DAY).astype(
        np.int64
    ) + 1
