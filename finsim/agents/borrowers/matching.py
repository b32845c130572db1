"""Which customers the obligors of a loan book are."""

from __future__ import annotations

import numpy as np

from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import JOBLESS
from finsim.notation import Float1D, Int1D
from finsim.randomness import Streams

SHARE = 0.3
"""Share of customers with a loan of the book at most (assumption: as many as have car or student loans)."""


BEARABLE = 0.4
"""Instalments that a customer can bear, over income (assumption): who would pay more banks elsewhere."""


def borrowers(
    population: Population, settings: Settings, income: Float1D, payment: Float1D, streams: Streams
) -> Int1D:
    """Return the customer (position in ``Population.people``) of each obligor, -1 for one who is none.

    ``income``: float64[obligors], what their loans state, of whatever unit; ``payment``: all their
    instalments of a month, minor units of the accounts' currency. Obligors and customers, drawn
    of those who have an income and an account from the first day on, are paired in the order of their
    incomes: the richest with the richest. Where there are more obligors than customers, the rest bank
    elsewhere.
    Source: own.
    """
    people = population.people
    open_first = population.accounts.opened[people.current] <= np.datetime64(settings.start)
    able = np.flatnonzero(open_first & (people.segment != JOBLESS))
    count = min(len(income), int(SHARE * len(people.current)), len(able))
    rng = streams.at("agents", "borrowers")
    chosen = rng.permutation(len(income))[:count]
    customers = rng.permutation(able)[:count]
    found = np.full(len(income), -1, dtype=np.int64)
    rich = chosen[np.argsort(income[chosen], kind="stable")]
    mates = customers[np.argsort(people.income[customers], kind="stable")]
    found[rich] = np.where(payment[rich] <= BEARABLE * people.income[mates], mates, -1)
    return found
