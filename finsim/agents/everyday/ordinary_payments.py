"""All ordinary payments of one shard, from people and firms, without fraud."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from finsim.agents.calendar.activity_calendar import season
from finsim.agents.economy.household_economy import economy
from finsim.agents.economy.job_loss import jobs
from finsim.agents.everyday.bills import bills, statements
from finsim.agents.everyday.business_payments import business
from finsim.agents.everyday.cash import deposits, withdrawals
from finsim.agents.everyday.disposable_income import free_money
from finsim.agents.everyday.draft_orders import Draft, Life, join
from finsim.agents.everyday.income import incomes, pay_of
from finsim.agents.everyday.person_to_person import elective_transfers, standing_transfers
from finsim.agents.everyday.purchases import habits, purchases, refunds, subscriptions
from finsim.agents.payment_orders import Orders, by_time
from finsim.agents.population.population import Population
from finsim.agents.scenario_effects import behaviour, order_key
from finsim.agents.settings import Settings
from finsim.notation import Int1D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

__all__ = ["ORDER_BLOCK", "order_key", "ordinary_orders"]

ORDER_BLOCK = 1 << 40


def ordinary_orders(
    population: Population, settings: Settings, streams: Streams, shard: int, drivers: Drivers
) -> Orders:
    """Return the ordinary orders of one logical shard, sorted by (ts, order_id).

    A pure function of (settings, seed, shard, behaviour and economy of the scenario): orders that a
    scenario does not touch keep id, time, accounts, amount and channel. Ids are ``shard * 2**40`` plus a
    running number that is given out before anything is thinned; orders that a scenario adds come after
    those of layer 0.
    Raises ScenarioError for a behaviour that this world does not have.
    """
    life = _life(population, settings, streams, shard, drivers)
    planned = _planned(life)
    # What people plan to spend is what they planned before the scenario: prices in shops stay comparable.
    foreseen = planned if life.economy.is_calm else _planned(life.in_calm())
    known = habits(life, free_money(life, foreseen))
    bought = purchases(life, known, 0)
    base = [*planned, bought, refunds(life, bought), statements(life, bought), business(life)]
    extra: list[Draft] = []
    processes: tuple[Callable[[int], Draft], ...] = (
        lambda layer: purchases(life, known, layer),
        lambda layer: elective_transfers(life, layer),
        lambda layer: withdrawals(life, layer),
    )
    for layer in range(1, life.behaviour.layers(float(life.economy.volume.max()))):
        extra += [process(layer) for process in processes]
    return _number(join(base + extra), population, settings, shard)


def _planned(life: Life) -> list[Draft]:
    return [
        incomes(life),
        bills(life),
        subscriptions(life),
        standing_transfers(life),
        elective_transfers(life, 0),
        withdrawals(life, 0),
        deposits(life),
    ]


def _life(population: Population, settings: Settings, streams: Streams, shard: int, drivers: Drivers) -> Life:
    low, high = shard * settings.shard_accounts, (shard + 1) * settings.shard_accounts

    def inside(accounts: Int1D) -> Int1D:
        found: Int1D = np.flatnonzero((accounts >= low) & (accounts < high))
        return found

    who, own = inside(population.people.current), streams.under("agents", "life", shard)
    around = economy(drivers, settings)
    paid = pay_of(population.people, who, own)[2]
    return Life(
        population=population,
        settings=settings,
        season=season(settings),
        behaviour=behaviour(drivers, settings),
        economy=around,
        jobs=jobs(population.people, who, paid, around, streams),
        streams=own,
        people=who,
        firms=inside(population.firms.account),
    )


def _number(made: Draft, population: Population, settings: Settings, shard: int) -> Orders:
    """Give every draft its id, then drop what was thinned, falls outside, or touches an unopened account."""
    opened = population.accounts.opened.astype("datetime64[ns]").astype(np.int64)
    keep = made.keep & (made.ts >= settings.start_ns) & (made.ts < settings.end_ns)
    keep &= (made.payer != made.payee) & (made.ts >= opened[made.payer]) & (made.ts >= opened[made.payee])
    rows = np.flatnonzero(keep)
    kept = made.take(rows)
    orders = Orders(
        ts=kept.ts,
        payer=kept.payer,
        payee=kept.payee,
        amount=kept.amount,
        channel=kept.channel,
        purpose=kept.purpose,
        merchant=kept.merchant,
        order_id=shard * ORDER_BLOCK + rows.astype(np.int64),
        plan_row=np.full(len(rows), -1, dtype=np.int32),
    )
    return by_time(orders)
