"""The table of addresses: where people and firms live and move to; households move together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.agents.parties.customer_facts import first_accounts
from finsim.agents.parties.made_names import NAMES, country_of, place_names, town_column
from finsim.agents.population.households import households
from finsim.agents.population.merchants import towns
from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.notation import Array, Dates1D, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.columns import coded
from finsim.records.parties.addresses import ADDRESS_SCHEMA

_MOVES_A_YEAR = (0.09, 0.04)
"""assumption: moves of a household and of a firm in a year."""
_FROM_AFAR = 0.35
"""assumption: share of the addresses before the period in any town rather than in that of today."""
_WAYS = ("Street", "Lane", "Road", "Avenue", "Close")
_LONGEST = 120
"""assumption: house numbers go so far, the lower ones more often."""
_DISTRICTS = 100
_DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class _Stays:
    """Addresses of dwellings in turn, shape [S], sorted by (dwelling, day); ``end`` NaT for the last one."""

    dwelling: Int1D
    start: Dates1D
    end: Dates1D


@dataclass(frozen=True)
class _Places:
    """Where stays are, shape [S]: codes of town and street, and house number."""

    town: Int1D
    street: Int1D
    number: Array


def addresses_table(population: Population, settings: Settings, streams: Streams) -> pa.Table:
    """Return the addresses in ``ADDRESS_SCHEMA``, sorted by customer and day; the same in every scenario.

    Nobody moves to another town within the period: people buy where they live.
    """
    people, firms = population.people, population.firms
    draws = streams.under("agents", "parties", "addresses")
    dwelling = np.concatenate([households(people.town, streams), len(people) + np.arange(len(firms))])
    main = np.concatenate([people.current, firms.account])
    since = first_accounts(population)[main]
    stays = _stays(dwelling, since, _moves_a_year(population), settings, draws.at("moves"))
    where = _places(stays, _towns(population, settings, draws), settings, draws)
    customer, stay = _of_customers(dwelling, since, stays)
    begin = np.maximum(stays.start[stay], since[customer])
    holder = population.accounts.customer_id[main][customer]
    order = np.lexsort((begin, holder))
    stay, begin = stay[order], begin[order]
    public = 300_001 + draws.at("labels").permutation(len(stays.start)).astype(np.int64)
    columns = [
        pa.array(holder[order]),
        pa.array(public[stay]),
        _streets(where.street[stay]),
        pa.array(where.number[stay]),
        _postcodes(where, stay),
        town_column(where.town[stay], towns(settings)),
        coded(np.zeros(len(order), dtype=np.int32), (country_of(settings.currency),)),
        pa.array(begin.astype("datetime64[us]")),
        pa.array(stays.end[stay].astype("datetime64[us]"), mask=np.isnat(stays.end[stay])),
    ]
    return pa.Table.from_arrays(columns, schema=ADDRESS_SCHEMA)


def _towns(population: Population, settings: Settings, draws: Streams) -> Int1D:
    """Return the town of each customer; firms that sell to no one town have any."""
    shops = population.merchants
    town = draws.at("firms").integers(0, towns(settings), len(population.firms))
    mine = (shops.firm >= 0) & (shops.town >= 0)
    town[shops.firm[mine]] = shops.town[mine]
    return np.concatenate([population.people.town.astype(np.int64), town])


def _moves_a_year(population: Population) -> Float1D:
    return np.repeat(_MOVES_A_YEAR, (len(population.people), len(population.firms)))


def _stays(
    dwelling: Int1D, since: Dates1D, rate: Float1D, settings: Settings, rng: np.random.Generator
) -> _Stays:
    """Draw when each dwelling is left for another, from the first day on which a bank knows of it."""
    held = np.unique(dwelling)
    after = np.datetime64(settings.start, "D") + settings.days
    begin = np.full(len(dwelling), after)
    np.minimum.at(begin, dwelling, since)
    days = (after - begin[held]).astype(np.int64)
    moves = rng.poisson(rate[held] * days / _DAYS_A_YEAR)
    later = np.repeat(begin[held], moves) + (rng.random(moves.sum()) * np.repeat(days, moves)).astype(
        np.int64
    )
    owner = np.concatenate([held, np.repeat(held, moves)])
    start = np.concatenate([begin[held], later])
    order = np.lexsort((start, owner))
    owner, start = owner[order], start[order]
    # Who moves twice on one day, or on the first one, moved once.
    once = np.append(True, (np.diff(owner) > 0) | (np.diff(start).astype(np.int64) > 0))
    owner, start = owner[once], start[once]
    is_last = np.append(owner[1:] != owner[:-1], True)
    end = np.where(is_last, np.datetime64("NaT", "D"), np.append(start[1:], after))
    return _Stays(owner, start, end)


def _places(stays: _Stays, town: Int1D, settings: Settings, draws: Streams) -> _Places:
    """Draw where each stay is: in the town of the period, or in any one where it ended before it."""
    rng, size = draws.at("places"), len(stays.start)
    is_past = ~np.isnat(stays.end) & (stays.end <= np.datetime64(settings.start, "D"))
    afar = (rng.random(size) < _FROM_AFAR) & is_past
    where = np.where(afar, rng.integers(0, towns(settings), size), town[stays.dwelling])
    number = (1 + rng.random(size) ** 2 * _LONGEST).astype(np.int16)
    return _Places(where, rng.integers(0, NAMES * len(_WAYS), size), number)


def _of_customers(dwelling: Int1D, since: Dates1D, stays: _Stays) -> tuple[Int1D, Int1D]:
    """Return pairs of a customer and a stay: those of the dwelling that end after the first account."""
    first = np.searchsorted(stays.dwelling, np.arange(len(dwelling) + 1))
    size = np.diff(first)[dwelling]
    customer = np.repeat(np.arange(len(dwelling)), size)
    stay = np.arange(len(customer)) - np.repeat(np.cumsum(size) - size - first[dwelling], size)
    kept = np.isnat(stays.end[stay]) | (stays.end[stay] > since[customer])
    return customer[kept], stay[kept]


def _streets(street: Int1D) -> pa.DictionaryArray:
    whole, codes = np.unique(street, return_inverse=True)
    names = place_names(NAMES)
    words = [f"{names[one % NAMES]} {_WAYS[one // NAMES]}" for one in whole.tolist()]
    return coded(codes, tuple(words))


def _postcodes(where: _Places, stay: Int1D) -> pa.DictionaryArray:
    """Return the postcodes of stays: a street of a town lies in one district."""
    code = where.town[stay] * _DISTRICTS + where.street[stay] % _DISTRICTS
    whole, codes = np.unique(code, return_inverse=True)
    return coded(codes, tuple(f"{one:05d}" for one in whole.tolist()))
