"""Schemes in a learned world: on its days and hours, in its money, by its channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Population
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CHANNEL
from finsim.engine.injection.ledger_clock import LedgerClock
from finsim.engine.learned_payments.entity_facts import EntityFacts
from finsim.engine.learned_payments.payment_words import AT_SHOPS, BETWEEN_ACCOUNTS
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.notation import NANOS_PER_DAY, Int1D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

# Middle payments of the world that narratives are written for, minor units: at shops, and between accounts
# (measured on 1,000 simulated accounts over 30 days).
_AT_SHOPS, _BETWEEN = 2_000.0, 10_800.0
_GRAINS = (10_000, 5_000, 1_000, 500, 100, 50, 10, 5)
_NEARLY_ALL = 0.95


def money_scale(facts: EntityFacts, ledger: PaymentLedger) -> float:
    """Return what the sums of narratives are multiplied by: middle payment of the ledger over theirs."""
    if not len(facts.amounts):
        return 1.0
    return float(np.median(facts.amounts)) / (_AT_SHOPS if ledger.has_shops else _BETWEEN)


def learned_clock(facts: EntityFacts, ledger: PaymentLedger, settings: Settings, total: int) -> LedgerClock:
    """Return the days and hours at which a learned world pays."""
    hours = np.maximum(facts.hours, 0).astype(np.float64)
    busy = facts.daily[facts.daily > 0]
    usual = float(np.median(busy)) if len(busy) else 1.0
    starts = np.concatenate(
        [facts.own_start, np.full(total - len(facts.need), facts.own_start[-1])]
    )  # accounts outside have no times of their own
    times = facts.times if len(facts.times) else np.zeros(1, dtype=np.int64)
    return LedgerClock(
        settings, facts.daily / usual, hours / max(float(hours.mean()), 1e-9), times, starts, facts.own,
        ledger.is_daily,
    )  # fmt: skip


def learned_scheme_orders(
    world: tuple[Population, EntityFacts, PaymentLedger],
    narratives: Sequence[Narrative],
    settings: Settings,
    streams: Streams,
    drivers: Drivers,
) -> tuple[Orders, SchemePlan]:
    """Return the planned payments of all schemes and the plan behind them, as the ledger writes payments.

    Narratives speak of the money of the simulated world: they are planned with tickets, balances and limits
    in that money, and then all sums are moved by one factor and cut to the ledger's roundness. Channels that
    the ledger does not have become its own. Raises as ``scheme_orders`` does.
    """
    population, facts, ledger = world
    scale = money_scale(facts, ledger)
    clock = learned_clock(facts, ledger, settings, len(population.accounts))
    orders, plan = scheme_orders(
        _in_story_money(population, scale), narratives, settings, streams, drivers, clock
    )
    grain = _grain(facts.amounts)
    steps = plan.steps._replace(
        low=_scaled(plan.steps.low, scale, 1), high=_scaled(plan.steps.high, scale, 1),
        step=np.maximum(_scaled(plan.steps.step, scale, grain), grain),
    )  # fmt: skip
    spent = _scaled(plan.spent_limit, scale, 1)
    amount = np.where(
        orders.amount > 0, np.maximum(_scaled(orders.amount, scale, grain), grain), orders.amount
    )
    day = orders.ts - orders.ts % NANOS_PER_DAY if ledger.is_daily else orders.ts
    made = replace(orders, ts=day, amount=amount.astype(np.int64), channel=_channels(orders, ledger))
    kept = made.take(np.argsort(made.ts, kind="stable"))
    return kept, replace(plan, steps=steps, spent_limit=spent)


def _in_story_money(population: Population, scale: float) -> Population:
    accounts, firms = population.accounts, population.firms
    return replace(
        population,
        accounts=replace(
            accounts, opening=_scaled(accounts.opening, 1 / scale, 1),
            overdraft=_scaled(accounts.overdraft, 1 / scale, 1),
        ),
        firms=replace(firms, turnover=_scaled(firms.turnover, 1 / scale, 1)),
        merchants=replace(population.merchants, ticket=population.merchants.ticket / scale),
    )  # fmt: skip


def _scaled(sums: Int1D, scale: float, grain: int) -> Int1D:
    return (np.rint(sums * scale / grain) * grain).astype(np.int64)


def _grain(amounts: Int1D) -> int:
    """Return the roundness of nearly all amounts, in minor units."""
    shares = ((one, float((amounts % one == 0).mean()) if len(amounts) else 0.0) for one in _GRAINS)
    return next((one for one, share in shares if share > _NEARLY_ALL), 1)


def _channels(orders: Orders, ledger: PaymentLedger) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """Return the channels, those that the ledger does not have replaced: by its fallback, or its first."""
    has = sorted(CHANNEL[name] for name in ledger.words.channels)
    shop, other = (has[0], has[0]) if has else (CHANNEL[AT_SHOPS], CHANNEL[BETWEEN_ACCOUNTS])
    if CHANNEL[BETWEEN_ACCOUNTS] in has:
        other = CHANNEL[BETWEEN_ACCOUNTS]
    if CHANNEL[AT_SHOPS] in has:
        shop = CHANNEL[AT_SHOPS]
    usual = np.where(orders.merchant >= 0, shop, other)
    if not has and not ledger.has_shops:
        usual = np.full(len(orders), other)
    return np.where(np.isin(orders.channel, has), orders.channel, usual).astype(np.int8)
