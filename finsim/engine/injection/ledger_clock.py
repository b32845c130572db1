"""The clock of a ledger: days and hours at which its own payments are made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from finsim.agents.settings import Settings
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Float1D, Int1D

_HOURS = 24
_HOUR = NANOS_PER_DAY // _HOURS
_OWN = 0.7  # assumption: share of hours taken from the payer's own rows
_QUIET_DRAWS = 6
_SOON = 3  # days among which a payment finds another one than a quiet day
_LATEST = 14  # days


@dataclass(frozen=True)
class LedgerClock:
    """Implements ``SchemeClock`` for a table.

    ``daily`` float64[D] activity of each day relative to the mean, ``hourly`` float64[24] that of each hour;
    ``times`` int64[n] times of day (ns) of the sampled rows; ``own`` times of day by account position.
    """

    settings: Settings
    daily: Float1D
    hourly: Float1D
    times: Int1D
    own_start: Int1D
    own: Int1D
    is_daily: bool

    def place(self, ts: int, calendar: str, account: int, rng: np.random.Generator) -> int:
        """Return the first instant at or after about ``ts`` (ns) at which the ledger is in use.

        ``any`` keeps ``ts`` unless hardly anybody pays at that hour or on that day; ``victim_sleep`` draws
        one of the payer's quieter hours; all others draw the hour of a row of the payer or of the ledger.
        """
        day = (ts - self.settings.start_ns) // NANOS_PER_DAY
        if self.is_daily:
            return self._instant(self._busy(int(day), rng), 0)
        hour = int((ts - self.settings.start_ns) % NANOS_PER_DAY // _HOUR)
        if calendar == "any" and rng.random() < self.hourly[hour]:
            busy = self._busy(int(day), rng)
            return ts if busy == day else self._instant(busy, self._hour(account, calendar, rng))
        late = self._hour(account, calendar, rng)
        found = self._instant(self._busy(int(day), rng), late)
        if found < ts - _HOUR:
            found = self._instant(self._busy(int(day) + 1, rng), late)
        return max(found, ts)

    def written(self, ts: Int1D, scheme: Int1D) -> Int1D:
        """Return instants (ns) of payments, in their order, at parts of the hour that the ledger writes.

        An instant at such a part stays. Any other, of a wait or a window, goes to the part of its own rank: a
        ledger of whole minutes gets whole minutes, one that is mostly on the hour such times as often. Within
        a ``scheme`` no payment comes before an earlier one.
        """
        if not len(ts):
            return ts
        known = np.sort(self.times % _HOUR)
        late = ts % _HOUR  # days begin at whole hours
        rank = (late * (len(known) / _HOUR)).astype(np.int64)
        part = np.where(np.isin(late, known), late, known[np.minimum(rank, len(known) - 1)])
        return np.asarray(pd.Series(ts - late + part).groupby(scheme).cummax(), dtype=np.int64)

    def _instant(self, day: int, late: int) -> int:
        return self.settings.start_ns + day * NANOS_PER_DAY + late

    def _busy(self, day: int, rng: np.random.Generator) -> int:
        """Return the day or one soon after.

        A day below the mean is left in proportion, so that a quiet weekday has its share and no more; another
        is drawn by activity among the next three, or those after them where nobody pays on these.
        """
        if day < 0 or day >= len(self.daily) or rng.random() < self.daily[day]:
            return day
        for ahead in range(day + 1, day + _LATEST, _SOON):
            share = self.daily[ahead : ahead + _SOON]
            if share.sum() > 0:
                return ahead + int(rng.choice(len(share), p=share / share.sum()))
        return day

    def _hour(self, account: int, calendar: str, rng: np.random.Generator) -> int:
        mine = self.own[self.own_start[account] : self.own_start[account + 1]]
        source = mine if len(mine) and rng.random() < _OWN else self.times
        draws = source[rng.integers(0, len(source), _QUIET_DRAWS if calendar == "victim_sleep" else 1)]
        return int(draws[np.argmin(self.hourly[draws // _HOUR])])


def ledger_clock(
    sample: LedgerSample, past: Histories, entity: Int1D, settings: Settings, is_daily: bool,
    used: Bool1D | None = None,
) -> LedgerClock:  # fmt: skip
    """Return the clock of a ledger; ``entity`` is that of each account position.

    ``used`` bool[n]: rows whose hours count; wages and bills that banks book in the night are no guide.
    """
    late = (sample.time - settings.start_ns) % NANOS_PER_DAY
    payer = past.payer if used is None else np.where(used, past.payer, -1)
    times = late if used is None or not used.any() else late[used]
    hourly = np.bincount(times // _HOUR, minlength=_HOURS).astype(np.float64)
    usual = float(sample.daily[sample.daily > 0].mean())
    order = np.argsort(payer, kind="stable")
    edges = np.searchsorted(payer[order], np.arange(past.count + 1))
    start, parts = [0], list[Array]()
    for one in entity.tolist():
        mine = late[order[edges[one] : edges[one + 1]]] if one >= 0 else late[:0]
        parts.append(mine)
        start.append(start[-1] + len(mine))
    return LedgerClock(
        settings, sample.daily / usual, hourly / hourly.mean(), times, np.array(start),
        np.concatenate(parts) if parts else late[:0], is_daily,
    )  # fmt: skip
