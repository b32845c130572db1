"""What fraud takes of a study's payments as a function of how often it is tried."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pyarrow as pa

from finsim.agents.borrowers.loan_courses import LoanCourses
from finsim.agents.everyday.ordinary_payments import ordinary_orders
from finsim.agents.ledger_posting import post
from finsim.agents.simulate import sliced
from finsim.credit.panel import panel
from finsim.engine.stages.credit_stage import passed_book
from finsim.engine.stages.customers_with_loans import CustomerLoans, are_customers
from finsim.engine.stages.fraud_losses import FRAUD_LOSS, FraudLosses
from finsim.engine.stages.payment_world import is_learned, payment_world
from finsim.engine.study.study_resolution import Plan, agent_settings, credit_settings
from finsim.errors import StudyError
from finsim.notation import Float1D
from finsim.records.drivers import Drivers

MULTIPLES = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 49.0])
"""Where the metric is tabulated: multiples of the intensity, up to the largest that a scenario may state."""
MOST_DAYS = 20_000_000


def typologies(plan: Plan) -> tuple[str, ...]:
    """Return the names by which a scenario calls the frauds of a study, sorted."""
    stories = [one for one in plan.narratives if one.labels.fraud and not one.decoy]
    return tuple(sorted({name for one in stories for name in one.typology}))


def fraud_losses(plan: Plan) -> Callable[[Drivers], float]:
    """Return the metric of a study as a run measures it, a function of drivers that move fraud alone.

    Ordinary orders are made once and kept. Raises StudyError for a study without frauds of its own, with
    learned payments, and with more account-days than memory should hold.
    """
    settings = agent_settings(plan)
    place = f"study {plan.study.id}"
    if is_learned(plan):
        raise StudyError(
            f"{FRAUD_LOSS}: the payments of this study are learned",
            place=place,
            expected="simulated people: payments without `data:`",
            remedy="ask it of a study with transactions: {accounts: 2000, days: 90}",
        )
    if not typologies(plan):
        raise StudyError(
            f"{FRAUD_LOSS}: the study has no fraud", place=place, expected="a narrative with fraud",
            remedy="add one under transactions.narratives; finsim list narratives",
        )  # fmt: skip
    if settings.accounts * settings.days > MOST_DAYS:
        raise StudyError(
            f"{FRAUD_LOSS}: {settings.accounts:,} accounts over {settings.days} days",
            place=place,
            expected=f"at most {MOST_DAYS:,} account-days, which memory holds",
            remedy="ask it of a part: --scale 0.1",
        )
    world, calm = payment_world(plan, None), plan.drivers["base"]
    courses = loan_courses(plan, passed_book(plan), calm) if are_customers(plan) else None
    ordinary = [
        ordinary_orders(world.population, settings, plan.streams, shard, calm, courses)
        for shard in range(settings.shards)
    ]

    def measured(drivers: Drivers) -> float:
        planned, schemes = world.schemes(plan.narratives, settings, plan.streams, drivers)
        found = FraudLosses()
        posted = post(
            world.population, settings, sliced([*ordinary, planned], settings), schemes, world.middles
        )
        for _ in found.watch(posted):
            pass
        return found.measures().get(FRAUD_LOSS, 0.0)

    return measured


def loan_courses(plan: Plan, tape: list[pa.Table], drivers: Drivers) -> LoanCourses:
    """Return what customers with loans of a book pay, as the credit task hands it to the payments."""
    customers = CustomerLoans(plan, pa.concat_tables(tape), drivers)
    streams, settings = plan.streams.under("credit"), credit_settings(plan)
    for shard, some in enumerate(tape):
        customers.watch(pa.Table.from_batches([panel(some, drivers, streams, settings, shard)]))
    return LoanCourses.from_arrow(customers.table())


def tabulated(measured: Callable[[float], float]) -> Callable[[Float1D], Float1D]:
    """Return the metric over moves of the intensity in percent, straight between ``MULTIPLES``.

    More attempts never take less: the table is made monotone. Below 1 it goes straight to 0.
    """

    @lru_cache(maxsize=1)
    def table() -> Float1D:
        return np.maximum.accumulate([measured(100.0 * (one - 1.0)) for one in MULTIPLES.tolist()])

    def at(moves: Float1D) -> Float1D:
        found: Float1D = np.interp(1.0 + moves / 100.0, np.r_[0.0, MULTIPLES], np.r_[0.0, table()])
        return found

    return at
