"""The population of a world: customers, accounts, merchants, firms and external accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from finsim.agents.population.contacts import Contacts, build_contacts
from finsim.agents.population.merchants import Firms, Merchants, build_firms, build_merchants, towns
from finsim.agents.population.people import People, build_people, employ
from finsim.agents.population.shop_popularity import Catchment, build_catchment
from finsim.agents.population.shopping_habits import expected_sales, expected_visits
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import BUSINESS, CARD, CURRENT, EXTERNAL, MERCHANT, OUTSIDE, SAVINGS
from finsim.notation import Array, Bool1D, Cents1D, Dates1D, Float1D, Int1D
from finsim.randomness import Streams

# assumption: shares of customers by type; firms are a tenth of customers, and most of them sell to people.
_TYPE_SHARES = (0.910, 0.035, 0.055)
_PERSON, _BUSINESS, _MERCHANT = range(3)
_USUAL = 0.015


@dataclass(frozen=True)
class Accounts:
    """One array element per account: shape [A]; the banks' own accounts first, outside accounts last.

    ``account_id`` is a random label without meaning; ``bank`` 1..banks, 0 outside; ``kind`` code of
    ``vocabulary.KINDS``; ``opening`` and ``overdraft`` minor units; ``opened`` datetime64[D].
    """

    account_id: Int1D
    customer_id: Int1D
    bank: Array
    kind: Array
    opening: Cents1D
    overdraft: Cents1D
    opened: Dates1D

    def __len__(self) -> int:
        """Return the number of accounts, outside ones included."""
        return len(self.account_id)

    @property
    def external(self) -> Bool1D:
        """Return which accounts stand outside the ledger's limits: bool [A]."""
        outside: Bool1D = self.kind == EXTERNAL
        return outside


@dataclass(frozen=True)
class Population:
    """All accounts and who stands behind them; positions in ``accounts`` are the keys everywhere.

    ``outside[name]`` holds the positions of the outside accounts of one sort (``vocabulary.OUTSIDE``);
    ``cash`` and ``fees`` have one account per bank, in bank order.
    """

    accounts: Accounts
    people: People
    firms: Firms
    merchants: Merchants
    outside: Mapping[str, Array]
    contacts: Contacts
    catchment: Catchment

    @cached_property
    def usual(self) -> Int1D:
        """What the holder of each account usually pays at once, minor units; 0 where nothing is known.

        Own: 1.5 % of a month's income or turnover. In a simulated world the median transfer between people is
        45 at a median income of 3,300.
        """
        found = np.zeros(len(self.accounts), dtype=np.int64)
        for held in (self.people.current, self.people.savings, self.people.card):
            mine = held >= 0
            found[held[mine]] = np.rint(_USUAL * self.people.income[mine])
        found[self.firms.account] = np.rint(_USUAL * self.firms.turnover)
        return found


@dataclass(frozen=True)
class _Layout:
    """Which customer holds which account: types per customer, first account, savings and card."""

    type: Array
    first: Array
    savings: Array
    card: Array
    used: int


def build_population(settings: Settings, streams: Streams) -> Population:
    """Return the population of a study: the same for equal (settings, seed), whatever the scenario."""
    streams = streams.under("agents", "population")
    layout = _lay_out(settings, streams.at("layout"))
    outside_sizes = _outside_sizes(settings)
    people_rows = np.flatnonzero(layout.type == _PERSON)
    outside = _number_outside(outside_sizes, settings.accounts)
    firm_rows = np.flatnonzero(layout.type != _PERSON)
    firms = build_firms(
        layout.first[firm_rows], layout.type[firm_rows] == _MERCHANT, settings, streams.at("firms")
    )
    merchants = build_merchants(firms, outside["merchant"], settings, streams.at("merchants"))
    holdings = (layout.first[people_rows], layout.savings[people_rows], layout.card[people_rows])
    people = build_people(holdings, settings, streams.at("people"))
    catchment = build_catchment(merchants, towns(settings))
    visits = expected_visits(len(merchants), catchment, people.town)
    firms = _with_sales(firms, merchants, expected_sales(merchants, visits))
    # Before, popularity compares shops of one category; from here on those of all.
    merchants = replace(merchants, popularity=visits)
    people = employ(people, outside["employer"], firms, streams.at("employers"))
    accounts = _accounts(layout, people, firms, outside, settings, streams)
    contacts = build_contacts(people, outside["person"], streams.at("contacts"))
    return Population(accounts, people, firms, merchants, outside, contacts, catchment)


def _with_sales(firms: Firms, merchants: Merchants, sales: Float1D) -> Firms:
    """Return the firms with a merchant's turnover set to its shop sales and a quarter more."""
    turnover = firms.turnover.copy()
    mine = merchants.firm >= 0
    turnover[merchants.firm[mine]] = np.rint(1.25 * sales[mine]).astype(np.int64) + 200_000
    return replace(firms, turnover=turnover)


def _lay_out(settings: Settings, rng: np.random.Generator) -> _Layout:
    """Fill exactly ``settings.accounts`` places, customer by customer."""
    total = settings.accounts
    kind = rng.choice(3, size=total, p=_TYPE_SHARES).astype(np.int8)
    # Small worlds must still have firms and merchants to pay.
    kind[:6] = (_PERSON, _BUSINESS, _MERCHANT, _MERCHANT, _BUSINESS, _MERCHANT)
    # assumption: 32 % of people hold savings and 40 % a credit card at the study's banks.
    savings = (rng.random(total) < 0.32) & (kind == _PERSON)
    card = (rng.random(total) < 0.40) & (kind == _PERSON)
    size = 1 + savings + card
    end = np.cumsum(size)
    count = int(np.searchsorted(end, total, side="left")) + 1
    first = (end - size)[:count]
    savings_at = np.where(savings[:count], first + 1, -1)
    card_at = np.where(card[:count], first + 1 + savings[:count], -1)
    savings_at[savings_at >= total] = -1
    card_at[card_at >= total] = -1
    return _Layout(kind[:count], first, savings_at, card_at, count)


def _outside_sizes(settings: Settings) -> dict[str, int]:
    """Return how many outside accounts of each sort there are (assumption: by size of the world)."""
    size, banks = settings.accounts, settings.banks
    return {
        "employer": max(8, size // 150),
        "landlord": max(6, size // 100),
        "utility": 12 + size // 5_000,
        "insurer": 6,
        "lender": 6,
        "government": 2,
        "supplier": max(10, size // 120),
        "person": max(60, size // 6),
        "exchange": 4,
        "remitter": 4,
        "broker": 4,
        "merchant": max(50, size // 60),
        "cash": banks,
        "fees": banks,
    }


def _number_outside(sizes: Mapping[str, int], first: int) -> dict[str, Array]:
    ends = np.cumsum([sizes[name] for name in OUTSIDE]) + first
    starts = [first, *ends[:-1]]
    return {
        name: np.arange(start, end, dtype=np.int64)
        for name, start, end in zip(OUTSIDE, starts, ends, strict=True)
    }


def _accounts(
    layout: _Layout,
    people: People,
    firms: Firms,
    outside: Mapping[str, Array],
    settings: Settings,
    streams: Streams,
) -> Accounts:
    inside = settings.accounts
    total = inside + sum(len(rows) for rows in outside.values())
    kind = np.full(total, EXTERNAL, dtype=np.int8)
    kind[people.current] = CURRENT
    kind[people.savings[people.savings >= 0]] = SAVINGS
    kind[people.card[people.card >= 0]] = CARD
    kind[firms.account] = np.where(firms.sells, MERCHANT, BUSINESS)
    customer = np.zeros(total, dtype=np.int64)
    customer[:inside] = np.searchsorted(layout.first, np.arange(inside), side="right") - 1
    customer[inside:] = layout.used + np.arange(total - inside)
    bank = _banks(customer[:inside], kind[:inside], settings, streams.at("banks"))
    bank = np.concatenate([bank, np.zeros(total - inside, dtype=np.int32)])
    for name in ("cash", "fees"):
        bank[outside[name]] = np.arange(1, settings.banks + 1)
    opened = _opened(kind, customer, settings, streams.at("opened"))
    opening, overdraft = _balances(kind, people, firms, streams.at("balances"))
    opening[opened >= np.datetime64(settings.start)] = 0
    labels = streams.at("labels").permutation(total).astype(np.int64)
    return Accounts(100_001 + labels, 500_001 + customer, bank, kind, opening, overdraft, opened)


def _banks(customer: Int1D, kind: Array, settings: Settings, rng: np.random.Generator) -> Array:
    """Give each customer a main bank; one in five further accounts is held elsewhere (assumption)."""
    weight = 1.0 / (np.arange(settings.banks) + 2.0)
    weight /= weight.sum()
    main = rng.choice(settings.banks, size=int(customer.max()) + 1, p=weight)
    other = rng.choice(settings.banks, size=len(customer), p=weight)
    elsewhere = (rng.random(len(customer)) < 0.2) & ((kind == SAVINGS) | (kind == CARD))
    chosen = np.where(elsewhere, other, main[customer])
    return (chosen + 1).astype(np.int32)


def _opened(kind: Array, customer: Int1D, settings: Settings, rng: np.random.Generator) -> Dates1D:
    """Return opening dates: exponential tenure, and a share opened inside the period (assumption).

    Mean tenure 6 years, at most 40; new accounts arrive at 10 % a year; savings and cards follow the
    main account.
    """
    count = len(kind)
    start = np.datetime64(settings.start)
    tenure = 1 + np.minimum(rng.exponential(2_190.0, count), 14_600.0).astype(np.int64)
    fresh = rng.random(count) < 0.10 * settings.days / 365.0
    inside = rng.integers(0, settings.days, count)
    further = (kind == SAVINGS) | (kind == CARD)
    main = np.where(further, np.searchsorted(customer, customer), np.arange(count))
    since = np.where(fresh, -inside, tenure)
    share = rng.random(count)
    follow = np.where(since[main] > 0, 1 + (since[main] - 1) * share, since[main]).astype(np.int64)
    since = np.where(further, np.where(fresh & (since[main] > 0), -inside, follow), since)
    since = np.where(kind == EXTERNAL, 3_650, since)
    opened: Dates1D = start - since
    return opened


def _balances(kind: Array, people: People, firms: Firms, rng: np.random.Generator) -> tuple[Cents1D, Cents1D]:
    """Return opening balances and overdraft or credit limits in minor units (all assumption)."""
    count = len(kind)
    opening, limit = np.zeros(count), np.zeros(count)
    income = people.income.astype(np.float64)
    size = len(income)
    opening[people.current] = income * np.exp(rng.normal(-0.15, 0.9, size))
    granted = rng.random(size) < np.where(income > 150_000, 0.68, 0.4)
    limit[people.current] = np.where(granted, np.ceil(income * rng.uniform(0.15, 0.8, size) / 1e4) * 1e4, 0)
    held = people.savings >= 0
    opening[people.savings[held]] = income[held] * np.exp(rng.normal(1.0, 1.2, held.sum()))
    held = people.card >= 0
    lines = np.ceil(income[held] * rng.uniform(1.2, 4.5, held.sum()) / 5e4) * 5e4
    limit[people.card[held]] = lines
    opening[people.card[held]] = -lines * 0.4 * rng.beta(1.2, 3.0, held.sum())
    turnover = firms.turnover.astype(np.float64)
    opening[firms.account] = turnover * np.exp(rng.normal(-0.1, 0.6, len(turnover)))
    limit[firms.account] = np.where(rng.random(len(turnover)) < 0.6, np.ceil(turnover * 0.4 / 1e5) * 1e5, 0)
    return np.rint(opening).astype(np.int64), limit.astype(np.int64)
