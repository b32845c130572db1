"""The table of customers: what the simulation knows of the people and firms that hold accounts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.agents.everyday.income import pay_of
from finsim.agents.parties.made_names import country_of, town_column
from finsim.agents.population.households import households
from finsim.agents.population.merchants import ANYWHERE, towns
from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CATEGORY, JOBLESS, RETIRED, STUDENT
from finsim.notation import Array, Bool1D, Dates1D, Int1D
from finsim.randomness import Streams
from finsim.records.columns import coded
from finsim.records.fixed_words import BANDS, CUSTOMER_KINDS, INCOME_BANDS, RISKS, SECTORS, SEGMENTS
from finsim.records.parties.customers import CUSTOMER_SCHEMA, NO_ACCOUNT, NO_HOUSEHOLD, NO_YEAR

_BUSINESS = SECTORS.index("business")
_NEW_DAYS = 365
_RICH, _LARGE = 1_000_000, 10_000_000
_CASH = ("groceries", "restaurants", "fuel", "transport", "entertainment")
# assumption: a point each for less than a year with the bank, no regular work (students, jobless) or a trade
# with much cash, and a monthly income of 10,000 or a turnover of 100,000 units and more; two points are high.


def customers_table(population: Population, settings: Settings, streams: Streams) -> pa.Table:
    """Return the banks' customers in ``CUSTOMER_SCHEMA``, sorted by ``customer_id``.

    The same in every scenario: an employer is the one at the beginning, before anybody loses a job.
    """
    people, firms, accounts = population.people, population.firms, population.accounts
    persons, count = len(people), len(people) + len(firms)
    main = np.concatenate([people.current, firms.account])
    trade = _of_shop(population, population.merchants.category, _BUSINESS)
    employer = np.full(count, NO_ACCOUNT, dtype=np.int64)
    works = _working(population, settings, streams)
    employer[:persons][works] = accounts.account_id[people.employer[works]]
    sector = np.concatenate([np.where(works, _of_employer(population, trade), -1), trade])
    flow = np.concatenate([people.income, firms.turnover])
    since = first_accounts(population)[main]
    whole = {
        "customer_id": accounts.customer_id[main],
        "kind": np.repeat(np.arange(2), (persons, len(firms))),
        "birth_year": np.concatenate(
            [settings.start.year - people.age.astype(np.int64), np.full(len(firms), NO_YEAR)]
        ).astype(np.int32),
        "segment": np.concatenate([people.segment, np.full(len(firms), -1)]),
        "town": np.concatenate([people.town, _of_shop(population, population.merchants.town, ANYWHERE)]),
        "country": np.zeros(count, dtype=np.int64),
        "income_band": np.searchsorted(BANDS, flow / 100, side="right"),
        "household_id": _household_ids(population, streams),
        "employer_account": employer,
        "sector": sector,
        "since": since.astype("datetime64[us]"),
        "kyc_risk": _risk(population, trade, flow, (np.datetime64(settings.start) - since).astype(np.int64)),
    }
    order = np.argsort(whole["customer_id"])
    words = {
        "kind": CUSTOMER_KINDS, "segment": SEGMENTS, "country": (country_of(settings.currency),),
        "income_band": INCOME_BANDS, "sector": SECTORS, "kyc_risk": RISKS,
    }  # fmt: skip
    columns = []
    for field in CUSTOMER_SCHEMA:
        values = whole[field.name][order]
        if field.name == "town":
            columns.append(town_column(values, towns(settings)))
        elif field.name in words:
            columns.append(coded(values, words[field.name]))
        else:
            columns.append(pa.array(values))
    return pa.Table.from_arrays(columns, schema=CUSTOMER_SCHEMA)


def _household_ids(population: Population, streams: Streams) -> Int1D:
    """Return the published household of people, then ``NO_HOUSEHOLD`` for firms."""
    home = households(population.people.town, streams)
    label = streams.under("agents", "parties").at("households").permutation(len(home)).astype(np.int64)
    return np.concatenate([700_001 + label[home], np.full(len(population.firms), NO_HOUSEHOLD)])


def _working(population: Population, settings: Settings, streams: Streams) -> Bool1D:
    """Return who gets a salary at the beginning: bool[P], as ``everyday.income`` pays them."""
    people = population.people
    paid = np.zeros(len(people), dtype=np.bool_)
    shard = np.minimum(people.current // settings.shard_accounts, settings.shards - 1)
    for number in range(settings.shards):
        who = np.flatnonzero(shard == number)
        paid[who] = pay_of(people, who, streams.under("agents", "life", number))[2]
    found: Bool1D = paid & (people.segment != RETIRED) & (people.segment != JOBLESS)
    return found


def _of_shop(population: Population, fact: Array, without: int) -> Int1D:
    """Return a fact of each firm's shop, ``without`` for a firm that has none; int64[F]."""
    shops = population.merchants
    found = np.full(len(population.firms), without, dtype=np.int64)
    mine = shops.firm >= 0
    found[shops.firm[mine]] = fact[mine]
    return found


def _of_employer(population: Population, trade: Int1D) -> Int1D:
    """Return the sector of each person's employer, -1 for one outside the world's banks."""
    sector = np.full(len(population.accounts), -1, dtype=np.int64)
    sector[population.firms.account] = trade
    found: Int1D = sector[population.people.employer]
    return found


def first_accounts(population: Population) -> Dates1D:
    """Return the day on which the owner of each account opened the first one: datetime64[A]."""
    accounts = population.accounts
    owner = accounts.customer_id - accounts.customer_id.min()
    first = np.full(int(owner.max()) + 1, accounts.opened.max())
    np.minimum.at(first, owner, accounts.opened)
    found: Dates1D = first[owner]
    return found


def _risk(population: Population, trade: Int1D, flow: Int1D, days: Int1D) -> Int1D:
    """Return the risk class of people, then firms, by points."""
    segment = population.people.segment
    unsteady = (segment == STUDENT) | (segment == JOBLESS)
    cash = np.isin(trade, [CATEGORY[name] for name in _CASH])
    most = np.repeat([_RICH, _LARGE], (len(segment), len(trade)))
    points = (days < _NEW_DAYS).astype(np.int64) + np.concatenate([unsteady, cash]) + (flow >= most)
    found: Int1D = np.minimum(points, len(RISKS) - 1)
    return found
