"""Households: which people of a town live together, and which of them hold an account jointly."""

from __future__ import annotations

import numpy as np

from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.notation import Array, Bool1D, Int1D
from finsim.randomness import Streams
from finsim.records.parties.customers import NO_CUSTOMER

_AT_HOME = 0.5
"""assumption: half of the people live with another customer."""
_JOINT, _YEARS_APART = 0.6, 15
"""assumption: six in ten of those who live together and are at most so many years apart share an account."""


def home_draws(streams: Streams) -> np.random.Generator:
    """Return the stream that says who lives together, at its beginning."""
    return streams.under("agents", "devices").at("homes")


def pairs_at_home(town: Array, rng: np.random.Generator) -> tuple[Int1D, Int1D, Bool1D]:
    """Return pairs of people of one town, first and second, and which of the pairs live together.

    ``rng`` is that of ``home_draws``; ``ordinary_devices`` goes on with it.
    """
    order = np.lexsort((rng.random(len(town)), town))
    first, second = order[: len(order) // 2 * 2 : 2], order[1::2]
    return first, second, (rng.random(len(first)) < _AT_HOME) & (town[first] == town[second])


def households(town: Array, streams: Streams) -> Int1D:
    """Return the household of each person: the position of its first member, int64[P]."""
    first, second, together = pairs_at_home(town, home_draws(streams))
    found = np.arange(len(town))
    found[second[together]] = first[together]
    return found


def joint_holders(population: Population, settings: Settings, streams: Streams) -> Int1D:
    """Return the customer who holds each account beside its owner, ``NO_CUSTOMER`` for none; int64[A].

    A couple shares the current account of one of them, and that one's savings, all opened before the period.
    """
    people, accounts = population.people, population.accounts
    first, second, together = pairs_at_home(people.town, home_draws(streams))
    shares = streams.under("agents", "parties").at("joint").random(len(first)) < _JOINT
    age = people.age.astype(np.int64)
    couple = together & shares & (np.abs(age[first] - age[second]) <= _YEARS_APART)
    first, second = first[couple], second[couple]
    is_old = accounts.opened < np.datetime64(settings.start)
    found = np.full(len(accounts), NO_CUSTOMER, dtype=np.int64)
    for held in (people.current, people.savings):
        account = held[first]
        shared = (account >= 0) & is_old[account] & is_old[people.current[second]]
        found[account[shared]] = accounts.customer_id[people.current[second[shared]]]
    return found
