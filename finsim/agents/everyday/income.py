"""Income: salaries on pay days, pensions, benefits, tax refunds."""

from __future__ import annotations

import numpy as np

from finsim.agents.amount_rounding import exact, notes, rounded
from finsim.agents.calendar.hours_of_day import PROFILE
from finsim.agents.calendar.paydays import PAY_GROUPS, PAYS_PER_MONTH
from finsim.agents.everyday.draft_orders import Draft, Life, Parties, draft, join
from finsim.agents.population.people import People
from finsim.agents.vocabulary import AFFLUENT, CHANNEL, JOBLESS, PURPOSE, RETIRED, STUDENT
from finsim.notation import Bool1D, Float1D, Int1D
from finsim.randomness import Streams


def incomes(life: Life) -> Draft:
    """Return regular pay of every person, by pay rhythm.

    Salaries come from the employer, state pensions and benefits from the government, which also pays those
    whose salary has stopped. Hourly workers
    (45 %, assumption) have pay that varies by 9 %; the others get the same sum each time.
    """
    people = life.population.people
    who = life.people
    rng, hourly, paid = pay_of(people, who, life.streams)
    parts = []
    for group, name in enumerate(PAY_GROUPS):
        mine = np.flatnonzero(paid & (people.pay_group[who] == group))
        parts.append(_paid(life, who[mine], hourly[mine], name, rng))
    support = _support(life, who[~paid], rng)
    return join(
        [*parts, support, _first_deposits(life, rng), _tax_refunds(life, rng), _private_pensions(life, rng)]
    )


def pay_of(people: People, who: Int1D, streams: Streams) -> tuple[np.random.Generator, Float1D, Bool1D]:
    """Return the stream of incomes after its first draws, by how much each pay varies, and who is paid."""
    rng = streams.at("income")
    hourly = np.where(rng.random(len(who)) < 0.45, 0.09, 0.0)
    # assumption: 60 % of students work; batches of one employer leave within minutes of each other.
    return rng, hourly, (people.segment[who] != STUDENT) | (rng.random(len(who)) < 0.6)


def _paid(life: Life, who: Int1D, hourly: Float1D, group: str, rng: np.random.Generator) -> Draft:
    people, outside = life.population.people, life.population.outside
    due = life.season.pay[group]
    person = np.tile(who, len(due))
    day = np.repeat(due, len(who))
    segment = people.segment[person]
    each = people.income[person] / PAYS_PER_MONTH[PAY_GROUPS.index(group)]
    amount = exact(each * np.exp(np.tile(hourly, len(due)) * rng.standard_normal(len(person))))
    state = outside["government"][0]
    # A salary that has stopped is a benefit on the same day: the order keeps its place and its id.
    local = np.searchsorted(life.people, person)
    stopped = life.jobs.lost(local, day)
    amount = exact(amount * np.where(stopped, life.economy.replaced[day], life.economy.pay[day]))
    jobless = (segment == JOBLESS) | stopped
    payer = np.where((segment == RETIRED) | jobless, state, people.employer[person])
    purpose = np.where(
        segment == RETIRED,
        PURPOSE["pension"],
        np.where(jobless, PURPOSE["benefit"], PURPOSE["salary"]),
    )
    # One employer's batch starts at one time of the night and takes minutes.
    batch = (people.employer[person] * 0.754877666) % 1.0
    ts = life.when(PROFILE["batch"], day, np.clip(batch + 0.01 * rng.random(len(person)), 0.0, 0.9999))
    made = draft(ts, Parties(payer, people.current[person]), amount, CHANNEL["ach"], purpose)
    return made.thinned(~life.jobs.left(local, day))


def _support(life: Life, who: Int1D, rng: np.random.Generator) -> Draft:
    """Return the monthly allowance of students who do not work, from family at another bank."""
    people = life.population.people
    size = len(who)
    day = life.season.monthly(rng.integers(1, 6, size))
    months = len(day)
    payer = np.tile(rng.choice(life.population.outside["person"], size), months)
    amount = np.tile(notes(people.income[who].astype(np.float64), 2_500), months)
    ts = life.when(PROFILE["transfer"], day.ravel(), np.tile(rng.random(size), months))
    parties = Parties(payer, np.tile(people.current[who], months))
    made = draft(ts, parties, amount, CHANNEL["instant"], PURPOSE["family"])
    return made.thinned(life.in_period(day.ravel()))


def _first_deposits(life: Life, rng: np.random.Generator) -> Draft:
    """Return what new customers bring from their old bank on their first day (assumption: a month's pay)."""
    people, accounts = life.population.people, life.population.accounts
    who = life.people
    day = (accounts.opened[people.current[who]] - life.season.dates[0]).astype(np.int64)
    ts = life.when(PROFILE["office"], day, rng.random(len(who)))
    amount = rounded(people.income[who] * np.exp(rng.normal(-0.2, 0.7, len(who))), rng.random(len(who)), 0.8)
    payer = rng.choice(life.population.outside["person"], len(who))
    made = draft(ts, Parties(payer, people.current[who]), amount, CHANNEL["instant"], PURPOSE["transfer"])
    return made.thinned(life.in_period(day))


def _tax_refunds(life: Life, rng: np.random.Generator) -> Draft:
    """Return income-tax refunds in February to May for six in ten (assumption: median 1,700 USD)."""
    people, who = life.population.people, life.people
    mine = who[rng.random(len(who)) < 0.6]
    year = int(str(life.settings.start)[:4])
    due = np.datetime64(f"{year}-02-05") + rng.gamma(2.0, 20.0, len(mine)).astype(np.int64)
    day = life.season.office_day((due - life.season.dates[0]).astype(np.int64))
    day = np.where(due < life.season.dates[0], -1, day)
    amount = exact(170_000 * np.exp(0.8 * rng.standard_normal(len(mine))))
    ts = life.when(PROFILE["batch"], day, rng.random(len(mine)))
    state = life.population.outside["government"][1]
    made = draft(ts, Parties(state, people.current[mine]), amount, CHANNEL["ach"], PURPOSE["tax"])
    return made.thinned(life.in_period(day))


def _private_pensions(life: Life, rng: np.random.Generator) -> Draft:
    """Return monthly private pensions and rental or capital income of retired and affluent people."""
    people, who = life.population.people, life.people
    segment = people.segment[who]
    chance = np.where(segment == RETIRED, 0.45, np.where(segment == AFFLUENT, 0.5, 0.0))
    mine = who[rng.random(len(who)) < chance]
    size = len(mine)
    payer = rng.choice(life.population.outside["insurer"], size)
    amount = notes(people.income[mine] * rng.uniform(0.1, 0.6, size), 100)
    day = life.season.monthly(rng.integers(1, 29, size))
    months = len(day)
    office = life.season.office_day(np.clip(day.ravel(), 0, life.settings.days))
    ts = life.when(PROFILE["batch"], office, np.tile(rng.random(size), months))
    parties = Parties(np.tile(payer, months), np.tile(people.current[mine], months))
    made = draft(ts, parties, np.tile(amount, months), CHANNEL["ach"], PURPOSE["pension"])
    return made.thinned(life.in_period(office) & (day.ravel() >= 0))
