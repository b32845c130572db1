"""Cash: withdrawals at machines and counters, and shop takings paid in."""

from __future__ import annotations

import numpy as np

from finsim.agents.amount_rounding import exact, notes, rounded
from finsim.agents.calendar.activity_calendar import ACTIVITY
from finsim.agents.calendar.hours_of_day import PROFILE
from finsim.agents.calendar.paydays import PAY_GROUPS
from finsim.agents.everyday.draft_orders import Draft, Life, Parties, draft, join
from finsim.agents.vocabulary import CHANNEL, PURPOSE
from finsim.notation import NANOS_PER_DAY, Int1D


def withdrawals(life: Life, layer: int) -> Draft:
    """Return cash withdrawals of one layer: two a month per person, whole 20-dollar notes (assumption)."""
    rng = life.streams.at("cash", layer)
    people = life.population.people
    older = np.where(people.age[life.people] > 55, 1.5, 0.9)
    taste = np.clip(people.activity[life.people], 0.4, 2.5)  # who seldom uses a card pays in notes
    who = np.repeat(life.people, rng.poisson(0.062 * older * taste * life.settings.days))
    size = len(who)
    code = np.full(size, ACTIVITY["cash"])
    day = life.season.sample_days(code, people.pay_group[who], rng.random(size))
    ts = life.when(PROFILE["cash"], day, rng.random(size), people.shift[who] // 2)
    amount = notes(7_500 * np.exp(0.75 * rng.standard_normal(size)) * (people.income[who] / 330_000) ** 0.5)
    account = people.current[who]
    machine = _machine(life, account, rng)
    made = draft(ts, Parties(account, machine), amount, CHANNEL["cash"], PURPOSE["cash"])
    factor = life.behaviour.cash[day] * life.behaviour.channel[CHANNEL["cash"], day]
    return made.thinned(layer + rng.random(size) < factor)


def _machine(life: Life, account: Int1D, rng: np.random.Generator) -> Int1D:
    """Return the cash account of the own bank, or of any bank for three in ten (assumption)."""
    cash = life.population.outside["cash"]
    own = cash[life.population.accounts.bank[account] - 1]
    other = cash[rng.integers(0, len(cash), len(account))]
    return np.where(rng.random(len(account)) < 0.3, other, own)


def deposits(life: Life) -> Draft:
    """Return cash paid in: by some people now and then, by most shops once or several times a week."""
    rng = life.streams.at("deposits")
    return join([_people(life, rng), _takings(life, rng)])


def _people(life: Life, rng: np.random.Generator) -> Draft:
    """Tips, odd jobs, sales for cash: one person in twelve twice a month, all others rarely (assumption)."""
    people = life.population.people
    often = rng.random(len(life.people)) < 0.08
    who = np.repeat(life.people, rng.poisson(np.where(often, 0.07, 0.0025) * life.settings.days))
    size = len(who)
    code = np.full(size, ACTIVITY["cash"])
    day = life.season.office_day(life.season.sample_days(code, people.pay_group[who], rng.random(size)))
    ts = life.when(PROFILE["cash"], day, rng.random(size))
    amount = rounded(32_000 * np.exp(1.1 * rng.standard_normal(size)), rng.random(size), 0.85)
    account = people.current[who]
    parties = Parties(_machine(life, account, rng), account)
    return draft(ts, parties, amount, CHANNEL["cash"], PURPOSE["cash"]).thinned(life.in_period(day))


def _takings(life: Life, rng: np.random.Generator) -> Draft:
    """Shops' cash takings: log-normal around a share of the turnover since the last visit (assumption)."""
    firms = life.population.firms
    mine = life.firms[firms.sells[life.firms] | (rng.random(len(life.firms)) < 0.2)]
    visits = rng.choice(np.array([1, 1, 2, 3, 5]), len(mine))
    who = np.repeat(np.arange(len(mine)), rng.poisson(visits * life.settings.days / 7.0))
    size = len(who)
    group = np.full(size, PAY_GROUPS.index("weekly"))
    code = np.full(size, ACTIVITY["office"])
    day = life.season.office_day(life.season.sample_days(code, group, rng.random(size)))
    ts = life.when(PROFILE["office"], day, rng.random(size))
    share = firms.turnover[mine[who]] * 0.14 * 12 / 52 / visits[who]
    amount = exact(notes(share * np.exp(0.45 * rng.standard_normal(size)), 500).astype(np.float64))
    account = firms.account[mine[who]]
    parties = Parties(_machine(life, account, rng), account)
    made = draft(ts, parties, amount, CHANNEL["cash"], PURPOSE["cash"])
    return made.thinned(
        (day < life.settings.days) & (ts < life.settings.start_ns + life.settings.days * NANOS_PER_DAY)
    )
