"""Schemes in a learned world: on its days and hours, in its money, by its channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Population
from finsim.agents.schemes.casting_by_activity import Activity
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.settings import Settings
from finsim.agents.statement_rows import Middles
from finsim.agents.vocabulary import CARD
from finsim.engine.injection.ledger_clock import LedgerClock
from finsim.engine.injection.ledger_columns import SINGLE
from finsim.engine.learned_payments.entity_facts import EntityFacts
from finsim.engine.learned_payments.learned_population import AT_HAND
from finsim.engine.learned_payments.life_orders import NOBODY
from finsim.engine.learned_payments.open_shops import with_open_shops
from finsim.engine.learned_payments.ordinary_hours import OrdinaryHours
from finsim.engine.learned_payments.ordinary_rows import OrdinaryRows
from finsim.engine.learned_payments.scheme_channels import scheme_channels
from finsim.engine.learned_payments.scheme_levels import expected_sums, levelled
from finsim.engine.learned_payments.statement_channels import StatementRows
from finsim.engine.learned_payments.story_money import StoryMoney
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.kernels.ledger import OF_AVAILABLE, OF_PREVIOUS, Plan
from finsim.notation import NANOS_PER_DAY, Bool1D, Int1D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

_TAKEN = (0.025, 0.25)
"""Share of what is at hand that a payment of a narrative takes, of a card and of an account (assumption)."""


def learned_clock(facts: EntityFacts, ledger: PaymentLedger, settings: Settings, total: int) -> LedgerClock:
    """Return the days and hours at which a learned world pays."""
    hours = np.maximum(facts.hours, 0).astype(np.float64)
    busy = facts.daily[facts.daily > 0]
    usual = float(busy.mean()) if len(busy) else 1.0
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
    in that money, then every sum becomes the ledger's payment of the same rank, and the sums of a scheme are
    moved together (``scheme_levels``). Roles are cast by what accounts do, merchants among those that are
    paid by purchases; channels and hours become those of the ledger. Raises as ``scheme_orders`` does.
    """
    population, facts, ledger = world
    money = StoryMoney.of(facts, ledger)
    clock = learned_clock(facts, ledger, settings, len(population.accounts))
    spare = _spare(population, facts)
    known = OrdinaryRows.of(ledger)
    activity = Activity(
        facts.rows_out.astype(np.float64), facts.rows_in.astype(np.float64), _able(population, known)
    )
    orders, plan = scheme_orders(
        _in_story_money(population, money, spare), narratives, settings, streams, drivers, clock, activity
    )
    ts = clock.written(orders.ts, plan.steps.scheme[orders.plan_row])
    ts = ts - ts % NANOS_PER_DAY if ledger.is_daily else ts
    made = replace(orders, ts=ts, amount=money.moved(orders.amount))
    kept = made.take(np.argsort(made.ts, kind="stable"))
    steps = _steps(plan, orders, (population, spare), money)
    plan = replace(plan, steps=steps, spent_limit=money.scaled(plan.spent_limit))
    made, plan = levelled(kept, plan, population, money, streams)
    sums = expected_sums(made, plan, population)
    if not ledger.is_daily:
        made = with_open_shops(made, sums, plan, (population.merchants, known), streams)
    channel = scheme_channels(made, sums, len(facts.need), ledger, streams)
    made = replace(made, channel=channel)
    if ledger.is_daily:
        return made, plan
    return OrdinaryHours.of(known).moved((made, plan), len(facts.need), settings, streams)


def _able(population: Population, known: OrdinaryRows) -> Bool1D:
    """Return bool[A], the accounts that schemes are cast from: of others a row of theirs would tell."""
    able = np.ones(len(population.accounts), dtype=np.bool_)
    named = population.merchants.account
    able[named[~known.bought]] = False
    first = len(able) - known.places.total + known.places.named
    able[first : first + len(known.standing)] &= ~known.standing
    return able


def statement_middles(facts: EntityFacts, ledger: PaymentLedger) -> Middles | None:
    """Return the outside accounts of a ledger that knows one side of each row, as often as it has them."""
    if ledger.layout != SINGLE:
        return None
    rows = StatementRows.of(ledger)
    entities, total = len(facts.need), len(facts.rows_out)
    account = np.arange(entities, total)
    named = len(ledger.outside) if ledger.has_shops else 0
    shop = np.where(account < entities + named, account - entities, NOBODY)
    return Middles(account, shop, *rows.counts(), rows.law(is_out=False))


def _spare(population: Population, facts: EntityFacts) -> Int1D:
    """Return what accounts have at hand beyond what their ordinary life needs, half of it: int64[A].

    A stolen card is spent until a share of it is gone, and no single payment is above it, so that ordinary
    life is not declined afterwards: a ledger of cards does not say when the holder pays the bill.
    """
    accounts = population.accounts
    need = np.zeros(len(accounts), dtype=np.int64)
    need[: len(facts.need)] = facts.need
    return np.asarray(np.maximum((accounts.opening + accounts.overdraft - need) // 2, 0))


def _in_story_money(population: Population, money: StoryMoney, spare: Int1D) -> Population:
    accounts, firms = population.accounts, population.firms
    limit = np.where(accounts.kind == CARD, spare, accounts.overdraft)
    return replace(
        population,
        accounts=replace(
            accounts, opening=money.scaled(accounts.opening, back=True),
            overdraft=money.scaled(limit, back=True),
        ),
        firms=replace(firms, turnover=money.scaled(firms.turnover, back=True)),
        merchants=replace(population.merchants, ticket=population.merchants.ticket / money.scale),
    )  # fmt: skip


def _steps(plan: SchemePlan, orders: Orders, known: tuple[Population, Int1D], money: StoryMoney) -> Plan:
    """Return the plan's rows in the ledger's money; ``known``: the population, and what accounts can spare.

    What is taken of an account is a share of what simulated accounts have at hand: balances here hold the
    needs of the whole period.
    """
    population, spare = known
    steps, accounts = plan.steps, population.accounts
    payer = np.zeros(len(steps.mode), dtype=np.int64)
    payer[orders.plan_row] = orders.payer
    held = np.maximum(accounts.opening + accounts.overdraft, 1)[payer]
    taken = np.where(np.arange(len(AT_HAND)) == CARD, *_TAKEN)
    usual = (money.moved((AT_HAND * taken).astype(np.int64)) / taken)[accounts.kind[payer]]
    share = np.where(steps.mode == OF_AVAILABLE, steps.share * np.minimum(usual / held, 1.0), steps.share)
    share = np.where(steps.mode == OF_PREVIOUS, money.ratio(steps.share), share)
    low, high = money.moved(steps.low), money.moved(steps.high)
    most = np.where(accounts.kind[payer] == CARD, spare[payer], 0)
    high = np.where(most > 0, np.where(high > 0, np.minimum(high, most), most), high)
    return steps._replace(
        share=share, low=np.where(high > 0, np.minimum(low, high), low), high=high,
        step=np.maximum(money.scaled(steps.step) // money.grain * money.grain, money.grain),
    )  # fmt: skip
