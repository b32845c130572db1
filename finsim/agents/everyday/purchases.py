"""Purchases in shops and online: how often, where, when, how much, with which card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from finsim.agents.amount_rounding import charmed, notes
from finsim.agents.calendar.hours_of_day import PROFILE
from finsim.agents.everyday.block_draws import BlockDraws
from finsim.agents.everyday.busy_stretches import bunched, stretches
from finsim.agents.everyday.draft_orders import Draft, Life, Parties, draft
from finsim.agents.population.merchants import Merchants
from finsim.agents.population.people import People
from finsim.agents.population.shopping_habits import (
    CHARM,
    CREDIT,
    MEANS,
    RATE,
    SEGMENT_RATE,
    SPREAD,
    TWICE,
    USUAL,
)
from finsim.agents.vocabulary import CATEGORIES, CATEGORY, CHANNEL, PURPOSE
from finsim.notation import NANOS_PER_SECOND, Array, Cents1D, Float1D, Float2D, Int1D, Int2D, Nanos1D

_FAVOURITES = 5
BLOCK_ROWS = 131_072
"""Purchases that are made at once."""


@dataclass(frozen=True)
class Habits:
    """Standing habits of a shard's people, C categories.

    ``rate`` [P, C] per day, ``shops`` [P, C, 5] favourites, ``means`` [P, C] price factors, ``usual``
    [2, P, C, 5] the draws behind the usual price in each favourite, ``busy`` [P, K + 1] busy stretches.
    """

    rate: Float2D
    shops: Int2D
    means: Float2D
    usual: Array
    busy: Float2D


def habits(life: Life, free: Float1D) -> Habits:
    """Draw how often each person buys, in which favourite shops, and how dearly.

    ``free`` is what each person plans to spend in shops, minor units per month.
    """
    rng = life.streams.at("habits")
    people, who = life.population.people, life.people
    count, kinds = len(who), len(CATEGORIES)
    category = np.arange(kinds)[None, :, None]
    town = people.town[who].astype(np.int64)[:, None, None]
    shops = life.population.catchment.draw(category, town, rng.random((count, kinds, _FAVOURITES)))
    rate = RATE[None, :] * SEGMENT_RATE[people.segment[who], None] * people.activity[who, None]
    rate = rate * rng.gamma(3.0, 1 / 3.0, (count, kinds))
    for name in ("online", "digital"):
        rate[:, CATEGORY[name]] *= people.online[who]
    custom = life.streams.at("custom")
    usual = np.stack([custom.standard_normal(shops.shape), custom.random(shops.shape)])
    means, share = _means(life, rate, shops, free)
    rate = rate * share[:, None]
    busy = stretches(rate.sum(axis=1), life.settings.days, life.streams.at("stretches"))
    return Habits(rate, shops, means, usual, busy)


def _means(life: Life, rate: Float2D, shops: Int2D, free: Float1D) -> tuple[Float2D, Float1D]:
    """Return the price factor per person and category that spends the free money, and the share of purchases.

    Prices of necessities move less with it than those of luxuries. Who would still spend more than is free
    buys less often: a share below 1.
    """
    ticket = life.population.merchants.ticket[shops].mean(axis=2) * np.exp(SPREAD[None, :] ** 2 / 2)
    ratio = np.clip(free / (30.4 * (rate * ticket).sum(axis=1)), 0.05, 12.0)
    means: Float2D = ratio[:, None] ** (0.35 + 0.65 * MEANS[None, :])
    spend = 30.4 * (rate * ticket * means).sum(axis=1)
    correction = np.clip(free / spend, 0.2, 4.0)[:, None]
    scaled: Float2D = np.clip(means * correction, 0.25, 6.0)
    spend = 30.4 * (rate * ticket * scaled).sum(axis=1)
    return scaled, np.clip(free / spend, 0.3, 1.0)


def purchases(life: Life, known: Habits, layer: int, rows: int = BLOCK_ROWS) -> Iterator[Draft]:
    """Yield the purchases of one layer of intensity, some people after the others, about ``rows`` at once.

    Layer 0 is ordinary life, more only under stress. The numbers do not depend on ``rows``.
    """
    rng = life.streams.at("shopping", layer)
    counts = rng.poisson(known.rate * life.settings.days)
    left = int(counts.sum())
    draws = BlockDraws(rng, left)
    for first, last in pairwise(_edges(counts.sum(axis=1), rows)):
        kinds = np.arange(first * len(CATEGORIES), last * len(CATEGORIES))
        cell = np.repeat(kinds, counts[first:last].ravel())
        left -= len(cell)
        draws.begin(len(cell))
        yield _bought(life, known, cell, draws, layer, is_last=left == 0)


def _edges(each: Int1D, rows: int) -> list[int]:
    """Return where blocks of people begin and end: a block is full once it has ``rows`` purchases."""
    begun = (np.cumsum(each) - each) // rows
    return [0, *(np.flatnonzero(np.diff(begun)) + 1).tolist(), len(each)]


def _bought(life: Life, known: Habits, cell: Int1D, draws: BlockDraws, layer: int, *, is_last: bool) -> Draft:
    person, category = np.divmod(cell, len(CATEGORIES))
    day, ts = _times(life, known.busy, person, category, draws, is_last)
    shop, place = _shops(life, known, cell, person, category, draws)
    merchants = life.population.merchants
    prices = life.economy.prices[category, day]
    amount = _prices(known, merchants, (cell, category, shop, place), prices, draws)
    day, ts, shop, amount = _twice(life, cell, category, (day, ts, shop, amount), draws)
    payer = _instrument(life, person, category, ts, draws.random())
    remote = draws.random() < merchants.online[shop]
    channel = np.where(remote, CHANNEL["card_not_present"], CHANNEL["card_present"])
    made = draft(ts, Parties(payer, merchants.account[shop], shop), amount, channel, category)
    factor = life.behaviour.factor(category, channel, day) * life.economy.volume[category, day]
    factor *= life.jobs.spending(person, day)
    return made.thinned(layer + draws.random() < factor)


def _times(
    life: Life, busy: Float2D, person: Int1D, category: Int1D, draws: BlockDraws, is_last: bool
) -> tuple[Int1D, Nanos1D]:
    """Return day and instant of each purchase; one in nine follows another purchase of the same trip.

    Blocks end with a person, so what lies beyond one is another's; the last block ends with its last row.
    """
    people = life.population.people
    size = len(person)
    who = life.people[person]
    group = people.pay_group[who]
    day = life.season.sample_days(category, group, bunched(busy, person, draws.random()))
    # Categories lead both lists of activities and of hour profiles, so their codes serve as such.
    shift = people.shift[who] * np.where(MEANS[category] > 0.5, 0.45, 0.8)
    ts = life.when(category, day, draws.random(), shift.astype(np.int64))
    other = np.arange(size) + draws.integers(1, 40)
    inside = np.minimum(other, size - 1)
    joins = (draws.random() < 1 / 9) & (person[inside] == person) & (is_last | (other < size))
    minutes = draws.exponential(22.0) + 2.0
    follow = ts[inside] + (minutes * 60_000).astype(np.int64) * (NANOS_PER_SECOND // 1_000)
    follow = np.minimum(follow, life.settings.end_ns - 1_000_000)
    return np.where(joins, day[inside], day), np.where(joins, follow, ts)


def _twice(
    life: Life,
    cell: Int1D,
    category: Int1D,
    made: tuple[Int1D, Nanos1D, Int1D, Cents1D],
    draws: BlockDraws,
) -> tuple[Int1D, Nanos1D, Int1D, Cents1D]:
    """Return day, instant, shop and amount, some of them those of the next purchase, soon after it.

    The way there and back, another round: in the same shop, for the same sum.
    """
    day, ts, shop, amount = made
    size = len(cell)
    following = np.minimum(np.arange(size) + 1, size - 1)
    is_last = np.arange(size) == size - 1  # of a block, and so of a person
    u = draws.random()
    again = np.flatnonzero((u < TWICE[category]) & (cell[following] == cell) & ~is_last)
    # assumption: an hour and a half later in the mean; below the chance, u over it is uniform.
    hours = 0.05 - 1.5 * np.log(np.maximum(u[again] / TWICE[category[again]], 1e-12))
    second = ts[again + 1] + (hours * 3_600_000).astype(np.int64) * (NANOS_PER_SECOND // 1_000)
    second = np.minimum(second, life.settings.end_ns - 1_000_000)
    shop[again], amount[again] = shop[again + 1], amount[again + 1]
    day[again], ts[again] = life.day_of(second), second
    return day, ts, shop, amount


def _shops(
    life: Life, known: Habits, cell: Int1D, person: Int1D, category: Int1D, draws: BlockDraws
) -> tuple[Int1D, Int1D]:
    """Return the shop of each purchase: a favourite three times in five, else any by popularity.

    With it the place of its usual price, -1 where this purchase is not the usual one.
    """
    u = draws.random()
    slot = (draws.random() ** 2 * _FAVOURITES).astype(np.int64)
    chosen = known.shops.reshape(-1, _FAVOURITES)[cell, slot]
    roam = np.flatnonzero(u > 0.6)
    town = life.population.people.town[life.people[person[roam]]]
    chosen[roam] = life.population.catchment.draw(category[roam], town, (u[roam] - 0.6) / 0.4)
    # In a favourite u / 0.6 is uniform.
    usual = np.where(u < 0.6 * USUAL[category], cell * _FAVOURITES + slot, -1)
    return chosen, usual


def _prices(
    known: Habits,
    merchants: Merchants,
    keys: tuple[Int1D, Int1D, Int1D, Int1D],
    index: Float1D,
    draws: BlockDraws,
) -> Cents1D:
    """Return what each purchase costs: the shop's ticket, the buyer's means, noise and the price index.

    In a favourite shop some purchases are the usual one, at the usual price.
    """
    cell, category, shop, place = keys
    z, u = draws.standard_normal(), draws.random()
    same, usual = np.flatnonzero(place >= 0), known.usual.reshape(2, -1)
    z[same], u[same] = usual[0, place[same]], usual[1, place[same]]
    value = merchants.ticket[shop] * known.means.ravel()[cell] * np.exp(SPREAD[category] * z) * index
    amount = charmed(value, u, CHARM[category])
    fuel = (category == CATEGORY["fuel"]) & (u < 0.3)
    amount[fuel] = notes(value[fuel], 500)
    # assumption: card terminals take 50 cents at least.
    return np.maximum(amount, 50)


def _instrument(life: Life, person: Int1D, category: Int1D, ts: Nanos1D, u: Float1D) -> Array:
    """Return the paying account: the credit card for some of its holders' purchases, else the current one."""
    people: People = life.population.people
    who = life.people[person]
    card = people.card[who]
    opened = life.population.accounts.opened[card].astype("datetime64[ns]").astype(np.int64)
    use = (u < CREDIT[category]) & (card >= 0) & (opened <= ts)
    return np.where(use, card, people.current[who])


def subscriptions(life: Life) -> Draft:
    """Return monthly subscriptions by card: about two per person at a fixed charm price (assumption)."""
    rng = life.streams.at("subscriptions")
    population, who = life.population, life.people
    people = population.people
    counts = rng.poisson(2.2 * np.minimum(people.activity[who] * people.online[who], 3.0))
    person = np.repeat(np.arange(len(who)), counts)
    size = len(person)
    category = np.where(rng.random(size) < 0.6, CATEGORY["digital"], CATEGORY["entertainment"])
    shop = population.catchment.draw(category, people.town[who[person]], rng.random(size))
    price = np.array([299, 499, 799, 999, 1199, 1299, 1499, 1799, 1999, 2499, 3999, 5999])
    amount = price[rng.integers(0, len(price), size)]
    day = life.season.monthly(rng.integers(1, 29, size))
    months = len(day)
    ts = life.when(PROFILE["batch"], day.ravel(), np.tile(rng.random(size), months))
    u = rng.random(size * months)
    payer = _instrument(life, np.tile(person, months), np.tile(category, months), ts, u)
    shops = np.tile(shop, months)
    made = draft(
        ts,
        Parties(payer, population.merchants.account[shops], shops),
        np.tile(amount, months),
        CHANNEL["card_not_present"],
        PURPOSE["subscription"],
    )
    return made.thinned(life.in_period(day.ravel()))
