"""Payments of firms: supplier payment runs, customer invoices, owners' drawings, taxes, utilities."""

from __future__ import annotations

import numpy as np

from finsim.agents.amount_rounding import exact, rounded
from finsim.agents.calendar.activity_calendar import ACTIVITY
from finsim.agents.calendar.hours_of_day import PROFILE
from finsim.agents.calendar.paydays import PAY_GROUPS
from finsim.agents.everyday.draft_orders import Draft, Life, Parties, draft, join
from finsim.agents.vocabulary import CHANNEL, PURPOSE
from finsim.notation import Array, Int1D


def business(life: Life) -> Draft:
    """Return the payments of a shard's firms."""
    rng = life.streams.at("business")
    return join([_payment_runs(life, rng), _invoices(life, rng), _drawings(life, rng), _overheads(life, rng)])


def _days(life: Life, size: int, rng: np.random.Generator) -> Int1D:
    code, group = np.full(size, ACTIVITY["office"]), np.full(size, PAY_GROUPS.index("weekly"))
    return life.season.sample_days(code, group, rng.random(size))


def _transfer_channel(rng: np.random.Generator, size: int) -> Array:
    code = rng.random(size)
    return np.select(
        [code < 0.62, code < 0.78, code < 0.9],
        [CHANNEL["ach"], CHANNEL["instant"], CHANNEL["wire"]],
        CHANNEL["cheque"],
    )


def _payment_runs(life: Life, rng: np.random.Generator) -> Draft:
    """Suppliers are paid in runs: a few payments within minutes, to standing suppliers for the most part.

    assumption: runs 1 to 3 times a week, 1 + geometric(mean 3) payments each, three in ten suppliers
    bank in the world, one payment in twelve goes to a freelancer, and all cost 62 % of the turnover.
    """
    firms, population = life.population.firms, life.population
    mine = life.firms
    weekly = rng.choice(np.array([1.0, 1.5, 2.0, 3.0]), len(mine))
    run_firm = np.repeat(np.arange(len(mine)), rng.poisson(weekly * life.settings.days / 7.0))
    run_day = _days(life, len(run_firm), rng)
    run_ts = life.when(PROFILE["office"], run_day, rng.random(len(run_firm)))
    sizes = np.minimum(rng.geometric(0.33, len(run_firm)), 14)
    run = np.repeat(np.arange(len(run_firm)), sizes)
    firm = run_firm[run]
    size = len(run)
    step = (rng.exponential(70.0, size) * 1_000).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    elapsed = np.cumsum(step) - np.cumsum(step)[first][run]
    ts = np.minimum(run_ts[run] + elapsed * 1_000_000, life.settings.end_ns - 1_000_000)
    payee = _suppliers(life, firm, rng)
    monthly = firms.turnover[mine[firm]] * 0.62
    each = monthly / (weekly[firm] * 30.4 / 7.0 * 3.0) / np.exp(0.5) * life.economy.trade[life.day_of(ts)]
    amount = rounded(each * np.exp(1.0 * rng.standard_normal(size)), rng.random(size), 0.15)
    payer = population.firms.account[mine[firm]]
    freelance = rng.random(size) < 0.08
    person = population.people.current[rng.integers(0, len(population.people), size)]
    purpose = np.where(freelance, PURPOSE["invoice"], PURPOSE["supplier"])
    parties = Parties(payer, np.where(freelance, person, payee))
    return draft(ts, parties, amount, _transfer_channel(rng, size), purpose)


def _suppliers(life: Life, firm: Int1D, rng: np.random.Generator) -> Int1D:
    """Return who is paid: one of eight standing suppliers of the firm, or now and then a new one."""
    population = life.population
    away, near = population.outside["supplier"], population.firms.account
    shape = (len(life.firms), 8)
    local = rng.random(shape) < 0.3
    standing = np.where(local, rng.choice(near, shape), rng.choice(away, shape))
    size = len(firm)
    chosen = standing[firm, (rng.random(size) ** 2 * 8).astype(np.int64)]
    new = np.where(rng.random(size) < 0.3, rng.choice(near, size), rng.choice(away, size))
    return np.where(rng.random(size) < 0.12, new, chosen)


def _invoices(life: Life, rng: np.random.Generator) -> Draft:
    """Invoices that outside customers pay: they bring the turnover that shop sales do not."""
    firms, population = life.population.firms, life.population
    mine = life.firms
    weekly = np.where(firms.sells[mine], 1.0, rng.choice(np.array([1.5, 3.0, 6.0]), len(mine)))
    who = np.repeat(np.arange(len(mine)), rng.poisson(weekly * life.settings.days / 7.0))
    size = len(who)
    ts = life.when(PROFILE["office"], _days(life, size, rng), rng.random(size))
    share = np.where(firms.sells[mine[who]], 0.06, 0.80)
    each = firms.turnover[mine[who]] * share / (weekly[who] * 30.4 / 7.0) / np.exp(0.6)
    each = each * life.economy.trade[life.day_of(ts)]
    amount = rounded(each * np.exp(1.1 * rng.standard_normal(size)), rng.random(size), 0.15)
    outside = np.concatenate([population.outside["supplier"], population.outside["employer"]])
    payer = outside[rng.integers(0, len(outside), size)]
    parties = Parties(payer, firms.account[mine[who]])
    return draft(ts, parties, amount, _transfer_channel(rng, size), PURPOSE["invoice"])


def _drawings(life: Life, rng: np.random.Generator) -> Draft:
    """Owners pay themselves, twice a month in the mean, together 14 % of the turnover (assumption)."""
    firms, people = life.population.firms, life.population.people
    mine = life.firms
    owner = people.current[rng.integers(0, len(people), len(mine))]
    who = np.repeat(np.arange(len(mine)), rng.poisson(2.0 * life.settings.days / 30.4, len(mine)))
    size = len(who)
    ts = life.when(PROFILE["transfer"], _days(life, size, rng), rng.random(size))
    each = firms.turnover[mine[who]] * 0.07
    amount = rounded(each * np.exp(0.5 * rng.standard_normal(size)), rng.random(size), 0.7)
    parties = Parties(firms.account[mine[who]], owner[who])
    return draft(ts, parties, amount, CHANNEL["instant"], PURPOSE["drawings"])


def _overheads(life: Life, rng: np.random.Generator) -> Draft:
    """Rent, power and tax of firms, once a month each."""
    firms, outside = life.population.firms, life.population.outside
    mine = life.firms
    parts = []
    for name, payees, share, channel in (
        ("rent", outside["landlord"], 0.06, "ach"),
        ("utilities", outside["utility"], 0.02, "direct_debit"),
        ("tax", outside["government"], 0.08, "ach"),
    ):
        size = len(mine)
        day = life.season.monthly(rng.integers(1, 29, size))
        months = len(day)
        ts = life.when(PROFILE["batch"], day.ravel(), np.tile(rng.random(size), months))
        noise = np.exp(0.12 * rng.standard_normal(day.size))
        amount = exact(np.tile(firms.turnover[mine] * share, months) * noise)
        parties = Parties(np.tile(firms.account[mine], months), np.tile(rng.choice(payees, size), months))
        made = draft(ts, parties, amount, CHANNEL[channel], PURPOSE[name])
        parts.append(made.thinned(life.in_period(day.ravel())))
    return join(parts)
