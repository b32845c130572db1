"""Input (``Life``) and output (``Draft``) of every process that makes ordinary payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np

from finsim.agents.borrowers.loan_courses import LoanCourses
from finsim.agents.calendar.activity_calendar import Season
from finsim.agents.calendar.hours_of_day import instants, sample_millis
from finsim.agents.economy.household_economy import Economy, calm
from finsim.agents.economy.job_loss import Jobs
from finsim.agents.population.population import Population
from finsim.agents.scenario_effects import Behaviour
from finsim.agents.settings import Settings
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Cents1D, Float1D, Int1D, Nanos1D
from finsim.randomness import Streams


@dataclass(frozen=True)
class Life:
    """One shard's life: who lives in it, on which days, under which behaviour, with which streams.

    ``people`` and ``firms`` are positions in ``Population.people`` and ``Population.firms``, ascending.
    ``courses`` are the loans of these people (None: no loan of theirs is followed); ``months`` the day
    index on which each month of the scenario's clock begins.
    """

    population: Population
    settings: Settings
    season: Season
    behaviour: Behaviour
    economy: Economy
    jobs: Jobs
    streams: Streams
    people: Int1D
    firms: Int1D
    courses: LoanCourses | None = None
    months: Int1D = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def in_calm(self) -> Life:
        """Return the same life as it was foreseen: the economy does not move, every instalment is paid."""
        still = calm(self.settings)
        planned = None if self.courses is None else self.courses.as_planned()
        return replace(self, economy=still, jobs=self.jobs.in_calm(still), courses=planned)

    def day_of(self, ts: Nanos1D) -> Int1D:
        """Return the day index of instants; those outside the period get its first or last day."""
        day: Int1D = (ts - self.settings.start_ns) // NANOS_PER_DAY
        return np.clip(day, 0, self.settings.days - 1)

    def when(self, profile: Array | int, day: Int1D, u: Float1D, shift: Array | int = 0) -> Nanos1D:
        """Return instants on ``day`` by hour profile; days outside the period give instants outside."""
        inside = np.clip(day, 0, self.settings.days - 1)
        return instants(
            self.settings.start_ns, day, sample_millis(profile, self.season.rest[inside], u), shift
        )

    def in_period(self, day: Int1D) -> Bool1D:
        """Return which day indices lie in the period."""
        return (day >= 0) & (day < self.settings.days)


@dataclass(frozen=True)
class Draft:
    """Orders of one process, shape [N]; ``keep`` is False for an order that the scenario thinned out.

    ``returned`` is True for a debit that comes back unpaid.
    """

    ts: Nanos1D
    payer: Array
    payee: Array
    amount: Cents1D
    channel: Array
    purpose: Array
    merchant: Array
    keep: Bool1D
    returned: Bool1D

    def __len__(self) -> int:
        """Return the number of orders."""
        return len(self.ts)

    def take(self, rows: Array) -> Draft:
        """Return the orders at ``rows``."""
        return Draft(*(getattr(self, one.name)[rows] for one in fields(self)))

    def thinned(self, keep: Bool1D) -> Draft:
        """Return the same orders, kept only where ``keep``."""
        return replace(self, keep=self.keep & keep)


@dataclass(frozen=True)
class Parties:
    """Who pays whom: account positions, and the shop's position or -1."""

    payer: Array
    payee: Array
    merchant: Array | int = -1


def draft(
    ts: Nanos1D, parties: Parties, amount: Cents1D, channel: Array | int, purpose: Array | int
) -> Draft:
    """Return a draft; whatever is one number is repeated."""

    def column(value: Array | int, kind: type) -> Array:
        return np.broadcast_to(np.asarray(value, dtype=kind), ts.shape)

    return Draft(
        ts=ts,
        payer=column(parties.payer, np.int32),
        payee=column(parties.payee, np.int32),
        amount=amount,
        channel=column(channel, np.int8),
        purpose=column(purpose, np.int8),
        merchant=column(parties.merchant, np.int32),
        keep=np.ones(len(ts), dtype=np.bool_),
        returned=column(False, np.bool_),
    )


def join(drafts: Sequence[Draft]) -> Draft:
    """Return all drafts one after the other."""
    return Draft(*(np.concatenate([getattr(part, one.name) for part in drafts]) for one in fields(Draft)))
