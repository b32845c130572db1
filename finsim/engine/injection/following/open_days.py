"""Days on which a ledger books: weekdays, and no holidays where it is dense enough to tell them (own)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Bool1D, Int1D

_USED = 0.005  # assumption: share of rows below which a weekday is none of booking
_DENSE = 0.9  # assumption: share of such days with a row, from which on one without is a holiday
_WEEK = 7


@dataclass(frozen=True)
class OpenDays:
    """``week`` bool[7] the weekdays, Monday first; ``first`` the first day, ``open`` bool[D] from it on."""

    week: Bool1D
    first: int
    open: Bool1D

    @classmethod
    def of(cls, days: Int1D) -> OpenDays:
        """Return the days of booking of rows on ``days`` int64[n] (since 1970)."""
        week = np.bincount((days + 3) % _WEEK, minlength=_WEEK) >= max(_USED * len(days), 1)
        first, last = (int(days.min()), int(days.max())) if len(days) else (0, 0)
        there = np.zeros(0, dtype=np.bool_)
        if len(days) and last - first <= 40 * len(days):
            there = np.bincount(days - first, minlength=last - first + 1) > 0
            usual = week[(first + np.arange(len(there)) + 3) % _WEEK]
            if (there & usual).sum() < _DENSE * max(int(usual.sum()), 1):
                there = np.zeros(0, dtype=np.bool_)
        return cls(np.asarray(week), first, there)

    def has(self, day: int) -> bool:
        """Whether the ledger books on a day."""
        at = day - self.first
        if 0 <= at < len(self.open):
            return bool(self.open[at])
        return bool(self.week[(day + 3) % _WEEK])

    def nearest(self, day: int, *, back: bool) -> int:
        """Return the day, or the next one of booking, the last before where ``back``."""
        for away in range(2 * _WEEK):
            found = day - away if back else day + away
            if self.has(found):
                return found
        return day
