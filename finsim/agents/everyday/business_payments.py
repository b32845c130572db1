"""Payments of firms: supplier payment runs, customer invoices, owners' drawings, taxes, utilities."""

from __future__ import annotations

import numpy as np

from finsim.agents.amount_rounding import exact, rounded
from finsim.agents.calendar.hours_of_day import PROFILE
from finsim.agents.everyday.draft_orders import Draft, Life, Parties, draft, join
from finsim.agents.everyday.supplier_payments import office_days, payment_runs, transfer_channel
from finsim.agents.vocabulary import CHANNEL, PURPOSE

_SPREAD = 2.0  # assumption: log-sd of the invoices that customers of a firm pay


def business(life: Life) -> Draft:
    """Return the payments of a shard's firms."""
    rng = life.streams.at("business")
    return join([payment_runs(life), _invoices(life, rng), _drawings(life, rng), _overheads(life, rng)])


def _invoices(life: Life, rng: np.random.Generator) -> Draft:
    """Invoices that outside customers pay: they bring the turnover that shop sales do not."""
    firms, population = life.population.firms, life.population
    mine = life.firms
    weekly = np.where(firms.sells[mine], 1.0, rng.choice(np.array([1.5, 3.0, 6.0]), len(mine)))
    who = np.repeat(np.arange(len(mine)), rng.poisson(weekly * life.settings.days / 7.0))
    size = len(who)
    ts = life.when(PROFILE["office"], office_days(life, size, rng), rng.random(size))
    share = np.where(firms.sells[mine[who]], 0.06, 0.80)
    each = firms.turnover[mine[who]] * share / (weekly[who] * 30.4 / 7.0) / np.exp(_SPREAD**2 / 2)
    each = each * life.economy.trade[life.day_of(ts)]
    amount = rounded(each * np.exp(_SPREAD * rng.standard_normal(size)), rng.random(size), 0.15)
    outside = np.concatenate([population.outside["supplier"], population.outside["employer"]])
    payer = outside[rng.integers(0, len(outside), size)]
    parties = Parties(payer, firms.account[mine[who]])
    return draft(ts, parties, amount, transfer_channel(rng, size), PURPOSE["invoice"])


def _drawings(life: Life, rng: np.random.Generator) -> Draft:
    """Owners pay themselves, twice a month in the mean, together 14 % of the turnover (assumption)."""
    firms, people = life.population.firms, life.population.people
    mine = life.firms
    owner = people.current[rng.integers(0, len(people), len(mine))]
    who = np.repeat(np.arange(len(mine)), rng.poisson(2.0 * life.settings.days / 30.4, len(mine)))
    size = len(who)
    ts = life.when(PROFILE["transfer"], office_days(life, size, rng), rng.random(size))
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
