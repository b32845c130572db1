"""Disposable income after fixed costs."""

from __future__ import annotations

import numpy as np

from finsim.agents.everyday.draft_orders import Draft, Life
from finsim.agents.vocabulary import PURPOSE
from finsim.notation import Float1D

_DAYS_PER_MONTH = 30.4
# Payments among people come back as often as they go, so they leave nobody richer in the mean.
_ZERO_SUM = tuple(PURPOSE[name] for name in ("transfer", "goods"))
_LEAST = 0.22  # assumption: nobody plans to spend less than this share of income in shops


class PlannedMoney:
    """Adds up the planned payments of a shard's people as they pass; ``free`` is what they leave to spend.

    Sums are whole minor units below 2**53, so they do not depend on how payments were cut into drafts.
    """

    def __init__(self, life: Life) -> None:
        people, who = life.population.people, life.people
        self._life = life
        self._owner = np.full(len(life.population.accounts), -1, dtype=np.int32)
        for held in (people.current[who], people.savings[who]):
            mine = np.flatnonzero(held >= 0)
            self._owner[held[mine]] = mine
        self._net = np.zeros(len(who))

    def watch(self, planned: Draft) -> None:
        """Add a draft, in full, whether or not a scenario thinned it."""
        settings = self._life.settings
        inside = (planned.ts >= settings.start_ns) & (planned.ts < settings.end_ns)
        counted = inside & ~np.isin(planned.purpose, _ZERO_SUM)
        for accounts, sign in ((planned.payee, 1.0), (planned.payer, -1.0)):
            person = self._owner[accounts]
            rows = np.flatnonzero(counted & (person >= 0))
            self._net += sign * np.bincount(person[rows], planned.amount[rows], len(self._net))

    def free(self) -> Float1D:
        """Return the minor units per month that each person of the shard plans to spend in shops.

        It is the mean monthly balance of the planned payments over the period, times the person's thrift,
        and at least 22 % of income. Prices in shops do not depend on the scenario.
        """
        people, who = self._life.population.people, self._life.people
        days = self._life.settings.days
        monthly = self._net / days * _DAYS_PER_MONTH
        # In a short period the chance of a pay day matters more than the income itself.
        weight = min(1.0, days / 60.0)
        usual = 0.72 * people.income[who] - people.rent[who]
        plan = (weight * monthly + (1.0 - weight) * usual) * people.thrift[who]
        free: Float1D = np.maximum(plan, _LEAST * people.income[who])
        return free
