"""Input (``Life``) and output (``Draft``) of every process that makes ordinary payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

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

    def in_calm(self) -> Life:
        """Return the same life as it would be without a move of the economy."""
        still = calm(self.settings)
        return replace(self, economy=still, jobs=replace(self.jobs, economy=still))

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
    """Orders of one process, shape [N]; ``keep`` is False for an order that the scenario thinned out."""

    ts: Nanos1D
    payer: Array
    payee: Array
    amount: Cents1D
    channel: Array
    purpose: Array
    merchant: Array
    keep: Bool1D

    def __len__(self) -> int:
        """Return the number of orders."""
        return len(self.ts)

    def take(self, rows: Array) -> Draft:
        """Return the orders at ``rows``."""
        return Draft(*(getattr(self, field.name)[rows] for field in fields(self)))

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
    )


def join(drafts: Sequence[Draft]) -> Draft:
    """Return all drafts one after the other."""
    return Draft(*(np.concatenate([getattr(part, field.name) for part in drafts]) for field in fields(Draft)))
