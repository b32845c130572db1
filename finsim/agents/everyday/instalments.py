"""Instalments of the customers' loans of the book: direct debits, paid or returned as the panel says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.agents.calendar.hours_of_day import PROFILE
from finsim.agents.everyday.draft_orders import Draft, Life, Parties, draft
from finsim.agents.vocabulary import CHANNEL, PURPOSE


def instalments(life: Life) -> Draft:
    """Return one direct debit for each customer's loan and month of the period.

    A month in which the panel counts the instalment as missed has a debit that comes back, whatever is on
    the account; arrears that are made good are paid with the month's own instalment.
    """
    courses, people = life.courses, life.population.people
    assert courses is not None
    rng = life.streams.at("instalments")
    size = len(courses)
    months: int = courses.paid.shape[1]
    lender = rng.choice(life.population.outside["lender"], size)
    offset, hour = rng.integers(0, 28, size), rng.random(size)
    day = (life.months[None, :months] + offset[:, None]).ravel()
    times = np.repeat(np.arange(size), months)
    paid, missed = courses.paid.ravel(), courses.missed.ravel()
    made = draft(
        life.when(PROFILE["batch"], day, hour[times]),
        Parties(people.current[courses.person[times]], lender[times]),
        courses.payment[times] * np.maximum(paid, 1),
        CHANNEL["direct_debit"],
        PURPOSE["loan"],
    )
    return replace(made, returned=missed).thinned(life.in_period(day) & ((paid > 0) | missed))
