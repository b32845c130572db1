"""All ordinary payments of one shard, from people and firms, without fraud."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from finsim.agents.borrowers.loan_courses import LoanCourses
from finsim.agents.calendar.activity_calendar import season
from finsim.agents.economy.household_economy import economy, month_days
from finsim.agents.economy.job_loss import jobs, trouble_of
from finsim.agents.everyday.after_purchases import Refunds
from finsim.agents.everyday.bills import bills, card_spending, statements
from finsim.agents.everyday.business_payments import business
from finsim.agents.everyday.cash import deposits, withdrawals
from finsim.agents.everyday.disposable_income import PlannedMoney
from finsim.agents.everyday.draft_orders import Draft, Life
from finsim.agents.everyday.income import incomes, pay_of
from finsim.agents.everyday.instalments import instalments
from finsim.agents.everyday.person_to_person import elective_transfers, standing_transfers
from finsim.agents.everyday.purchases import habits, purchases, subscriptions
from finsim.agents.everyday.waiting_orders import WaitingOrders
from finsim.agents.originals.refund_links import RefundLinks
from finsim.agents.payment_orders import Orders, concatenate
from finsim.agents.population.population import Population
from finsim.agents.scenario_effects import behaviour, order_key
from finsim.agents.settings import Settings
from finsim.kernels.ledger import RETURNED
from finsim.notation import Int1D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

__all__ = ["ORDER_BLOCK", "order_key", "ordinary_orders", "ordinary_slices"]

ORDER_BLOCK = 1 << 40


def ordinary_orders(
    population: Population,
    settings: Settings,
    streams: Streams,
    shard: int,
    drivers: Drivers,
    courses: LoanCourses | None = None,
    links: list[RefundLinks] | None = None,
) -> Orders:
    """Return the ordinary orders of one logical shard, sorted by (ts, order_id): all slices in one."""
    parts = ordinary_slices(population, settings, streams, shard, drivers, courses=courses, links=links)
    return concatenate(list(parts))


def ordinary_slices(
    population: Population,
    settings: Settings,
    streams: Streams,
    shard: int,
    drivers: Drivers,
    aside: Path | None = None,
    courses: LoanCourses | None = None,
    links: list[RefundLinks] | None = None,
) -> Iterator[Orders]:
    """Yield the ordinary orders of one logical shard, a posting slice at a time, sorted by (ts, order_id).

    A pure function of (settings, seed, shard, behaviour and economy of the scenario): orders that a scenario
    does not touch keep id, time, accounts, amount and channel. Ids are ``shard * 2**40`` plus a running
    number that is given out before anything is thinned; orders that a scenario adds come after those of
    layer 0. What is more than memory should hold waits in nameless files of the folder ``aside`` (None: in
    memory). ``courses``: the loans of all customers, as the loan panel of the scenario has them; None where
    no loan of theirs is followed. ``links`` gets what each refund gives back, before the first slice.
    Raises ScenarioError for a behaviour that this world does not have.
    """
    life = _life(population, settings, streams, shard, drivers, courses)
    opened = population.accounts.opened.astype("datetime64[ns]").astype(np.int64)
    first = shard * ORDER_BLOCK
    with WaitingOrders(settings.slices(), aside) as waiting:
        found: list[RefundLinks] = []
        for made in _drafts(life, found):
            waiting.add(_numbered(made, opened, settings, first))
            first += len(made)
        if links is not None:
            links += [one.moved(shard * ORDER_BLOCK) for one in found]
        yield from waiting.slices()


def _drafts(life: Life, links: list[RefundLinks]) -> Iterator[Draft]:
    """Yield all that a shard's people and firms order, by their ids; ``links`` gets the refunds."""
    number = 0
    planned = PlannedMoney(life)
    processes: tuple[Callable[[Life], Draft], ...] = (
        incomes,
        bills,
        subscriptions,
        standing_transfers,
        lambda life: elective_transfers(life, 0),
        lambda life: withdrawals(life, 0),
        deposits,
        *((instalments,) if life.courses is not None else ()),
    )
    # What people plan to spend is what they planned before the scenario: prices in shops stay comparable.
    moved = (incomes, bills, instalments) if life.courses is not None or not life.economy.is_calm else ()
    for process in processes:
        made = process(life)
        planned.watch(process(life.in_calm()) if process in moved else made)
        number += len(made)
        yield made
    known = habits(life, planned.free())
    given_back, by_card = Refunds(life, number), card_spending(life)
    for made in purchases(life, known, 0):
        given_back.watch(made)
        by_card.watch(made)
        yield made
    refunds, found = given_back.draft()
    links.append(found)
    yield refunds
    yield statements(life, by_card)
    yield business(life)
    for layer in range(1, life.behaviour.layers(float(life.economy.volume.max()))):
        yield from purchases(life, known, layer)
        yield elective_transfers(life, layer)
        yield withdrawals(life, layer)


def _life(
    population: Population,
    settings: Settings,
    streams: Streams,
    shard: int,
    drivers: Drivers,
    courses: LoanCourses | None = None,
) -> Life:
    low, high = shard * settings.shard_accounts, (shard + 1) * settings.shard_accounts
    people = population.people

    def inside(accounts: Int1D) -> Int1D:
        found: Int1D = np.flatnonzero((accounts >= low) & (accounts < high))
        return found

    who, own = inside(people.current), streams.under("agents", "life", shard)
    around, months = economy(drivers, settings), month_days(drivers, settings)
    trouble = None
    if courses is not None:
        courses = courses.take(np.flatnonzero(np.isin(courses.person, who)))
        trouble = trouble_of(courses, people, who, months, streams)
    return Life(
        population=population,
        settings=settings,
        season=season(settings),
        behaviour=behaviour(drivers, settings),
        economy=around,
        jobs=jobs(people, who, pay_of(people, who, own)[2], around, streams, trouble),
        streams=own,
        people=who,
        firms=inside(population.firms.account),
        courses=courses,
        months=months,
    )


def _numbered(made: Draft, opened: Int1D, settings: Settings, first: int) -> Orders:
    """Give every draft its id, then drop what was thinned, falls outside, or touches an unopened account."""
    keep = made.keep & (made.ts >= settings.start_ns) & (made.ts < settings.end_ns)
    keep &= (made.payer != made.payee) & (made.ts >= opened[made.payer]) & (made.ts >= opened[made.payee])
    rows = np.flatnonzero(keep)
    kept = made.take(rows)
    return Orders(
        ts=kept.ts,
        payer=kept.payer,
        payee=kept.payee,
        amount=kept.amount,
        channel=kept.channel,
        purpose=kept.purpose,
        merchant=kept.merchant,
        order_id=first + rows.astype(np.int64),
        plan_row=np.where(kept.returned, RETURNED, -1).astype(np.int32),
    )
