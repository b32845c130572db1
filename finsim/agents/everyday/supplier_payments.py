"""Payment runs of firms to their suppliers: standing prices, repeated sums, a long tail of large invoices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.amount_rounding import exact, price_points, rounded
from finsim.agents.calendar.activity_calendar import ACTIVITY
from finsim.agents.calendar.hours_of_day import PROFILE
from finsim.agents.calendar.paydays import PAY_GROUPS
from finsim.agents.everyday.draft_orders import Draft, Life, Parties, draft
from finsim.agents.vocabulary import CHANNEL, PURPOSE
from finsim.notation import Array, Bool1D, Cents1D, Float2D, Int1D, Int2D

_STANDING = 8
_SHARE = 0.62  # assumption: share of the turnover that suppliers get
# assumption: log-sd of what one supplier of a firm gets beside another, and of an invoice beside the usual.
_SIZES, _NOISE = 2.6, 0.8
# assumption: share of standing suppliers with a fixed price, of these with a round one, and of payments of a
# run that are made twice (two deliveries, two seats, two parcels).
_FIXED, _ROUND, _TWICE = 0.42, 0.36, 0.035


@dataclass(frozen=True)
class Suppliers:
    """Standing suppliers of a shard's firms: shape [F, 8].

    ``account`` who is paid; ``size`` what one invoice of theirs is, of a mean one of the firm's; ``price``
    the standing price in minor units, 0 where every invoice differs.
    """

    account: Int2D
    size: Float2D
    price: Int2D


def payment_runs(life: Life) -> Draft:
    """Suppliers are paid in runs: a few payments within minutes, to standing suppliers for the most part.

    assumption: runs 1 to 3 times a week, 1 + geometric(mean 3) payments each, three in ten suppliers
    bank in the world, one payment in twelve goes to a freelancer.
    """
    rng = life.streams.at("suppliers")
    population, mine = life.population, life.firms
    weekly = rng.choice(np.array([1.0, 1.5, 2.0, 3.0]), len(mine))
    run_firm = np.repeat(np.arange(len(mine)), rng.poisson(weekly * life.settings.days / 7.0))
    run_day = office_days(life, len(run_firm), rng)
    run_ts = life.when(PROFILE["office"], run_day, rng.random(len(run_firm)))
    sizes = np.minimum(rng.geometric(0.33, len(run_firm)), 14)
    run = np.repeat(np.arange(len(run_firm)), sizes)
    firm, size = run_firm[run], len(run)
    step = (rng.exponential(70.0, size) * 1_000).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    elapsed = np.cumsum(step) - np.cumsum(step)[first][run]
    ts = np.minimum(run_ts[run] + elapsed * 1_000_000, life.settings.end_ns - 1_000_000)
    monthly = population.firms.turnover[mine] * _SHARE
    each = monthly / (weekly * 30.4 / 7.0 * 3.0)
    payee, amount = _invoices(
        life, suppliers(life, each, rng), each, firm, life.economy.trade[life.day_of(ts)], rng
    )
    freelance = rng.random(size) < 0.08
    person = population.people.current[rng.integers(0, len(population.people), size)]
    payee = np.where(freelance, person, payee)
    again = (rng.random(size) < _TWICE) & (np.arange(size) > first[run])
    payee, amount = _repeated(again, payee), _repeated(again, amount)
    purpose = np.where(_repeated(again, freelance), PURPOSE["invoice"], PURPOSE["supplier"])
    parties = Parties(population.firms.account[mine[firm]], payee)
    return draft(ts, parties, amount, transfer_channel(rng, size), purpose)


def suppliers(life: Life, each: Array, rng: np.random.Generator) -> Suppliers:
    """Draw the standing suppliers of a shard's firms; ``each`` is a mean invoice of every firm, float64 [F].

    Sizes are such that the mean over a firm's payments stays ``each``.
    """
    away, near = life.population.outside["supplier"], life.population.firms.account
    shape = (len(life.firms), _STANDING)
    local = rng.random(shape) < 0.3
    account = np.where(local, rng.choice(near, shape), rng.choice(away, shape))
    size = np.exp(_SIZES * rng.standard_normal(shape))
    often = np.diff(np.sqrt(np.arange(_STANDING + 1) / _STANDING))  # how the places are drawn
    size /= (size * often).sum(axis=1, keepdims=True)
    usual = (each[:, None] * size).ravel()
    price = np.where(rng.random(usual.size) < _ROUND, price_points(usual), exact(usual))
    price = np.where(rng.random(usual.size) < _FIXED, price, 0)
    return Suppliers(account, size, price.reshape(shape))


def _invoices(
    life: Life, known: Suppliers, each: Array, firm: Int1D, trade: Array, rng: np.random.Generator
) -> tuple[Int1D, Cents1D]:
    """Return who is paid, and how much: a standing supplier of the firm, or now and then a new one."""
    population, size = life.population, len(firm)
    place = (rng.random(size) ** 2 * _STANDING).astype(np.int64)
    away, near = population.outside["supplier"], population.firms.account
    new = np.where(rng.random(size) < 0.3, rng.choice(near, size), rng.choice(away, size))
    is_new = rng.random(size) < 0.12
    noise = np.exp(_NOISE * rng.standard_normal(size) - _NOISE**2 / 2)
    once = np.exp(1.6 * rng.standard_normal(size) - 1.28)  # assumption: a new supplier may be a large one
    share = np.where(is_new, once, known.size[firm, place])
    free = rounded(each[firm] * share * noise * trade, rng.random(size), 0.15)
    price = np.where(is_new, 0, known.price[firm, place])
    amount = np.where(price > 0, exact(price * trade), free)
    return np.where(is_new, new, known.account[firm, place]), amount


def _repeated(again: Bool1D, value: Array) -> Array:
    """Return the values, where it is paid ``again`` those of the entry before."""
    before = np.maximum(np.arange(len(value)) - 1, 0)
    return np.where(again, value[before], value)


def office_days(life: Life, size: int, rng: np.random.Generator) -> Int1D:
    """Return the days on which firms pay and are paid: int64 [size]."""
    code, group = np.full(size, ACTIVITY["office"]), np.full(size, PAY_GROUPS.index("weekly"))
    return life.season.sample_days(code, group, rng.random(size))


def transfer_channel(rng: np.random.Generator, size: int) -> Array:
    """Return how firms send money (assumption)."""
    code = rng.random(size)
    return np.select(
        [code < 0.62, code < 0.78, code < 0.9],
        [CHANNEL["ach"], CHANNEL["instant"], CHANNEL["wire"]],
        CHANNEL["cheque"],
    )
