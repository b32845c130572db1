"""Disposable income after fixed costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.agents.everyday.draft_orders import Draft, Life
from finsim.agents.vocabulary import PURPOSE
from finsim.notation import Float1D

_DAYS_PER_MONTH = 30.4
# Payments among people come back as often as they go, so they leave nobody richer in the mean.
_ZERO_SUM = tuple(PURPOSE[name] for name in ("transfer", "goods"))
_LEAST = 0.22  # assumption: nobody plans to spend less than this share of income in shops


def free_money(life: Life, planned: Sequence[Draft]) -> Float1D:
    """Return the minor units per month that each person of the shard plans to spend in shops.

    It is the mean monthly balance of ``planned`` payments over the period, times the person's thrift,
    and at least 22 % of income. Drafts count in full, whether or not a scenario thinned them, so prices
    in shops do not depend on the scenario.
    """
    people, who = life.population.people, life.people
    owner = np.full(len(life.population.accounts), -1, dtype=np.int64)
    for held in (people.current[who], people.savings[who]):
        mine = np.flatnonzero(held >= 0)
        owner[held[mine]] = mine
    net = np.zeros(len(who))
    for part in planned:
        inside = (part.ts >= life.settings.start_ns) & (part.ts < life.settings.end_ns)
        counted = inside & ~np.isin(part.purpose, _ZERO_SUM)
        for accounts, sign in ((part.payee, 1.0), (part.payer, -1.0)):
            person = owner[accounts]
            rows = np.flatnonzero(counted & (person >= 0))
            net += sign * np.bincount(person[rows], weights=part.amount[rows], minlength=len(who))
    monthly = net / life.settings.days * _DAYS_PER_MONTH
    # In a short period the chance of a pay day matters more than the income itself.
    weight = min(1.0, life.settings.days / 60.0)
    usual = 0.72 * people.income[who] - people.rent[who]
    plan = (weight * monthly + (1.0 - weight) * usual) * people.thrift[who]
    free: Float1D = np.maximum(plan, _LEAST * people.income[who])
    return free
