"""Times of scheme payments, moved to the hours of a named calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from finsim.agents.calendar.activity_calendar import Season
from finsim.agents.calendar.hours_of_day import PROFILE, one_milli
from finsim.agents.calendar.paydays import PAY_GROUPS
from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.notation import NANOS_PER_DAY, Int1D

_MS = 1_000_000
_NIGHT = 3.0, 1.4  # assumption: centre and spread of the hours in which a victim sleeps, own time


class SchemeClock(Protocol):
    """What places the payments of schemes in time: the simulated calendar, or that of a table."""

    @property
    def settings(self) -> Settings:
        """The period."""

    def place(self, ts: int, calendar: str, account: int, rng: np.random.Generator) -> int:
        """Return the first instant at or after about ``ts`` (ns) that the calendar allows."""


@dataclass(frozen=True)
class Hours:
    """The clock of schemes: the season, and by account how late its holder's day runs and when it is paid."""

    settings: Settings
    season: Season
    shift: Int1D
    pay_group: Int1D

    def place(self, ts: int, calendar: str, account: int, rng: np.random.Generator) -> int:
        """Return the first instant at or after about ``ts`` (ns) that the calendar allows, whole ms.

        ``any`` keeps ``ts``; ``waking`` draws an ordinary hour, ``victim_sleep`` a night hour of
        ``account``'s holder, ``business_hours`` an office hour of a working day, ``payday`` the hours
        after the holder's next pay day.
        """
        if calendar == "any":
            return ts // _MS * _MS
        day = (ts - self.settings.start_ns) // NANOS_PER_DAY
        u = float(rng.random())
        late = int(self.shift[account]) * 1_000
        if calendar == "victim_sleep":
            late += int(rng.normal(*_NIGHT) * 3_600_000)
        elif calendar == "business_hours":
            day, late = self._office(day), one_milli(PROFILE["office"], False, u)
        elif calendar == "payday":
            day, late = self._payday(day, account), one_milli(PROFILE["transfer"], False, u)
        else:
            late = (late + one_milli(PROFILE["transfer"], self._rests(day), u)) % 86_400_000
        found = self.settings.start_ns + day * NANOS_PER_DAY + late * _MS
        # A drawn hour that is over comes next day: hours then have their profile whenever the money came.
        early = 0 if calendar == "waking" else NANOS_PER_DAY // 24
        while found < ts - early:
            day = self._office(day + 1) if calendar == "business_hours" else day + 1
            found = self.settings.start_ns + day * NANOS_PER_DAY + late * _MS
        return max(found, ts // _MS * _MS)

    def _rests(self, day: int) -> bool:
        inside = 0 <= day < self.settings.days
        return bool(self.season.rest[day]) if inside else False

    def _office(self, day: int) -> int:
        while self._rests(day):
            day += 1
        return day

    def _payday(self, day: int, account: int) -> int:
        due = self.season.pay[PAY_GROUPS[int(self.pay_group[account])]]
        position = int(np.searchsorted(due, day))
        return int(due[position]) if position < len(due) else day


def scheme_hours(population: Population, settings: Settings, season: Season) -> Hours:
    """Return the clock of schemes; accounts without a person run on time and are paid monthly."""
    people = population.people
    size = len(population.accounts)
    shift, group = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for held in (people.current, people.savings, people.card):
        mine = held >= 0
        shift[held[mine]] = people.shift[mine]
        group[held[mine]] = people.pay_group[mine]
    return Hours(settings, season, shift, group)
