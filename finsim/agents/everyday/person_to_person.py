"""Payments between people: friends, private sales, family support, savings, large payments."""

from __future__ import annotations

import numpy as np

from finsim.agents.amount_rounding import exact, notes, rounded
from finsim.agents.calendar.activity_calendar import ACTIVITY
from finsim.agents.calendar.hours_of_day import PROFILE
from finsim.agents.everyday.draft_orders import Draft, Life, Parties, draft, join
from finsim.agents.vocabulary import CHANNEL, PURPOSE
from finsim.notation import NANOS_PER_DAY, Array, Int1D, Nanos1D

# assumption: payments per person and day among friends, by segment.
_FRIENDS = np.array([0.26, 0.16, 0.16, 0.06, 0.13])


def elective_transfers(life: Life, layer: int) -> Draft:
    """Return transfers that people choose to make, of one layer of intensity."""
    rng = life.streams.at("transfers", layer)
    made = join([_friends(life, rng), _goods(life, rng), _big(life, rng), _abroad(life, rng)])
    day = (made.ts - life.settings.start_ns) // 86_400_000_000_000
    factor = life.behaviour.factor(made.purpose, made.channel, np.clip(day, 0, life.settings.days - 1))
    return made.thinned(layer + rng.random(len(made)) < factor)


def _events(life: Life, rate: Array, rng: np.random.Generator) -> tuple[Int1D, Nanos1D]:
    """Return the person and instant of Poisson events at ``rate`` per person and day."""
    people = life.population.people
    who = np.repeat(life.people, rng.poisson(rate * life.settings.days))
    activity = np.full(len(who), ACTIVITY["transfer"])
    day = life.season.sample_days(activity, people.pay_group[who], rng.random(len(who)))
    ts = life.when(PROFILE["transfer"], day, rng.random(len(who)), people.shift[who])
    return who, ts


def _quick_channel(rng: np.random.Generator, size: int) -> Array:
    """Return how people send money to people: mostly instant, some by ACH (assumption)."""
    return np.where(rng.random(size) < 0.82, CHANNEL["instant"], CHANNEL["ach"])


def _friends(life: Life, rng: np.random.Generator) -> Draft:
    """Split bills, presents, debts among acquaintances; some are paid back, or the next bill is the other's.

    assumption: three in twenty are answered, after ten days in the mean, two in five of them by the same sum.
    """
    people, contacts = life.population.people, life.population.contacts
    segment = people.segment[life.people]
    degree = np.minimum(contacts.degree()[life.people] / 7.0, 4.0)
    who, ts = _events(life, _FRIENDS[segment] * np.sqrt(degree) * people.activity[life.people], rng)
    size = len(who)
    payee = contacts.pick(who, rng.random(size))
    value = 4_200 * np.exp(1.25 * rng.standard_normal(size)) * (people.income[who] / 330_000) ** 0.6
    amount = rounded(np.minimum(value, 400_000), rng.random(size), 0.62)
    parties = Parties(people.current[who], payee)
    made = draft(ts, parties, amount, _quick_channel(rng, size), PURPOSE["transfer"])
    return join([made, _answers(life, made, rng)])


def _answers(life: Life, sent: Draft, rng: np.random.Generator) -> Draft:
    """Return payments of friends of this world in the other direction; each is ordered by who was paid."""
    people, settings = life.population.people, life.settings
    owner = np.full(len(life.population.accounts), -1, dtype=np.int64)
    owner[people.current] = np.arange(len(people))
    size = len(sent)
    answered = np.flatnonzero((rng.random(size) < 0.15) & (owner[sent.payee] >= 0))
    who, size = owner[sent.payee[answered]], len(answered)
    day = (sent.ts[answered] - settings.start_ns) // NANOS_PER_DAY + rng.geometric(0.1, size)
    ts = life.when(PROFILE["transfer"], day, rng.random(size), people.shift[who])
    other = rounded(sent.amount[answered] * np.exp(0.7 * rng.standard_normal(size)), rng.random(size), 0.62)
    amount = np.where(rng.random(size) < 0.4, sent.amount[answered], np.minimum(other, 400_000))
    parties = Parties(sent.payee[answered], sent.payer[answered])
    made = draft(ts, parties, amount, _quick_channel(rng, size), PURPOSE["transfer"])
    return made.thinned(life.in_period(day))


def _goods(life: Life, rng: np.random.Generator) -> Draft:
    """Second-hand goods, odd jobs, deposits: paid to strangers of the world or at other banks."""
    people, population = life.population.people, life.population
    rate = np.full(len(life.people), 0.016) * people.activity[life.people]
    who, ts = _events(life, rate, rng)
    size = len(who)
    stranger = people.current[rng.integers(0, len(people), size)]
    outside = rng.choice(population.outside["person"], size)
    shop = population.firms.account[rng.integers(0, len(population.firms), size)]
    whom = rng.random(size)
    payee = np.select([whom < 0.5, whom < 0.65], [stranger, shop], outside)
    amount = rounded(12_000 * np.exp(1.3 * rng.standard_normal(size)), rng.random(size), 0.6)
    code = rng.random(size)
    channel = np.select([code < 0.78, code < 0.95], [CHANNEL["instant"], CHANNEL["ach"]], CHANNEL["wire"])
    return draft(ts, Parties(people.current[who], payee), amount, channel, PURPOSE["goods"])


def _big(life: Life, rng: np.random.Generator) -> Draft:
    """Rare large payments: cars, builders, tuition, deposits, tax (assumption: median 1,500 USD)."""
    people, population = life.population.people, life.population
    who, ts = _events(life, np.full(len(life.people), 0.0075), rng)
    size = len(who)
    means = (people.income[who] / 330_000) ** 0.5
    amount = rounded(150_000 * means * np.exp(1.15 * rng.standard_normal(size)), rng.random(size), 0.7)
    kind = rng.random(size)
    firm = population.firms.account[rng.integers(0, len(population.firms), size)]
    outside = rng.choice(population.outside["person"], size)
    state = population.outside["government"][0]
    stranger = people.current[rng.integers(0, len(people), size)]
    payee = np.select([kind < 0.4, kind < 0.65, kind < 0.8], [firm, outside, stranger], state)
    # Private sellers and firms alike are paid on an invoice or by a plain transfer.
    billed = rng.random(size) < np.where(kind < 0.4, 0.7, 0.3)
    purpose = np.where(billed, PURPOSE["invoice"], PURPOSE["transfer"])
    purpose = np.where(kind < 0.8, purpose, PURPOSE["tax"])
    code = rng.random(size)
    channel = np.select(
        [code < 0.4, code < 0.75, code < 0.88],
        [CHANNEL["instant"], CHANNEL["ach"], CHANNEL["wire"]],
        CHANNEL["cheque"],
    )
    return draft(ts, Parties(people.current[who], payee), amount, channel, purpose)


def _abroad(life: Life, rng: np.random.Generator) -> Draft:
    """Remittances home and purchases on crypto exchanges, each by a small share of people."""
    people, outside = life.population.people, life.population.outside
    sends = rng.random(len(life.people)) < 0.07
    trades = rng.random(len(life.people)) < 0.06
    who, ts = _events(life, 0.035 * sends + 0.05 * trades, rng)
    size = len(who)
    own_trade = np.isin(who, life.people[trades]) & (rng.random(size) < 0.6)
    sender = np.isin(who, life.people[sends])
    to_exchange = own_trade | ~sender
    payee = np.where(
        to_exchange, rng.choice(outside["exchange"], size), rng.choice(outside["remitter"], size)
    )
    amount = rounded(18_000 * np.exp(1.0 * rng.standard_normal(size)), rng.random(size), 0.75)
    purpose = np.where(to_exchange, PURPOSE["investment"], PURPOSE["family"])
    code = rng.random(size)
    channel = np.select([code < 0.65, code < 0.8], [CHANNEL["instant"], CHANNEL["ach"]], CHANNEL["wire"])
    return draft(ts, Parties(people.current[who], payee), amount, channel, purpose)


def standing_transfers(life: Life) -> Draft:
    """Return family support, saving plans and withdrawals from savings."""
    rng = life.streams.at("standing")
    return join([_family(life, rng), _saving(life, rng), _brokers(life, rng), _withdrawals(life, rng)])


def _plan(
    life: Life, who: Int1D, payee: Int1D, amount: Int1D, purpose: int, rng: np.random.Generator
) -> Draft:
    """Return the same transfer every month, on a fixed day, at night."""
    people = life.population.people
    size = len(who)
    day = life.season.monthly(rng.integers(1, 29, size))
    months = len(day)
    ts = life.when(PROFILE["batch"], day.ravel(), np.tile(rng.random(size), months))
    internal = CHANNEL["internal"] if purpose == PURPOSE["savings"] else CHANNEL["ach"]
    parties = Parties(np.tile(people.current[who], months), np.tile(payee, months))
    made = draft(ts, parties, np.tile(amount, months), internal, purpose)
    return made.thinned(life.in_period(day.ravel()))


def _family(life: Life, rng: np.random.Generator) -> Draft:
    people = life.population.people
    mine = life.people[rng.random(len(life.people)) < 0.14]
    payee = life.population.contacts.pick(mine, np.zeros(len(mine)))
    amount = notes(people.income[mine] * np.exp(rng.normal(-2.5, 0.8, len(mine))), 1_000)
    return _plan(life, mine, payee, amount, PURPOSE["family"], rng)


def _saving(life: Life, rng: np.random.Generator) -> Draft:
    people = life.population.people
    held = life.people[people.savings[life.people] >= 0]
    mine = held[rng.random(len(held)) < 0.7]
    amount = notes(people.income[mine] * np.exp(rng.normal(-2.7, 0.8, len(mine))), 1_000)
    return _plan(life, mine, people.savings[mine], amount, PURPOSE["savings"], rng)


def _brokers(life: Life, rng: np.random.Generator) -> Draft:
    people = life.population.people
    mine = life.people[rng.random(len(life.people)) < 0.12]
    payee = rng.choice(life.population.outside["broker"], len(mine))
    amount = notes(people.income[mine] * np.exp(rng.normal(-2.6, 0.9, len(mine))), 2_500)
    return _plan(life, mine, payee, amount, PURPOSE["investment"], rng)


def _withdrawals(life: Life, rng: np.random.Generator) -> Draft:
    """Return moves between savings and current account: once in six weeks (assumption)."""
    people = life.population.people
    held = people.savings[life.people] >= 0
    who, ts = _events(life, 0.022 * held, rng)
    size = len(who)
    amount = rounded(people.income[who] * np.exp(rng.normal(-1.9, 0.9, size)), rng.random(size), 0.9)
    inward = rng.random(size) < 0.6
    current, savings = people.current[who], people.savings[who]
    parties = Parties(np.where(inward, savings, current), np.where(inward, current, savings))
    return draft(ts, parties, exact(amount.astype(np.float64)), CHANNEL["internal"], PURPOSE["savings"])
