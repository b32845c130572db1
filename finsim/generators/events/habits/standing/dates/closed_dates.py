"""Bank holidays of standing payments: dates on which due ones are paid before or after, as at weekends.

Of kinds that are never paid at weekends, weekdays on which some should be paid and none is are closed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Bool1D, Int1D

# Assumptions: payments of a kind that tell whether it rests at weekends, those expected on a date that tell
# whether it is closed, the share of odd ones among both, and how far a run of closed days may reach.
ROWS, EXPECTED, ODD, FURTHEST = 20, 6.0, 0.05, 8
_SATURDAY = 5


@dataclass(frozen=True)
class ClosedDates:
    """``dates`` int64[C], days since 1970; ``turn`` int64[K]: 1 paid behind them, -1 before, 0 on them."""

    dates: Int1D
    turn: Int1D

    def crossed(self, of_kind: Int1D, due: Int1D, shift: Int1D) -> Bool1D:
        """Return the rows bool[n] of kinds that rest whose due day or way from it is closed."""
        low, high = np.minimum(due, due + shift), np.maximum(due, due + shift)
        between = np.searchsorted(self.dates, high, side="right") > np.searchsorted(self.dates, low)
        return np.asarray(between & (self.turn[of_kind] != 0))

    def moved(self, kind: Int1D, day: Int1D) -> Int1D:
        """Return days int64[...] of payments off closed dates, and then off weekends; kind broadcasts."""
        turn = np.broadcast_to(self.turn[kind], day.shape)
        rests = (turn != 0) & np.isin(day, self.dates)
        found = day.copy()
        for _ in range(FURTHEST):
            if not rests.any():
                break
            found[rests] += turn[rests]
            rests &= np.isin(found, self.dates) | (weekday_of(found) >= _SATURDAY)
        return found


def learn_closed(of_kind: Int1D, due: Int1D, shift: Int1D, shifts: Array) -> ClosedDates:
    """Learn closed dates from regular payments: kind, day due and days from it, int64[n] each.

    shifts float64[K, 7, S] : as in ``StandingLaw``, what is expected by the weekday that is due.
    """
    count, paid = len(shifts), due + shift
    none = ClosedDates(np.zeros(0, np.int64), np.zeros(count, np.int64))
    every = np.bincount(of_kind, minlength=count)
    odd = np.bincount(of_kind, weekday_of(paid) >= _SATURDAY, count)
    away = np.bincount(of_kind, (weekday_of(due) >= _SATURDAY), count)
    rests = (every >= ROWS) & (odd <= ODD * every) & (away > 0)
    some = rests[of_kind]
    if not some.any():
        return none
    half = shifts.shape[2] // 2
    low = int(min(due[some].min() - half, paid[some].min()))
    wide = int(max(due[some].max() + half, paid[some].max())) - low + 1
    done, expected = np.bincount(paid[some] - low, minlength=wide), np.zeros(wide)
    share = np.diff(shifts, axis=2, prepend=0.0)[of_kind[some], weekday_of(due[some])]
    for step in range(shifts.shape[2]):
        expected += np.bincount(due[some] - low + step - half, share[:, step], wide)
    closed = (expected >= EXPECTED) & (done <= ODD * expected)
    dates = np.flatnonzero(closed & (weekday_of(np.arange(wide) + low) < _SATURDAY)) + low
    if not len(dates):
        return none
    from_rest = some & (np.isin(due, dates) | (weekday_of(due) >= _SATURDAY))
    turn = np.where(np.bincount(of_kind[from_rest], shift[from_rest], count) < 0, -1, 1)
    return ClosedDates(dates, np.where(rests, turn, 0))


def weekday_of(day: Int1D) -> Int1D:
    """Return 0 (Monday) to 6 of days since 1970."""
    return (day + 3) % 7
